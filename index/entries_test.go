package index_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

func TestListsGiveEveryEntryOnce(t *testing.T) {
	p := story(t, 400)
	all := len(p.world.Logged)
	p.publish(all)
	x := p.caughtUp()
	author := p.world.Signatories[0].ID
	type f = map[index.Facet][]string
	for _, q := range []index.Query{
		{}, {Limit: 7}, {Limit: index.MaxLimit}, {Oldest: true, Limit: 7}, {Filters: f{"author": {author}}, Limit: 3}, {Filters: f{"author": {author}}, Limit: 3, Oldest: true},
		{Filters: f{"kind": {"request"}}}, {Filters: f{"kind": {"request", "decision"}}, Limit: 11},
		{Filters: f{"author": {author}, "kind": {"decision"}}, Limit: 1}, {Filters: f{"author": {"nobody-here"}}},
	} {
		want := 0
		for i := range all {
			e, err := x.EntryAt(t.Context(), uint64(i))
			if err != nil {
				t.Fatal(err)
			}
			fits := q.Filters == nil
			if !fits && e.Verdict.Kind == pledge.Accepted {
				authors, kinds := q.Filters["author"], q.Filters["kind"]
				fits = (authors == nil || slices.Contains(authors, e.Statement.Author)) && (kinds == nil || slices.Contains(kinds, string(e.Statement.Kind)))
			}
			if fits {
				want++
			}
		}
		seen, last := 0, int64(all)
		if q.Oldest {
			last = -1
		}
		var pages []*index.Page
		for {
			page, err := x.Entries(t.Context(), q)
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			if page.Total != uint64(want) {
				t.Fatalf("%+v: total %d, want %d", q, page.Total, want)
			}
			for _, e := range page.Entries {
				if at := int64(e.Index); at == last || (at > last) != q.Oldest {
					t.Fatalf("%+v: entry %d after %d", q, e.Index, last)
				}
				last = int64(e.Index)
				seen++
			}
			pages = append(pages, page)
			if page.Next == "" {
				break
			}
			q.Cursor = page.Next
		}
		if seen != want {
			t.Errorf("%+v: %d entries, want %d", q, seen, want)
		}
		// And back again.
		for i := len(pages) - 1; i > 0; i-- {
			q.Cursor = pages[i].Prev
			page, err := x.Entries(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if ids(page) != ids(pages[i-1]) {
				t.Errorf("%+v: going back from page %d gives %s, want %s", q, i, ids(page), ids(pages[i-1]))
			}
		}
		if pages[0].Prev != "" {
			t.Errorf("%+v: the first page has newer ones", q)
		}
	}
}

func TestRefusesQueriesThatMakeNoSense(t *testing.T) {
	p := story(t, 40)
	p.publish(len(p.world.Logged))
	x := p.caughtUp()
	for _, q := range []index.Query{{Limit: -1}, {Limit: index.MaxLimit + 1}, {Filters: index.By("kind", "rumour")}, {Filters: index.By("author", "Not An Id")},
		{Filters: index.By("country", "xb")}, {Filters: index.By("year", "26")}, {Filters: index.By("status", "fine")}, {Filters: index.By("assist", "A;B")}, {Filters: index.By("mood", "good")},
		{Filters: map[index.Facet][]string{"kind": {}}}, {Facets: []index.Facet{"mood"}}, {Logged: index.Span{From: "2026-13"}}, {Received: index.Span{From: "2026", To: "2025"}},
		{Text: "  ,; "}, {Text: "-"}, {Text: "ab*"}, {Text: "a\x00b"}, {Text: "\xff"}, {Text: strings.Repeat("long ", 101)}, {Text: strings.Repeat("a ", 17)},
		{Cursor: "5"}, {Cursor: "before-"}, {Cursor: "before-007"}, {Cursor: "after--1"}, {Cursor: "before-99999999999999999999"}} {
		if _, err := x.Entries(t.Context(), q); !errors.Is(err, index.ErrQuery) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	// Cursors beyond the log are places too.
	if page, err := x.Entries(t.Context(), index.Query{Cursor: "before-9000000000000000000", Limit: 1}); err != nil || len(page.Entries) != 1 {
		t.Errorf("cursor beyond the log: %v", err)
	}
	if page, err := x.Entries(t.Context(), index.Query{Cursor: "after-9000000000000000000", Limit: 1}); err != nil || len(page.Entries) != 0 {
		t.Errorf("cursor beyond the log: %v", err)
	}
}

func TestEntriesPointToEachOther(t *testing.T) {
	p := story(t, 400)
	all := len(p.world.Logged)
	p.publish(all)
	x := p.caughtUp()
	decisions, pledges := 0, 0
	for i := range all {
		e, err := x.EntryAt(t.Context(), uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		if e.Verdict.Kind != pledge.Accepted {
			continue
		}
		for _, r := range e.Refers {
			to, err := x.Entry(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			back := false
			for _, b := range to.ReferredBy {
				back = back || b.Index == e.Index && b.ID == e.ID
			}
			if !back {
				t.Errorf("entry %d refers to %d, which does not know of it", i, to.Index)
			}
		}
		switch b := e.Statement.Body.(type) {
		case *entry.Decision:
			decisions++
			if e.Subject == nil || e.Subject.ID != b.Request {
				t.Errorf("decision %d: its request is not there", i)
			}
		case *entry.Pledge:
			pledges++
			if len(e.Refers) != 1 || e.Refers[0].Index != 0 {
				t.Errorf("pledge %d refers to %v, want the charter", i, e.Refers)
			}
		}
		if e.Next != nil {
			next, err := x.EntryAt(t.Context(), e.Next.Index)
			if err != nil {
				t.Fatal(err)
			}
			if next.Statement.Prev != e.ID || next.Previous.ID != e.ID {
				t.Errorf("entry %d: the author's next statement is not %d", i, next.Index)
			}
		} else if head, _ := x.Signatory(t.Context(), e.Statement.Author); head.Status.Head != e.ID {
			t.Errorf("entry %d has no next one and is not its author's head", i)
		}
		if name := x.Snapshot().Name(e.Statement.Author); e.Admit != nil && e.Admit.Name != name {
			t.Errorf("entry %d: %q is not %q", i, e.Admit.Name, name)
		}
	}
	if decisions == 0 || pledges == 0 {
		t.Fatalf("%d decisions and %d pledges: too few for this test", decisions, pledges)
	}
}

func TestStatementsWithoutEffect(t *testing.T) {
	p := story(t, 40)
	w, a := p.world, p.world.Signatories[1]
	// It has no effect at first, as a signature lacks, and is logged again whole.
	st := w.Pledge(a)
	whole := w.Pledge(a).Encode()
	whole.Made, st.Made = a.LastMade, a.LastMade
	st.Envelope, whole.Envelope = nil, nil
	st.SignWith(w.NewKey("somebody else"))
	w.LogVoid(st)
	whole.Sign()
	if st.ID != whole.ID {
		t.Fatal("not the same statement")
	}
	first := int(w.Size()) - 1
	w.Log(whole)
	p.publish(len(w.Logged))
	x := p.caughtUp()

	e, err := x.Entry(t.Context(), whole.ID)
	if err != nil {
		t.Fatal(err)
	}
	if e.Index != uint64(first+1) || e.Verdict.Kind != pledge.Accepted || !e.Canonical {
		t.Errorf("the id stands for entry %d (%s), want the accepted one, %d", e.Index, e.Verdict.Kind, first+1)
	}
	void, err := x.EntryAt(t.Context(), uint64(first))
	if err != nil {
		t.Fatal(err)
	}
	if void.Verdict.Kind != pledge.Rejected || void.Canonical || void.Admit != nil || void.Detached != nil || len(void.ReferredBy) != 0 {
		t.Errorf("rejected entry: %+v", void.Verdict)
	}
	page, err := x.Entries(t.Context(), index.Query{Filters: index.By(index.FacetAuthor, a.ID)})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Entries {
		if e.Verdict.Kind != pledge.Accepted {
			t.Errorf("entry %d has no effect and stands in its alleged author's list", e.Index)
		}
	}
}

func TestNoticesDamageAfterwards(t *testing.T) {
	p := story(t, 40)
	all := len(p.world.Logged)
	p.publish(all)
	path := log.EntriesPath(0, all)
	whole := p.files[path]
	x := p.caughtUp()
	p.change(path, bytes.Replace(whole, []byte(`"logged":1`), []byte(`"logged":2`), 1))
	if _, err := x.EntryAt(t.Context(), 0); !errors.Is(err, index.ErrDamaged) {
		t.Errorf("entry of a bundle that was changed: %v", err)
	}
	p.change(path, whole)
	if _, err := x.EntryAt(t.Context(), 0); err != nil {
		t.Errorf("entry of the repaired bundle: %v", err)
	}
}

func TestWithheldBodiesAreNeverRead(t *testing.T) {
	p := story(t, 40)
	w := p.world
	st := w.Request(w.Signatories[0], "2025-03", &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: map[string]string{"en": "This must not be seen."}})
	st.Review = "2026-01-01"
	w.Log(st)
	p.publish(len(w.Logged))
	// Even where an operator puts it beside the log, it is not shown.
	p.change(log.BodyPath(st.BodyDigest), st.Body)
	x := p.caughtUp()
	e, err := x.Entry(t.Context(), st.ID)
	if err != nil {
		t.Fatal(err)
	}
	if e.BodyState != pledge.BodyWithheld || e.Body != nil || e.Detached != nil {
		t.Errorf("a withheld text is given: %s %s", e.BodyState, e.Body)
	}
}
