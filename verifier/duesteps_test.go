package verifier_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

func stepOf(t *testing.T, r *verifier.Report, name string) verifier.Step {
	t.Helper()
	var found []verifier.Step
	for _, s := range r.Steps {
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d steps %s", len(found), name)
	}
	if out := text(t, r); !strings.Contains(out, found[0].Text) {
		t.Errorf("the text lacks step %s:\n%s", name, out)
	}
	return found[0]
}

// TestStepsOfPromises: the report says how many directories were recomputed, and how
// many of the periods, slots and challenges there are to judge (protocol section 7).
func TestStepsOfPromises(t *testing.T) {
	w := generator.New(generator.Options{Seed: 12, Signatories: 2, Challengers: 1, Slots: entry.SlotsMonth})
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
	}
	w.Log(w.Admit(w.Challengers[0]))
	a, b := w.Signatories[0], w.Signatories[1]
	w.SetNow(at(2025, 1, 20, 12))
	e := w.Request(a, "2025-01", nil)
	w.Log(e)
	w.Log(w.Erase(e, e.BodyDigest, "court-order", "X-1"))
	w.Log(w.Challenge(w.Challengers[0], b, nil, nil))
	// By then the first quarter was to be attested, and the slots of February, March and
	// April were owed, by both.
	w.SetNow(at(2025, 5, 5, 12))
	w.Log(w.Request(b, "2025-05", nil))
	lists := 0
	for i, e := range w.Logged {
		if pledge.Read(uint64(i), e.Leaf).Statement.Kind == entry.KindDirectory {
			lists++
		}
	}
	if lists != 2 {
		t.Fatalf("the log has %d directories", lists)
	}
	r := runAudit(t, w, newLog(t, w).Dir)
	if s := stepOf(t, r, "directories"); s.State != verifier.Passed || !strings.HasPrefix(s.Text, "2 lists of ") {
		t.Errorf("step %+v", s)
	}
	want := "as of 5 May 2025, 12:00:00 UTC: 2 attestations that were due, 6 slots that were owed, 1 challenge to answer; the findings say which"
	if s := stepOf(t, r, "promises"); s.State != verifier.Passed || !strings.HasPrefix(s.Text, want) {
		t.Errorf("step %+v", s)
	}
	holdToSchema(t, r)
}

// TestStepOfDirectories: one that is false or does not come fails the step.
func TestStepOfDirectories(t *testing.T) {
	grow := func(w *generator.World) {
		w.Log(w.Amend(&entry.Amend{GraceDays: 40, From: entry.FormatTime(w.Now() + 3600)}, generator.Amended{}, nil))
	}
	for _, tc := range []struct {
		name  string
		wait  time.Duration
		do    func(w *generator.World)
		state verifier.StepState
		text  string
	}{
		{"none yet", 48*time.Hour - time.Second, grow, verifier.Skipped, "has no list of what each author said last, and none is overdue"},
		{"none for two days", 48 * time.Hour, grow, verifier.Failed, "one did not come within two days"},
		{"one", time.Hour, func(w *generator.World) { w.Log(w.Directory()) }, verifier.Passed, "1 list of"},
		{"a false one", time.Hour, func(w *generator.World) {
			st := w.Directory()
			st.Statement.Body.(*entry.Directory).Root = strings.Repeat("A", 43)
			w.LogVoid(st)
		}, verifier.Failed, "one differs, and has no effect"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := generator.New(generator.Options{Seed: 13, Signatories: 1, NoDirectories: true})
			w.Log(w.Found())
			w.Advance(tc.wait)
			tc.do(w)
			r := runAudit(t, w, newLog(t, w).Dir)
			if s := stepOf(t, r, "directories"); s.State != tc.state || !strings.Contains(s.Text, tc.text) {
				t.Errorf("step %+v", s)
			}
			if s := stepOf(t, r, "promises"); s.State != verifier.Skipped {
				t.Errorf("step %+v", s)
			}
		})
	}
}
