package api

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/index"
)

// An exportWriter writes one row after the other in some form.
type exportWriter interface {
	write(*index.Entry) error
	flush() error
}

// exportJSON answers with every entry as a line of JSON.
func (a *API) exportJSON(w http.ResponseWriter, r *http.Request) {
	a.export(w, r, "jsonl", "application/x-ndjson; charset=utf-8", func(out *bufio.Writer) exportWriter { return &jsonLines{a, out} })
}

// exportCSV answers with every entry as a row of a table.
func (a *API) exportCSV(w http.ResponseWriter, r *http.Request) {
	a.export(w, r, "csv", "text/csv; charset=utf-8; header=present", func(out *bufio.Writer) exportWriter {
		c := csv.NewWriter(out)
		c.UseCRLF = true // RFC 4180
		c.Write(columnNames())
		return &table{c, make([]string, len(columns))}
	})
}

// export answers with the log as it stood at a size: that of the parameter size, else
// that of now. The same size gives the same bytes, but for texts that were erased since
// (docs/api.md, "Exports"). A connection that is cut is how an error shows after the
// beginning.
func (a *API) export(w http.ResponseWriter, r *http.Request, extension, contentType string, to func(*bufio.Writer) exportWriter) {
	q, err := parameters(r, "size")
	if err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	size := s.View().Size
	if v := q.Get("size"); v != "" {
		n, ok := parseIndex(v)
		if !ok {
			a.fail(w, r, badParameter("size", "is a number of entries"))
			return
		}
		if n > size {
			a.fail(w, r, refuse(http.StatusNotFound, codeSize, fmt.Sprintf("the log has %d entries as of now, and %d are asked for", size, n)))
			return
		}
		size = n
	}
	select {
	case a.exports <- struct{}{}:
		defer func() { <-a.exports }()
	default:
		a.fail(w, r, refuse(http.StatusServiceUnavailable, codeBusy, "the server is writing as many exports as it can"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d.%s"`, fileName(a.cfg.Origin), size, extension))
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Pledgelog-Tree-Size", strconv.FormatUint(size, 10))
	if r.Method == http.MethodHead {
		return
	}
	if err := a.writeExport(w, r, s, size, to); err != nil {
		if r.Context().Err() == nil {
			a.log.ErrorContext(r.Context(), "an answer broke off", "path", logPath(r), "error", err.Error())
		}
		panic(http.ErrAbortHandler)
	}
}

func (a *API) writeExport(w http.ResponseWriter, r *http.Request, s *index.Snapshot, size uint64, to func(*bufio.Writer) exportWriter) error {
	control := http.NewResponseController(w)
	out := bufio.NewWriterSize(w, 64<<10)
	rows := to(out)
	var set time.Time
	for e, err := range s.Rows(r.Context(), size) {
		if err != nil {
			return err
		}
		// Whoever reads on gets on, however long the log is.
		if now := time.Now(); now.Sub(set) > time.Second {
			set = now
			control.SetWriteDeadline(now.Add(a.limits.ReadTime))
		}
		if err := rows.write(e); err != nil {
			return err
		}
	}
	return errors.Join(rows.flush(), out.Flush())
}

// fileName is an origin as a part of a file's name.
func fileName(origin string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, origin)
}

type jsonLines struct {
	api *API
	out *bufio.Writer
}

func (j *jsonLines) write(e *index.Entry) error {
	b, err := json.Marshal(j.api.wireExported(e), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("encode entry %d: %w", e.Index, err)
	}
	j.out.Write(b) // its error is the next one's
	return j.out.WriteByte('\n')
}

func (j *jsonLines) flush() error { return nil }

type table struct {
	out *csv.Writer
	row []string
}

func (t *table) write(e *index.Entry) error {
	for i, c := range columns {
		t.row[i] = inert(c.cell(e))
	}
	if err := t.out.Write(t.row); err != nil {
		return fmt.Errorf("write entry %d: %w", e.Index, err)
	}
	return nil
}

func (t *table) flush() error {
	t.out.Flush()
	return t.out.Error()
}
