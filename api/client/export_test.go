package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/api/client"
)

func exportedLine(index int) string {
	return fmt.Sprintf(`{"index":%d,"logged":"2025-01-01T00:00:00Z","leaf":"AAAA","verdict":"accepted","bodyState":"none","refers":[],"news":1}`+"\n", index)
}

// An export that is not whole is an error, however it ends; a busy server is asked again.
func TestExportIsWhole(t *testing.T) {
	good := exportedLine(0) + exportedLine(1) + exportedLine(2)
	for name, c := range map[string]struct {
		size, body string
		cut        bool
		entries    int
		want       error // nil: it is whole
	}{
		"whole":                 {"3", good, false, 3, nil},
		"cut off":               {"3", exportedLine(0), true, 1, io.ErrUnexpectedEOF},
		"too few":               {"4", good, false, 3, io.ErrUnexpectedEOF},
		"one left out":          {"2", exportedLine(0) + exportedLine(2), false, 1, client.ErrAnswer},
		"half a line":           {"3", exportedLine(0) + exportedLine(1)[:30], false, 1, client.ErrAnswer},
		"a page":                {"3", "<html>", false, 0, client.ErrAnswer},
		"of no size":            {"", good, false, 0, client.ErrAnswer},
		"of another size":       {"9", good, false, 0, client.ErrAnswer},
		"a line without an end": {"3", strings.Repeat(" ", 5<<20), false, 0, errors.New("token too long")},
	} {
		t.Run(name, func(t *testing.T) {
			cl, n := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					w.Header().Set("Retry-After", "0")
					problem(w, 503, "server-busy")
					return
				}
				w.Header().Set("Pledgelog-Tree-Size", c.size)
				io.WriteString(w, c.body)
				if c.cut {
					w.(http.Flusher).Flush()
					panic(http.ErrAbortHandler)
				}
			})
			asked := uint64(0)
			if c.size == "9" {
				asked = 3
			}
			read := 0
			x, err := cl.ExportJSONLines(t.Context(), asked)
			if err == nil {
				for e, failed := range x.Entries() {
					if err = failed; err == nil {
						if int(e.Index) != read {
							t.Errorf("entry %d stands at %d", e.Index, read)
						}
						read++
					}
				}
				x.Close()
			}
			if n.Load() != 2 || read != c.entries {
				t.Errorf("%d requests, %d entries, %v", n.Load(), read, err)
			}
			switch {
			case c.want == nil && err != nil:
				t.Error(err)
			case c.want != nil && !errors.Is(err, c.want) && (err == nil || !strings.Contains(err.Error(), c.want.Error())):
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// Pages are asked for one after the other, and no further than the reader goes.
func TestAllEntries(t *testing.T) {
	entryLine := func(i int) string {
		return fmt.Sprintf(`{"index":%d,"logged":"2025-01-01T00:00:00Z","leaf":"AAAA","verdict":"accepted","bodyState":"none","refers":[],"referredBy":[],"findings":[]}`, i)
	}
	cl, n := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("q") != "a b" || len(q["country"]) != 2 || q.Get("sort") != "oldest" || q.Get("facets") != map[bool]string{true: "kind,year"}[n == 1] {
			t.Errorf("request %d asks %v", n, q)
		}
		switch q.Get("cursor") {
		case "":
			fmt.Fprintf(w, `{"size":3,"asOf":"2025-01-01T00:00:00Z","total":3,"entries":[%s,%s],"next":"x"}`, entryLine(0), entryLine(1))
		case "x":
			fmt.Fprintf(w, `{"size":4,"asOf":"2025-01-01T00:00:00Z","total":3,"entries":[%s]}`, entryLine(2))
		default:
			problem(w, 400, "parameter-malformed")
		}
	})
	ask := client.Query{Text: "a b", Filters: map[string][]string{"country": {"XB", "XC"}}, Oldest: true, Facets: []string{"kind", "year"}}
	read := 0
	for e, err := range cl.AllEntries(t.Context(), ask) {
		if err != nil || int(e.Index) != read {
			t.Fatalf("%v, %v at %d", e, err, read)
		}
		read++
	}
	if read != 3 || n.Load() != 2 {
		t.Errorf("%d entries by %d requests", read, n.Load())
	}
	ask.Cursor = "forged"
	n.Store(0)
	failed := false
	for e, err := range cl.AllEntries(t.Context(), ask) {
		failed = e == nil && err != nil
	}
	if !failed {
		t.Error("a refusal is not told of")
	}
}
