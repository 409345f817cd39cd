package generator_test

import (
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

func TestDemo(t *testing.T) {
	w := generator.New(generator.DemoOptions())
	scenes := w.Demo()
	if len(scenes) < 120 || len(w.Signatories) < 8 {
		t.Errorf("%d statements by %d signatories", len(scenes), len(w.Signatories))
	}
	outcomes, withText, last := map[string]int{}, 0, int64(0)
	for i, s := range scenes {
		if s.At <= last {
			t.Errorf("scene %d is not after the one before", i)
		}
		last = s.At
		if s.Statement.Kind == entry.KindDecision {
			of := scenes[s.Answers].Statement
			if of.Kind != entry.KindRequest || of.Author != s.Statement.Author {
				t.Errorf("scene %d answers a %s by %s", i, of.Kind, of.Author)
			}
			outcomes[s.Statement.Statement.Body.(*entry.Decision).Outcome]++
		}
		if s.Statement.Detached != nil {
			withText++
			if _, err := entry.ParseDetached(&s.Statement.Statement, s.Statement.Body); err != nil {
				t.Errorf("scene %d: %v", i, err)
			}
			if unknown := entry.UnknownCodes(&s.Statement.Statement, s.Statement.Detached); len(unknown) > 0 {
				t.Errorf("scene %d: %v", i, unknown)
			}
		}
	}
	if end := generator.DemoEnd.Unix(); last >= end || end-last > 30*86400 {
		t.Errorf("the last statement is %d days before the end", (end-last)/86400)
	}
	for _, want := range []string{"refused", "challenged", "quashed", "upheld", "complied", "narrowed", "pending", "lapsed", "exited", "withdrawn-by-requester", "partly-complied"} {
		if outcomes[want] == 0 {
			t.Errorf("nothing was %s: %v", want, outcomes)
		}
	}

	dir := t.TempDir()
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	state, found := audit(t, w, dir)
	codes := map[entry.Code]int{}
	for _, f := range append(found, state.Promises(generator.DemoEnd.Unix())...) {
		codes[f.Code]++
	}
	// What no leaf shows by itself is found both as of the last one and at the end.
	for code, n := range map[entry.Code]int{pledge.FindAttestationLate: 4, pledge.FindAttestationMissed: 2, pledge.FindContradicted: 2, pledge.FindDecisionOut: 2} {
		if codes[code] != n {
			t.Errorf("%d × %s, want %d", codes[code], code, n)
		}
		delete(codes, code)
	}
	if len(codes) > 0 {
		t.Errorf("also found: %v", codes)
	}
	pending := uint64(0)
	for _, st := range state.Statuses(generator.DemoEnd.Unix()) {
		if st.PledgedAt == nil {
			t.Errorf("%s did not pledge", st.ID)
		}
		pending += st.Outcomes[entry.OutcomePending]
	}
	if pending != 2 {
		t.Errorf("%d requests are pending, want 2", pending)
	}
}
