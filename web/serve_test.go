package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/web"
)

// publish writes a world's log to a directory.
func publish(t testing.TB, w *generator.World) string {
	t.Helper()
	dir := t.TempDir()
	d, err := w.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range w.Logged {
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// site is the pages over a log.
func site(t testing.TB, w *generator.World, dir string) http.Handler {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	x, err := index.Open(t.Context(), index.Config{Origin: w.Options.Origin, Source: log.DirSource(dir), Policy: w.Policy, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := web.New(web.Config{Index: x, Origin: w.Options.Origin, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks for a page.
func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// body asks for a page that is there.
func body(t testing.TB, h http.Handler, path string) string {
	t.Helper()
	w := get(t, h, path)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d", path, w.Code)
	}
	return w.Body.String()
}

// sample is a log with something of everything: a story with lapses, statements
// in several languages, a withheld text, and entries without effect.
func sample(t testing.TB) *generator.World {
	t.Helper()
	w := generator.New(generator.Options{Seed: 11, Lapses: 120})
	if err := w.Story(420); err != nil {
		t.Fatal(err)
	}
	a := w.Signatories[0]
	hidden := w.Request(a, entry.FormatTime(w.Now())[:7], &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: map[string]string{"en": secret}})
	hidden.Review = entry.FormatTime(w.Now() + 90*86400)[:10]
	w.Log(hidden)
	gap := w.Request(a, entry.FormatTime(w.Now())[:7], nil)
	gap.Seq += 3
	w.LogVoid(gap)
	again := w.Pledge(a)
	w.Log(again)
	w.LogVoid(again)
	w.LogLeaf([]byte(`{"logged": 1}`))
	return w
}

// secret stands in a withheld text, and on no page.
const secret = "Unspeakable matters concerning the lighthouse"

// paths lists every page of the sample.
func paths(t testing.TB, w *generator.World) []string {
	out := []string{"/", "/about", "/entries", "/signatories", "/signatories/secretariat", "/entries?kind=request", "/entries?author=" + w.Signatories[0].ID, "/entries?author=nobody"}
	for _, a := range w.Signatories {
		out = append(out, "/signatories/"+a.ID)
	}
	for i, e := range w.Logged {
		if leaf, err := entry.ParseLeaf(e.Leaf); err == nil {
			out = append(out, "/entries/"+leaf.Statement.ID().String())
		} else {
			out = append(out, "/entries/"+strconv.Itoa(i))
		}
	}
	return out
}
