package verifier_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

func insert(list [][]byte, at int, one []byte) [][]byte {
	return slices.Insert(slices.Clone(list), at, one)
}

var anyRoot = log.LeafHash([]byte("another tree"))

// checkReport holds what is true of every report.
func checkReport(t *testing.T, w *generator.World, r *verifier.Report) {
	t.Helper()
	out := text(t, r)
	for _, f := range r.Findings {
		if !strings.Contains(out, string(f.Code)) || !strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, "..") {
			t.Errorf("finding %s: %s", f.Code, f.Text)
		}
	}
	if (r.Result == verifier.Misbehaviour) != (r.Evidence != nil) || (r.Result == verifier.CannotDecide) != (r.Undecided != nil && r.Evidence == nil) {
		t.Errorf("result %s with evidence %v, undecided %v", r.Result, r.Evidence, r.Undecided)
	}
	if r.Result != verifier.Matches && r.Result != verifier.Misbehaviour && len(r.Signatories) > 0 && (slices.Contains(found(r), "root-mismatch/view") || slices.Contains(found(r), "charter-mismatch/view")) {
		t.Error("signatories are shown from unsigned entries")
	}
	if r.Evidence != nil {
		b, err := r.Evidence.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		e, err := verifier.ParseEvidence(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.CheckEvidence(w.Policy, e); err != nil {
			t.Errorf("the evidence proves nothing: %v", err)
		}
	}
	if len(r.NotChecked) < 5 {
		t.Errorf("not checked: %v", r.NotChecked)
	}
}

// A log of nothing but bad entries does not fill the auditor's memory or screen:
// findings are counted, and so many listed.
func TestManyFindings(t *testing.T) {
	w := generator.New(generator.Options{Seed: 33})
	w.Log(w.Found())
	for range 10_200 {
		w.LogLeaf([]byte("garbage"))
	}
	r := runAudit(t, w, newLog(t, w).Dir)
	if len(r.Findings) != 10_000 || r.NotListed["leaf-malformed"] != 200 || r.Statements.Malformed != 10_200 {
		t.Errorf("%d findings, not listed %v, %+v", len(r.Findings), r.NotListed, r.Statements)
	}
	out := text(t, r)
	if !strings.Contains(out, "Findings: 10,200 concern the operator") || !strings.Contains(out, "and 10,100 more of leaf-malformed") || len(out) > 30_000 {
		t.Errorf("the text has %d bytes:\n%.500s", len(out), out)
	}
}

// What an operator logs that it should not have is held against it, never against
// the author whose name is on it; and the author's next number is free. What rules
// there are to break, and which code each has, stands in package tamper.
func TestDishonestOperator(t *testing.T) {
	w := generator.New(generator.Options{Seed: 32, Signatories: 2})
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Advance(time.Hour)
		w.Log(w.Admit(a))
		w.Advance(time.Hour)
		w.Log(w.Pledge(a))
	}
	w.SetNow(at(2025, 2, 1, 12))
	a, other := w.Signatories[0], w.Signatories[1]
	w.LogVoid(w.Request(a, "2025-01", nil).Encode().SignWith(other.Keys...))
	w.Advance(time.Hour)
	w.Log(w.Request(a, "2025-01", nil))
	r := runAudit(t, w, newLog(t, w).Dir)
	if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"statement-rejected/operator"}) {
		t.Fatalf("result %s, findings %v", r.Result, found(r))
	}
	f := r.Findings[0]
	if f.Reason != "signature-not-called-for" || f.Author != "" || f.Index == nil || *f.Index != 6 {
		t.Errorf("finding %+v, want its reason at entry 6, after the directory", f)
	}
	if r.Statements.Rejected != 1 || r.Statements.Accepted != 7 || r.Signatories[0].Requests != 1 {
		t.Errorf("statements %+v, requests %d", r.Statements, r.Signatories[0].Requests)
	}
	checkReport(t, w, r)
}
