package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store/sqlite"
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

// indexOf is an index that has caught up with a log.
func indexOf(t testing.TB, w *generator.World, dir string) *index.Index {
	t.Helper()
	words, err := sqlite.OpenWords(t.Context(), filepath.Join(t.TempDir(), "words"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { words.Close() })
	x, err := index.Open(t.Context(), index.Config{Origin: w.Options.Origin, Source: log.DirSource(dir), Policy: w.Policy, Words: words, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

// site is the pages over a log.
func site(t testing.TB, w *generator.World, dir string) http.Handler {
	t.Helper()
	h, err := web.New(web.Config{Index: indexOf(t, w, dir), Origin: w.Options.Origin, Logger: slog.New(slog.DiscardHandler)})
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
	w := generator.New(generator.Options{Seed: 11, Lapses: 120, Challengers: 2, Slots: entry.SlotsMonth})
	if err := w.Story(420); err != nil {
		t.Fatal(err)
	}
	everyKind(w)
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

// everyKind logs one statement at least of each kind that a story does not have.
func everyKind(w *generator.World) {
	log := func(st *generator.Statement) *generator.Statement {
		w.Log(st)
		w.Advance(time.Hour)
		return st
	}
	a, b, c, d, e := w.Signatories[0], w.Signatories[1], w.Signatories[2], w.Signatories[3], w.Signatories[4]
	month := entry.FormatTime(w.Now())[:7]
	review := func(days int64) string { return entry.FormatTime(w.Now() + days*86400)[:10] }
	for _, ch := range w.Challengers {
		log(w.Admit(ch))
	}
	log(w.Amend(&entry.Amend{From: entry.FormatTime(w.Now() + 30*86400), ReplyDays: 20}, generator.Amended{}, nil))

	sealed := log(w.Seal(w.Request(a, month, &entry.RequestBody{Agency: "Office Nine", Assist: []string{"keys"}, Country: "XB"}),
		generator.Seal{Member: "agency", Reason: "safety", Review: review(200)}, generator.Seal{Member: "country", Law: "other-statute", Reason: entry.Withheld, Review: review(200)}))
	log(w.OpenText(sealed, "risk-passed", "agency"))
	withheld := log(w.Request(b, month, nil).Withhold(review(90)))
	log(w.Extend(withheld, review(150), "still-forbidden"))
	log(w.OpenText(withheld, "order-lifted"))
	log(w.Erase(withheld, withheld.BodyDigest, entry.BasisCourtOrder, "XA-2025/17"))
	told := w.Request(a, month, nil)
	filed := w.Log(told)
	first := log(w.Decision(filed, "refused", nil))
	log(w.Correct(first, log(w.Decision(filed, "narrowed", nil)), map[string]string{"en": "The first one was not complete."}))

	committed := w.Commit(c, month, nil)
	log(w.Slot(c, entry.SlotPeriodAt(entry.SlotsMonth, w.Now()), committed))
	log(w.Publish(committed))
	asked := log(w.Challenge(w.Challengers[0], a, &entry.Challenge{Entry: told.ID}, nil))
	log(w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, nil))
	log(w.Challenge(w.Challengers[1], a, nil, nil))
	log(w.Rotate(d, generator.Ring{Keys: w.NewKeys("d-new", 1), Threshold: 1}))
	log(w.Standing(e, entry.StandingSuspended, "attestation-missed"))
	log(w.Succeed(d, a))
	log(w.Withdraw(e, map[string]string{"en": "We leave."}))
	w.Advance(24 * time.Hour)
}

// secret stands in a withheld text, and on no page.
const secret = "Unspeakable matters concerning the lighthouse"

// paths lists every page of the sample.
func paths(t testing.TB, w *generator.World) []string {
	out := []string{"/", "/about", "/entries", "/signatories", "/signatories/secretariat", "/entries?kind=request", "/entries?author=" + w.Signatories[0].ID, "/entries?author=nobody"}
	out = append(out, "/signatories/operator")
	for _, a := range append(w.Signatories[:len(w.Signatories):len(w.Signatories)], w.Challengers...) {
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
