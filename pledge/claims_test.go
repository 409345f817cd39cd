package pledge_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// claimFindings are those on what attestations claim, as `code author index`.
func claimFindings(w *generator.World) []string {
	s, verdicts, found := replay(w)
	for i, v := range verdicts {
		if v.Kind != pledge.Accepted {
			return []string{fmt.Sprintf("entry %d is %s: %s", i, v.Kind, v.Code)}
		}
	}
	out := []string{}
	for _, f := range append(found, s.Promises(s.Now())...) {
		switch f.Code {
		case "claims-cannot-be", "outcomes-differ", "outcomes-differ-disclosable", "contradicted", "disclosed-later":
			out = append(out, fmt.Sprintf("%s %s %d", f.Code, f.Author, *f.Index))
		}
	}
	return out
}

func claims(total entry.Claim, outcomes map[string]entry.Claim) entry.Claims {
	return entry.Claims{Total: total, Outcomes: outcomes}
}

// TestAttestedOutcomes compares what a signatory attested for 2025-Q1 with two
// requests received then, by whose decisions before it one was complied with, and
// one refused.
func TestAttestedOutcomes(t *testing.T) {
	type m = map[string]entry.Claim
	two, none := entry.Exactly(2), entry.Exactly(0)
	for _, c := range []struct {
		name   string
		claims entry.Claims
		want   []string
	}{
		{"as it was", claims(two, m{"complied": entry.Exactly(1), "refused": entry.Exactly(1)}), nil},
		{"more than was logged", claims(entry.Exactly(7), m{"complied": entry.Exactly(3), "refused": entry.Exactly(4)}), nil},
		{"no outcomes", claims(two, nil), nil},
		{"room for what is not listed", claims(two, m{"refused": entry.Exactly(1)}), nil},
		{"fewer of one", claims(two, m{"complied": none}), []string{"outcomes-differ"}},
		{"fewer of both", claims(entry.Exactly(9), m{"complied": none, "refused": none}), []string{"outcomes-differ", "outcomes-differ"}},
		{"a band that has it", claims(two, m{"complied": entry.Between(0, 1)}), nil},
		{"one cannot be said", claims(two, m{"complied": entry.CannotSay(), "refused": entry.Exactly(1)}), nil},
		{"no room for what is not listed", claims(two, m{"refused": two}), []string{"outcomes-differ"}},
		{"no room, for the least of a band", claims(two, m{"refused": entry.Between(2, 5)}), []string{"outcomes-differ"}},
		{"the total cannot be said", claims(entry.CannotSay(), m{"refused": two}), nil},
		{"a band of all has room", claims(entry.Between(2, 3), m{"refused": two}), nil},
		{"fewer in all too", claims(entry.Exactly(1), m{"refused": entry.Exactly(1)}), []string{"contradicted", "outcomes-differ"}},
		{"numbers that cannot be", claims(two, m{"complied": two, "refused": entry.Exactly(1)}), []string{"claims-cannot-be"}},
		{"one that is more than all", claims(two, m{"complied": entry.Exactly(7), "refused": entry.Exactly(1)}), []string{"claims-cannot-be"}},
		{"the least of bands is more than all", claims(entry.Between(1, 2), m{"complied": entry.Between(2, 3), "refused": entry.Between(1, 2)}), []string{"claims-cannot-be"}},
		{"the least of bands is all", claims(entry.Between(1, 3), m{"complied": entry.Between(2, 3), "refused": entry.Between(1, 2)}), nil},
	} {
		for _, covers := range []string{entry.CoversAll, entry.CoversDisclosable} {
			w := founded(61, 1)
			a := w.Signatories[0]
			for _, outcome := range []string{"complied", "refused"} {
				w.Log(w.Decision(w.Log(w.Request(a, "2025-02", nil)), outcome, nil))
			}
			w.SetNow(unix("2025-04-02 00:00:00"))
			st := w.Attestation(a, period("2025-Q1"))
			b := st.Statement.Body.(*entry.Attestation)
			b.Received, b.Covers = c.claims, covers
			index := len(w.Logged)
			w.Log(st)
			want := []string{}
			for _, code := range c.want {
				if covers == entry.CoversDisclosable {
					switch code {
					case "outcomes-differ":
						code = "outcomes-differ-disclosable"
					case "contradicted":
						code = "disclosed-later"
					}
				}
				want = append(want, fmt.Sprintf("%s %s %d", code, a.ID, index))
			}
			got := claimFindings(w)
			slices.Sort(got)
			slices.Sort(want)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, covers %s (-want +got):\n%s", c.name, covers, d)
			}
		}
	}
}

