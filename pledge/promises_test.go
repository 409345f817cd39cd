package pledge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

func period(s string) entry.Period {
	p, err := entry.ParsePeriod(s)
	if err != nil {
		panic(err)
	}
	return p
}

func unix(s string) int64 {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

// calendar writes a signatory's periods as `2025-Q1 on-time`.
func calendar(s *pledge.State, id string, t int64) []string {
	st, ok := s.Status(id, t)
	if !ok {
		return nil
	}
	var out []string
	for _, p := range st.Periods {
		out = append(out, fmt.Sprintf("%s %s", p.Period, p.State))
	}
	return out
}

// TestCalendar walks one signatory through its periods. The charter gives 30 days
// of grace: 2025-Q1 ends on 1 April and its deadline is 1 May, 00:00 UTC.
func TestCalendar(t *testing.T) {
	w := founded(20, 1)
	a := w.Signatories[0]
	outsider := w.Signatories[1]
	w.Log(w.Admit(outsider)) // admitted, not pledged
	s, _, _ := replay(w)
	for _, c := range []struct {
		at   string
		want []string
	}{
		{"2025-01-07 00:00:00", []string{"2025-Q1 due"}},
		{"2025-03-31 23:59:59", []string{"2025-Q1 due"}},
		{"2025-04-01 00:00:00", []string{"2025-Q1 grace", "2025-Q2 due"}},
		{"2025-04-30 23:59:59", []string{"2025-Q1 grace", "2025-Q2 due"}},
		{"2025-05-01 00:00:00", []string{"2025-Q1 missed", "2025-Q2 due"}},
		{"2025-08-01 00:00:00", []string{"2025-Q1 missed", "2025-Q2 missed", "2025-Q3 due"}},
	} {
		if d := cmp.Diff(c.want, calendar(s, a.ID, unix(c.at))); d != "" {
			t.Errorf("at %s (-want +got):\n%s", c.at, d)
		}
	}
	if d := cmp.Diff([]string{"2025-Q2 not-yet-due"}, calendar(s, outsider.ID, unix("2025-04-05 00:00:00"))); d != "" {
		t.Errorf("who has not pledged (-want +got):\n%s", d)
	}

	for _, c := range []struct{ at, want string }{
		{"2025-04-01 00:00:00", "2025-Q1 on-time"}, // the boundary second is after the period
		{"2025-04-30 23:59:59", "2025-Q1 on-time"},
		{"2025-05-01 00:00:00", "2025-Q1 late"}, // on time only before the deadline
	} {
		w := founded(20, 1)
		w.SetNow(unix(c.at))
		w.Log(w.Attestation(w.Signatories[0], period("2025-Q1")))
		s, v, found := replay(w)
		if v[len(v)-1].Kind != pledge.Accepted || len(found) > 0 {
			t.Errorf("attested at %s: %+v %+v", c.at, v[len(v)-1], found)
		}
		if got := calendar(s, w.Signatories[0].ID, s.Now())[0]; got != c.want {
			t.Errorf("attested at %s: %s, want %s", c.at, got, c.want)
		}
	}
}

func TestHalfYears(t *testing.T) {
	w := generator.New(generator.Options{Seed: 21, Signatories: 1, Period: entry.HalfYear})
	w.Log(w.Found())
	w.Log(w.Admit(w.Signatories[0]))
	w.Log(w.Pledge(w.Signatories[0]))
	s, _, _ := replay(w)
	want := []string{"2025-H1 missed", "2025-H2 grace", "2026-H1 due"}
	if d := cmp.Diff(want, calendar(s, w.Signatories[0].ID, unix("2026-01-02 00:00:00"))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCarveOut(t *testing.T) {
	w := generator.New(generator.Options{Seed: 22, Signatories: 1})
	w.Log(w.Found())
	st := w.Admit(w.Signatories[0])
	st.Statement.Body.(*entry.Admit).CarveOuts = []string{"us-nsl"}
	w.Log(st)
	w.Log(w.Pledge(w.Signatories[0]))
	s, _, _ := replay(w)
	if got := calendar(s, w.Signatories[0].ID, unix("2025-05-01 00:00:00"))[0]; got != "2025-Q1 carved-out" {
		t.Errorf("got %s: who was admitted with carve-outs is not called missing", got)
	}
	for _, f := range s.Promises(unix("2025-05-01 00:00:00")) {
		if f.Code != pledge.FindDirectoryOverdue { // the moment is long after the last entry
			t.Errorf("finding %+v", f)
		}
	}
}

// promised lists the findings on authors at a moment as `code period`. The moment
// may be long after the last entry: that the operator made no directory meanwhile is
// left out.
func promised(s *pledge.State, found []pledge.Finding, t int64) []string {
	out := []string{}
	for _, f := range append(found, s.Promises(t)...) {
		if f.Code == pledge.FindDirectoryOverdue && t > s.Now() {
			continue
		}
		if f.Concerns != pledge.RoleAuthor || f.Author == "" || f.Text == "" {
			out = append(out, fmt.Sprintf("%s concerns %s %q", f.Code, f.Concerns, f.Author))
			continue
		}
		out = append(out, fmt.Sprintf("%s %s", f.Code, f.Period))
	}
	return out
}

func TestAttestationAgainstChain(t *testing.T) {
	q1 := period("2025-Q1")
	for _, c := range []struct {
		name   string
		change func(a *entry.Attestation)
		want   []string
	}{
		{"all in order", func(*entry.Attestation) {}, []string{}},
		{"more than logged", func(a *entry.Attestation) { a.Received.Total = entry.Exactly(9) }, []string{}},
		{"fewer than its own requests", func(a *entry.Attestation) { a.Received.Total = entry.Exactly(1) }, []string{"contradicted 2025-Q1"}},
		{"none", func(a *entry.Attestation) { a.Received.Total = entry.Exactly(0) }, []string{"contradicted 2025-Q1"}},
		{"fewer, of what may be disclosed", func(a *entry.Attestation) {
			a.Received.Total, a.Covers = entry.Exactly(1), entry.CoversDisclosable
		}, []string{"disclosed-later 2025-Q1"}},
		{"a band that holds", func(a *entry.Attestation) { a.Received.Total = entry.Between(0, 249) }, []string{}},
		{"a band whose top is under", func(a *entry.Attestation) { a.Received.Total = entry.Between(0, 1) }, []string{"contradicted 2025-Q1"}},
		{"cannot say", func(a *entry.Attestation) { a.Received.Total = entry.CannotSay() }, []string{}},
		{"logged is another number", func(a *entry.Attestation) {
			a.Logged = entry.Counts{Total: 1, Outcomes: map[string]uint64{"pending": 1}}
		}, []string{"logged-differs 2025-Q1"}},
		{"logged with other outcomes", func(a *entry.Attestation) {
			a.Logged = entry.Counts{Total: 2, Outcomes: map[string]uint64{"pending": 2}}
		}, []string{"logged-differs 2025-Q1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := founded(23, 1)
			a := w.Signatories[0]
			w.Advance(24 * time.Hour)
			f := w.Log(w.Request(a, "2025-01", nil))
			w.Advance(24 * time.Hour)
			late := w.Log(w.Request(a, "2025-01", nil))
			w.Log(w.Decision(f, "refused", nil))
			// One second after the period: not an outcome at its end.
			w.SetNow(q1.End())
			w.Log(w.Decision(late, "refused", nil))
			st := w.Attestation(a, q1)
			at := st.Statement.Body.(*entry.Attestation)
			if want := (entry.Counts{Total: 2, Outcomes: map[string]uint64{"refused": 1, "pending": 1}}); !at.Logged.Equal(want) {
				t.Fatalf("the generator counts %+v, want %+v", at.Logged, want)
			}
			c.change(at)
			w.Log(st)
			s, v, found := replay(w)
			if v[len(v)-1].Kind != pledge.Accepted {
				t.Fatalf("attestation: %+v: a difference is never a ground to reject", v[len(v)-1])
			}
			if d := cmp.Diff(c.want, promised(s, found, s.Now())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestContradictedByALaterRequest(t *testing.T) {
	w := founded(24, 1)
	a := w.Signatories[0]
	w.SetNow(unix("2025-04-02 00:00:00"))
	w.Log(w.Attestation(a, period("2025-Q1"))) // none
	s, _, found := replay(w)
	if got := promised(s, found, s.Now()); len(got) > 0 {
		t.Fatalf("before: %v", got)
	}
	w.Log(w.Request(a, "2025-02", nil))
	s, _, found = replay(w)
	if d := cmp.Diff([]string{"contradicted 2025-Q1"}, promised(s, found, s.Now())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestFileAndDecisionDays: the charter gives 45 days to file, from the end of the
// period, and 60 days to decide.
func TestFileAndDecisionDays(t *testing.T) {
	for _, c := range []struct {
		logged string
		want   []string
	}{
		{"2025-05-15 23:59:59", []string{}},
		{"2025-05-16 00:00:00", []string{"filed-late "}},
	} {
		w := founded(25, 1)
		a := w.Signatories[0]
		w.SetNow(unix("2025-04-02 00:00:00"))
		st := w.Attestation(a, period("2025-Q1"))
		st.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(1)
		w.Log(st)
		w.SetNow(unix(c.logged))
		f := w.Log(w.Request(a, "2025-03", nil))
		s, _, found := replay(w)
		if d := cmp.Diff(c.want, promised(s, found, s.Now())); d != "" {
			t.Errorf("logged at %s (-want +got):\n%s", c.logged, d)
		}
		due := w.Now() + 60*86400
		if got := promised(s, found, due-1); len(got) != len(c.want) {
			t.Errorf("a second before the decision is due: %v", got)
		}
		if got := promised(s, found, due); len(got) != len(c.want)+1 || got[len(got)-1] != "decision-outstanding " {
			t.Errorf("when the decision is due: %v", got)
		}
		w.Log(w.Decision(f, "pending", nil)) // says that there is none yet
		s, _, found = replay(w)
		if got := promised(s, found, due); len(got) != len(c.want)+1 {
			t.Errorf("with a decision that none is made: %v", got)
		}
		w.Log(w.Decision(f, "refused", nil))
		s, _, found = replay(w)
		if got := promised(s, found, due); len(got) != len(c.want) {
			t.Errorf("with a decision: %v", got)
		}
	}
}

func TestClauseDroppedAndSecondAttestation(t *testing.T) {
	w := founded(26, 1)
	a := w.Signatories[0]
	w.SetNow(unix("2025-04-02 00:00:00"))
	w.Log(w.Attestation(a, period("2025-Q1")))
	w.SetNow(unix("2025-07-02 00:00:00"))
	st := w.Attestation(a, period("2025-Q2"))
	at := st.Statement.Body.(*entry.Attestation)
	dropped := at.Clauses[0]
	at.Clauses = at.Clauses[1:]
	w.Log(st)
	second := w.Attestation(a, period("2025-Q2"))
	second.Statement.Body.(*entry.Attestation).Clauses = at.Clauses
	second.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(77)
	w.Log(second)
	s, _, found := replay(w)
	if d := cmp.Diff([]string{"clause-dropped 2025-Q2", "clause-dropped 2025-Q2", "attestation-repeated 2025-Q2"}, promised(s, found, s.Now())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if want := "clause " + dropped; !strings.Contains(found[0].Text, want) {
		t.Errorf("%q does not name the %s", found[0].Text, want)
	}
	status, _ := s.Status(a.ID, s.Now())
	if got := status.Periods[1].Attestation.Received.Total; got != entry.Exactly(0) {
		t.Errorf("the second attestation counts: %v", got)
	}
}

func TestBodies(t *testing.T) {
	w := founded(27, 1)
	st := w.Request(w.Signatories[0], "2025-01", nil).Sign()
	parsed, err := entry.ParseStatement(st.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	withheld := *parsed
	withheld.Review = "2025-06-30"
	invalid := *parsed
	odd := []byte(`{"salt":"short"}`)
	invalid.BodyDigest = entry.Digest(odd)
	bare := *parsed
	bare.BodyDigest = ""
	for _, c := range []struct {
		name  string
		st    *entry.Statement
		raw   []byte
		state pledge.BodyState
		code  entry.Code
		party pledge.Role
	}{
		{"there", parsed, st.Body, pledge.BodyPublished, "", ""},
		{"none", &bare, nil, pledge.BodyNone, "", ""},
		{"missing", parsed, nil, pledge.BodyMissing, pledge.FindBodyMissing, pledge.RoleOperator},
		{"altered", parsed, append([]byte(" "), st.Body...), pledge.BodyAltered, pledge.FindBodyMismatch, pledge.RoleOperator},
		{"not JSON", parsed, []byte("x"), pledge.BodyAltered, pledge.FindBodyMismatch, pledge.RoleOperator},
		{"signed in another form", &invalid, odd, pledge.BodyInvalid, pledge.FindBodyInvalid, pledge.RoleAuthor},
		{"withheld", &withheld, nil, pledge.BodyWithheld, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			state, _, found := pledge.JudgeBody(5, c.st, c.raw)
			if state != c.state {
				t.Errorf("state %s, want %s", state, c.state)
			}
			if c.code == "" {
				if len(found) > 0 {
					t.Errorf("findings %+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Code != c.code || found[0].Concerns != c.party || *found[0].Index != 5 {
				t.Errorf("findings %+v, want %s on the %s", found, c.code, c.party)
			}
		})
	}
}

// Who has a challenger's chain, and not that of whom it challenged, is told nothing
// of replies.
func TestChallengeOfWhoWasNotGiven(t *testing.T) {
	x := newCast(92)
	x.Log(x.Challenge(x.c, x.a, nil, nil))
	s, ring := pledge.NewPartial(x.Options.Origin, x.c.ID), pledge.NewKeyring()
	for i, e := range x.Logged {
		it := pledge.Read(uint64(i), e.Leaf)
		if who := it.Statement.Author; i > 0 && who != x.c.ID && it.Statement.ID != admitOf(x.Logged, x.c.ID) {
			continue
		}
		ring.Learn(it.Statement)
		ring.Try(it)
		if v, _ := s.Step(it); v.Kind != pledge.Accepted {
			t.Fatalf("entry %d: %+v", i, v)
		}
	}
	if open := s.Challenges(); len(open) != 1 {
		t.Fatalf("%d challenges, want 1", len(open))
	}
	if found := s.Promises(s.Now() + 1000*86400); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// admitOf is the entry id of an author's admission.
func admitOf(entries []*generator.Entry, author string) entry.ID {
	for i, e := range entries {
		if st := pledge.Read(uint64(i), e.Leaf).Statement; st.Kind == entry.KindAdmit && st.Body.(*entry.Admit).ID == author {
			return st.ID
		}
	}
	return entry.ID{}
}
