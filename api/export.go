package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/index"
)

const typeCSV = "text/csv; charset=utf-8; header=present"

// An exportForm is a form of exports.
type exportForm struct {
	head []byte // before the first row
	rows func(io.Writer) index.Form
}

// exportJSON answers with every entry as a line of JSON.
func (a *API) exportJSON(w http.ResponseWriter, r *http.Request) {
	a.export(w, r, "jsonl", "application/x-ndjson; charset=utf-8", a.jsonForm())
}

// exportCSV answers with every entry as a row of a table.
func (a *API) exportCSV(w http.ResponseWriter, r *http.Request) {
	a.export(w, r, "csv", typeCSV, a.csvForm())
}

func (a *API) jsonForm() exportForm {
	return exportForm{rows: func(out io.Writer) index.Form { return jsonLines{a, out} }}
}

func (a *API) csvForm() exportForm {
	var head bytes.Buffer
	names := newTable(&head)
	names.out.Write(columnNames()) // a buffer takes everything
	names.out.Flush()
	return exportForm{head.Bytes(), func(out io.Writer) index.Form { return newTable(out) }}
}

// export answers with the log as it stood at a size: that of the parameter size, else
// that of now. The same size gives the same bytes, but for texts that were erased since
// (docs/api.md, "Exports"). A connection that is cut is how an error shows after the
// beginning.
func (a *API) export(w http.ResponseWriter, r *http.Request, extension, contentType string, form exportForm) {
	q, err := parameters(r, "size")
	if err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	size, err := pinnedSize(q, s)
	if err != nil {
		a.fail(w, r, err)
		return
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
	if err := form.write(r.Context(), a.paced(w), s, size); err != nil {
		if r.Context().Err() == nil {
			a.log.ErrorContext(r.Context(), "an answer broke off", "path", logPath(r), "error", err.Error())
		}
		panic(http.ErrAbortHandler)
	}
}

// pinnedSize reads the parameter size: a tree size that the snapshot has, and its own
// when it is not there.
func pinnedSize(q url.Values, s *index.Snapshot) (uint64, error) {
	size := s.View().Size
	v := q.Get("size")
	if v == "" {
		return size, nil
	}
	n, ok := parseIndex(v)
	switch {
	case !ok:
		return 0, badParameter("size", "is a number of entries")
	case n > size:
		return 0, refuse(http.StatusNotFound, codeSize, fmt.Sprintf("the log has %d entries as of now, and %d are asked for", size, n))
	}
	return n, nil
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
	out io.Writer
}

// exportJSONOptions: what stands in an entry was read as canonical JSON, in which no name
// comes twice.
var exportJSONOptions = json.JoinOptions(json.Deterministic(true), jsontext.AllowDuplicateNames(true))

func (j jsonLines) Write(e *index.Entry) error {
	err := json.MarshalWrite(j.out, j.api.wireExported(e), exportJSONOptions)
	if err == nil {
		_, err = j.out.Write(lineFeed)
	}
	if err != nil {
		return fmt.Errorf("encode entry %d: %w", e.Index, err)
	}
	return nil
}

func (j jsonLines) Flush() error { return nil }

var lineFeed = []byte("\n")

type table struct {
	out *csv.Writer
	row []string
}

func newTable(out io.Writer) *table {
	t := &table{csv.NewWriter(out), make([]string, len(columns))}
	t.out.UseCRLF = true // RFC 4180
	return t
}

func (t *table) Write(e *index.Entry) error {
	for i, c := range columns {
		t.row[i] = inert(c.cell(e))
	}
	if err := t.out.Write(t.row); err != nil {
		return fmt.Errorf("write entry %d: %w", e.Index, err)
	}
	return nil
}

func (t *table) Flush() error {
	t.out.Flush()
	return t.out.Error()
}
