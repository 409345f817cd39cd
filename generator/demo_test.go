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
	outcomes, kinds, last := map[string]int{}, map[entry.Kind]int{}, int64(0)
	kept, told := 0, 0
	for i, s := range scenes {
		if s.At <= last {
			t.Errorf("scene %d is not after the one before", i)
		}
		last = s.At
		if s.Statement == nil {
			kept++
			continue
		}
		if s.Kept != nil {
			told++
		}
		st := &s.Statement.Statement
		kinds[st.Kind]++
		if b, ok := st.Body.(*entry.Decision); ok {
			outcomes[b.Outcome]++
		}
		if s.Statement.Detached != nil {
			if _, err := entry.ParseDetached(st, s.Statement.Body); err != nil {
				t.Errorf("scene %d: %v", i, err)
			}
			if unknown := entry.UnknownCodes(st, s.Statement.Detached); len(unknown) > 0 {
				t.Errorf("scene %d: %v", i, unknown)
			}
		}
	}
	if kept != 1 || told != 1 {
		t.Errorf("%d requests are kept for a slot, %d told out of one", kept, told)
	}
	for kind, n := range map[entry.Kind]int{
		entry.KindCharter: 1, entry.KindAmend: 1, entry.KindAdmit: 11, entry.KindPledge: 10, entry.KindSlot: 59, entry.KindOpen: 2, entry.KindCorrect: 2,
		entry.KindChallenge: 2, entry.KindReply: 1, entry.KindStanding: 2, entry.KindKeys: 1, entry.KindSucceed: 1, entry.KindErasure: 1, entry.KindDirectory: 0,
	} {
		if kinds[kind] != n {
			t.Errorf("%d × %s, want %d", kinds[kind], kind, n)
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
	for code, n := range map[entry.Code]int{pledge.FindAttestationLate: 4, pledge.FindAttestationMissed: 2, pledge.FindContradicted: 2, pledge.FindDecisionOut: 2, pledge.FindErased: 1, pledge.FindCorrected: 2} {
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
		if st.PledgedAt == nil && st.Admit.Role == entry.RoleSignatory {
			t.Errorf("%s did not pledge", st.ID)
		}
		pending += st.Outcomes[entry.OutcomePending]
	}
	// Two, and the one whose answer stands in a text alone.
	if pending != 3 {
		t.Errorf("%d requests are pending, want 3", pending)
	}
}