// TestOutcomesOfHonestAuthors: who attested what it had decided is not accused of
// what it logged about it later, or had to put right. Each attests one request,
// refused, and so none of another outcome.
func TestOutcomesOfHonestAuthors(t *testing.T) {
	const before, after = true, false
	type step func(w *generator.World, r *generator.Statement, f *generator.Filed, decided func(outcome string) *generator.Statement)
	decide := func(outcome string) step {
		return func(w *generator.World, _ *generator.Statement, _ *generator.Filed, decided func(string) *generator.Statement) {
			decided(outcome)
		}
	}
	type play struct {
		before bool // the attestation
		do     step
	}
	superseded := func(from, by string) step {
		return func(w *generator.World, _ *generator.Statement, f *generator.Filed, decided func(string) *generator.Statement) {
			old := w.Decision(f, from, nil)
			w.Log(old)
			later := w.Decision(f, by, nil)
			w.Log(later)
			w.Log(w.Correct(old, later, nil))
		}
	}
	var kept *generator.Statement // logged in one step, corrected in another
	keep := func(outcome string) step {
		return func(w *generator.World, _ *generator.Statement, f *generator.Filed, decided func(string) *generator.Statement) {
			kept = decided(outcome)
		}
	}
	takeBack := func(w *generator.World, _ *generator.Statement, _ *generator.Filed, _ func(string) *generator.Statement) {
		w.Log(w.Correct(kept, nil, nil))
	}
	putRight := func(outcome string) step {
		return func(w *generator.World, _ *generator.Statement, _ *generator.Filed, decided func(string) *generator.Statement) {
			old := kept
			w.Log(w.Correct(old, decided(outcome), nil))
		}
	}
	for _, c := range []struct {
		name   string
		steps  []play
		differ bool
	}{
		{"no answer yet", nil, false},
		{"decided, and logged later", []play{{after, decide("refused")}}, false},
		{"pending, and complied later", []play{{after, decide("complied")}}, false},
		{"said to be pending, and complied later", []play{{before, decide("pending")}, {after, decide("complied")}}, false},
		{"complied before", []play{{before, decide("complied")}}, true},
		{"complied before, and said again", []play{{before, decide("complied")}, {after, decide("complied")}}, true},
		{"complied before, and refused as was logged later", []play{{before, decide("complied")}, {after, decide("refused")}}, false},
		{"refused, then complied, both before", []play{{before, decide("refused")}, {before, decide("complied")}}, true},
		{"refused before, and complied later", []play{{before, decide("refused")}, {after, decide("complied")}}, false},
		{"complied before, and taken back before", []play{{before, keep("complied")}, {before, takeBack}}, false},
		{"complied before, and taken back later", []play{{before, keep("complied")}, {after, takeBack}}, false},
		{"complied, then refused, and that was taken back later", []play{{before, decide("complied")}, {before, keep("refused")}, {after, takeBack}}, false},
		{"complied, then refused, and that was taken back before", []play{{before, decide("complied")}, {before, keep("refused")}, {before, takeBack}}, true},
		{"refused before, put right as complied before", []play{{before, superseded("refused", "complied")}}, true},
		{"complied before, put right as refused before", []play{{before, superseded("complied", "refused")}}, false},
		{"refused before, put right as complied later", []play{{before, keep("refused")}, {after, putRight("complied")}}, false},
	} {
		w := founded(62, 1)
		a := w.Signatories[0]
		r := w.Request(a, "2025-02", nil)
		f := w.Log(r)
		run := func(when bool) {
			for _, p := range c.steps {
				if p.before == when {
					p.do(w, r, f, func(outcome string) *generator.Statement {
						st := w.Decision(f, outcome, nil)
						w.Log(st)
						return st
					})
				}
			}
		}
		run(before)
		w.SetNow(unix("2025-04-02 00:00:00"))
		st := w.Attestation(a, period("2025-Q1"))
		st.Statement.Body.(*entry.Attestation).Received = claims(entry.Exactly(1), map[string]entry.Claim{"refused": entry.Exactly(1)})
		index := len(w.Logged)
		w.Log(st)
		run(after)
		want := []string{}
		if c.differ {
			want = append(want, fmt.Sprintf("outcomes-differ %s %d", a.ID, index))
		}
		if d := cmp.Diff(want, claimFindings(w)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestOutcomesOfCorrectedRequests: a request that came into a period, or went out of
// it, after it was attested is not compared with what was attested then; what stood
// there before is.
func TestOutcomesOfCorrectedRequests(t *testing.T) {
	for _, c := range []struct {
		received     string // of the request that is put right, as it said first
		instead      string
		before       bool // it was put right before the attestation
		attested     uint64
		differ, over bool
	}{
		{"2025-02", "2025-03", true, 1, true, false},
		{"2025-02", "2025-03", false, 1, false, false},
		{"2024-12", "2025-02", true, 1, true, false},
		{"2024-12", "2025-02", false, 1, false, false},
		{"2024-12", "2025-02", false, 0, false, true},
		{"2025-02", "2024-12", true, 1, false, false},
	} {
		w := founded(63, 1)
		a := w.Signatories[0]
		old := w.Request(a, c.received, nil)
		f := w.Log(old)
		w.Log(w.Decision(f, "complied", nil))
		right := func() {
			by := w.Request(a, c.instead, nil)
			w.Log(by)
			w.Log(w.Correct(old, by, nil))
		}
		if c.before {
			right()
		}
		w.SetNow(unix("2025-04-02 00:00:00"))
		st := w.Attestation(a, period("2025-Q1"))
		st.Statement.Body.(*entry.Attestation).Received = claims(entry.Exactly(c.attested), map[string]entry.Claim{"complied": entry.Exactly(0)})
		index := len(w.Logged)
		w.Log(st)
		if !c.before {
			right()
		}
		want := []string{}
		if c.over {
			want = append(want, fmt.Sprintf("contradicted %s %d", a.ID, index))
		}
		if c.differ {
			want = append(want, fmt.Sprintf("outcomes-differ %s %d", a.ID, index))
		}
		if d := cmp.Diff(want, claimFindings(w)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", c, d)
		}
	}
}
