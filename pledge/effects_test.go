package pledge_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

func (x *cast) state(t *testing.T) (*pledge.State, []pledge.Finding) {
	t.Helper()
	s, verdicts, found := replay(x.World)
	for i, v := range verdicts {
		if v.Kind != pledge.Accepted {
			t.Fatalf("entry %d is %s: %s %s", i, v.Kind, v.Code, v.Detail)
		}
	}
	return s, found
}

func status(t *testing.T, s *pledge.State, a *generator.Author, at int64) pledge.Status {
	t.Helper()
	st, ok := s.Status(a.ID, at)
	if !ok {
		t.Fatalf("%s is unknown", a.ID)
	}
	return st
}

// codesOf lists findings as `code author-or-party`, sorted.
func codesOf(found []pledge.Finding) []string {
	var out []string
	for _, f := range found {
		who := f.Author
		if who == "" {
			who = string(f.Concerns)
		}
		out = append(out, fmt.Sprintf("%s %s", f.Code, who))
	}
	slices.Sort(out)
	return out
}

// about keeps the findings of some codes.
func about(found []pledge.Finding, codes ...entry.Code) []pledge.Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f pledge.Finding) bool { return !slices.Contains(codes, f.Code) })
}

// TestRekey: keys of last resort count after 14 days, unless the author speaks with
// its old ones before; afterwards they carry a label until the old keys confirm.
func TestRekey(t *testing.T) {
	fresh := func(x *cast) generator.Ring { return generator.Ring{Keys: x.NewKeys("fresh", 1), Threshold: 1} }
	t.Run("waits", func(t *testing.T) {
		x := newCast(51)
		ring := fresh(x)
		x.Log(x.Rekey(x.a, ring))
		at := x.Now()
		if v := x.next(x.Request(x.a, "2025-01", nil).Encode().SignWith(ring.Keys...)); v.Code != pledge.CodeSignatureUncalled {
			t.Errorf("the new key signs before its time: %+v", v)
		}
		x.SetNow(at + 14*86400 - 1)
		if v := x.next(x.Request(x.a, "2025-01", nil).Encode().SignWith(ring.Keys...)); v.Code != pledge.CodeSignatureUncalled {
			t.Errorf("the new key signs a second before its time: %+v", v)
		}
		x.SetNow(at + 14*86400)
		if v := x.next(x.Request(x.a, "2025-01", nil).Encode().SignWith(ring.Keys...)); v.Kind != pledge.Accepted {
			t.Errorf("the new key at its time: %+v", v)
		}
		if v := x.next(x.Request(x.a, "2025-01", nil).Encode().SignWith(x.b.Keys...)); v.Code != pledge.CodeSignatureUncalled {
			t.Errorf("another's key: %+v", v)
		}
	})
	t.Run("cancelled by the old keys", func(t *testing.T) {
		x := newCast(52)
		x.Log(x.Rekey(x.a, fresh(x)))
		x.Advance(time.Hour)
		x.Log(x.Request(x.a, "2025-01", nil))
		s, found := x.state(t)
		if got := codesOf(about(found, pledge.FindRekeyPending, pledge.FindRekeyCancelled)); !slices.Equal(got, []string{"rekey-cancelled " + x.a.ID, "rekey-pending " + x.a.ID}) {
			t.Errorf("findings %v", got)
		}
		if st := status(t, s, x.a, x.Now()+30*86400); st.KeysWaiting != nil || st.KeysChanged != nil {
			t.Errorf("keys still wait: %+v", st)
		}
	})
	t.Run("a slot's timer does not cancel", func(t *testing.T) {
		x := newCast(53)
		x.Log(x.Rekey(x.b, fresh(x)))
		x.Advance(time.Hour)
		x.LogVoid(x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now())))
		s, _ := x.state(t)
		if st := status(t, s, x.b, x.Now()); st.KeysWaiting == nil {
			t.Error("a slot cancelled keys of last resort")
		}
	})
	t.Run("a suspended author does not cancel", func(t *testing.T) {
		x := newCast(54)
		x.Log(x.Standing(x.a, entry.StandingSuspended, "other"))
		x.Log(x.Rekey(x.a, fresh(x)))
		x.Advance(time.Hour)
		x.LogVoid(x.Request(x.a, "2025-01", nil))
		s, _ := x.state(t)
		if st := status(t, s, x.a, x.Now()); st.KeysWaiting == nil {
			t.Error("keys in wrong hands cancelled their replacement")
		}
	})
	t.Run("labelled until confirmed", func(t *testing.T) {
		x := newCast(55)
		old, ring := x.a.Ring(), fresh(x)
		x.Log(x.Rekey(x.a, ring))
		x.Advance(15 * 24 * time.Hour)
		x.Log(x.Request(x.a, "2025-01", nil))
		s, found := x.state(t)
		if got := codesOf(about(append(found, s.Promises(s.Now())...), pledge.FindRekeyUnconfirmed)); len(got) != 1 {
			t.Errorf("findings %v", got)
		}
		// The old keys sign the next change of keys too.
		next := generator.Ring{Keys: x.NewKeys("next", 1), Threshold: 1}
		st := x.Rotate(x.a, next)
		st.Signers = append(st.Signers, old.Signers()...)
		x.Log(st)
		s, _ = x.state(t)
		if st := status(t, s, x.a, s.Now()); st.KeysChanged != nil {
			t.Errorf("not confirmed: %+v", st.KeysChanged)
		}
	})
	t.Run("readmission with other keys waits", func(t *testing.T) {
		x := newCast(56)
		x.Log(x.Standing(x.a, entry.StandingRemoved, "other"))
		ring := fresh(x)
		old := x.a.Signers()
		x.Log(x.Readmit(x.a, ring))
		if v := x.next(x.Pledge(x.a).Encode().SignWith(ring.Keys...)); v.Code != pledge.CodeSignatureUncalled {
			t.Errorf("a readmission gave the voice away at once: %+v", v)
		}
		if v := x.next(x.Pledge(x.a).Encode().SignWith(old...)); v.Kind != pledge.Accepted {
			t.Errorf("the old keys, meanwhile: %+v", v)
		}
	})
}

// TestCorrections: the content of the last in a place counts, at the time of the
// first.
func TestCorrections(t *testing.T) {
	x := newCast(61)
	// Three requests in Q1; one is void, one is superseded by one received in Q4.
	second := x.Request(x.a, "2025-01", nil)
	x.Log(second)
	x.SetNow(unix("2025-04-03 00:00:00"))
	other := x.Request(x.a, "2024-12", nil)
	x.Log(other)
	x.Log(x.Correct(second, other, nil))
	x.Log(x.Correct(x.withheld, nil, nil))
	s, _ := x.state(t)
	st := status(t, s, x.a, s.Now())
	if st.Requests != 2 || st.Void != 1 {
		t.Errorf("%d requests, %d void; want 2 and 1", st.Requests, st.Void)
	}
	q1 := st.Periods[0]
	want := entry.Counts{Total: 2, Outcomes: map[string]uint64{"refused": 1, "pending": 1}}
	if q1.Period.String() != "2025-Q1" || !q1.Logged.Equal(want) || q1.Received != 1 {
		t.Errorf("Q1: logged %+v, received %d; want %+v and 1", q1.Logged, q1.Received, want)
	}
	if q2 := st.Periods[1]; q2.Logged.Total != 0 {
		t.Errorf("Q2: logged %+v: what stands in an earlier place counts there", q2.Logged)
	}
	// A decision that is superseded, and one that is void.
	instead := x.Decision(x.filed, "narrowed", nil)
	x.Log(instead)
	x.Log(x.Correct(x.decision, instead, nil))
	s, _ = x.state(t)
	if st := status(t, s, x.a, s.Now()); st.Outcomes["narrowed"] != 1 || st.Outcomes["refused"] != 0 {
		t.Errorf("outcomes %v, want the one that stands in the other's place", st.Outcomes)
	}
	if st := status(t, s, x.a, s.Now()); st.Periods[0].Logged.Outcomes["narrowed"] != 1 {
		t.Errorf("Q1 by outcome: %v: it stands at the earlier one's time", st.Periods[0].Logged.Outcomes)
	}
	x.Log(x.Correct(instead, nil, nil))
	s, _ = x.state(t)
	if st := status(t, s, x.a, s.Now()); st.Outcomes["pending"] != 2 {
		t.Errorf("outcomes %v, want nothing in the place of a void decision", st.Outcomes)
	}
}

// TestAttestationCorrected: the first fixes timeliness, the last content.
func TestAttestationCorrected(t *testing.T) {
	x := newCast(62)
	x.SetNow(unix("2025-04-05 00:00:00"))
	first := x.Attestation(x.a, period("2025-Q1"))
	first.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(1) // two requests say they were received in Q1
	x.Log(first)
	s, found := x.state(t)
	if got := about(append(found, s.Promises(s.Now())...), pledge.FindContradicted); len(got) != 1 {
		t.Fatalf("findings %v", codesOf(got))
	}
	x.SetNow(unix("2025-06-05 00:00:00")) // after the deadline
	second := x.Attestation(x.a, period("2025-Q1"))
	second.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(3)
	x.Log(second)
	s, found = x.state(t)
	if got := about(append(found, s.Promises(s.Now())...), pledge.FindContradicted); len(got) != 1 {
		t.Errorf("a second attestation counts without a correction: %v", codesOf(got))
	}
	x.Log(x.Correct(first, second, nil))
	s, found = x.state(t)
	if got := about(append(found, s.Promises(s.Now())...), pledge.FindContradicted); len(got) != 0 {
		t.Errorf("the corrected content does not count: %v", codesOf(got))
	}
	st := status(t, s, x.a, s.Now())
	if p := st.Periods[0]; p.State != pledge.OnTime || p.Attested.Entry != first.ID || p.Content.Entry != second.ID {
		t.Errorf("%+v", p)
	}
	x.Log(x.Correct(second, nil, nil))
	s, _ = x.state(t)
	if p := status(t, s, x.a, s.Now()).Periods[0]; p.State != pledge.Missed {
		t.Errorf("nothing stands for the period, and it is %s", p.State)
	}
}

// TestSlots: every signatory owes one for each week that begins after its
// admission.
func TestSlots(t *testing.T) {
	x := newCast(63) // admitted on Monday 6 January 2025, after the week had begun
	x.SetNow(unix("2025-02-03 00:00:00"))
	s, _ := x.state(t)
	at := x.Now()
	if got := status(t, s, x.a, at).Slots.First; len(got) != 2 || got[0].String() != "2025-W04" || got[1].String() != "2025-W05" {
		t.Errorf("missed %v, want weeks 4 and 5: week 2 had begun, in week 3 there is one", got)
	}
	if got := status(t, s, x.b, at).Slots.First; len(got) != 3 {
		t.Errorf("missed %v, want three", got)
	}
	if got := status(t, s, x.c, at); got.Slots.Missed != 0 || got.Slots.Owed != 0 {
		t.Errorf("a challenger owes slots: %+v", got)
	}
	x.Log(x.Slot(x.a, entry.SlotPeriodAt(entry.SlotsWeek, unix("2025-01-27 00:00:00"))))
	s, found := x.state(t)
	if got := about(found, pledge.FindSlotLate); len(got) != 1 || got[0].Period != "2025-W05" {
		t.Errorf("findings %+v, want slot-late for 2025-W05", got)
	}
	if got := about(s.Promises(x.Now()), pledge.FindSlotMissed); len(got) != 3 {
		t.Errorf("%d findings slot-missed, want one for each of three signatories", len(got))
	}
	// From an amend on, months; nothing is owed for what had begun.
	x.Log(x.Amend(&entry.Amend{From: "2025-02-12T00:00:00Z", Slots: entry.SlotsMonth}, generator.Amended{}, nil))
	x.SetNow(unix("2025-05-01 00:00:00"))
	s, _ = x.state(t)
	var got []string
	for _, p := range status(t, s, x.a, x.Now()).Slots.First {
		got = append(got, p.String())
	}
	if d := cmp.Diff([]string{"2025-W04", "2025-W06", "2025-W07", "2025-03", "2025-04"}, got); d != "" {
		t.Errorf("missed (-want +got):\n%s", d)
	}
}

// TestSlotInTime: a request that was in a slot in time was filed in time, whenever
// it is published.
func TestSlotInTime(t *testing.T) {
	x := newCast(64)
	x.SetNow(unix("2025-12-01 00:00:00"))
	x.Log(x.Publish(x.committed))
	x.Log(x.Request(x.a, "2025-01", nil))
	_, found := x.state(t)
	if got := about(found, pledge.FindFiledLate); len(got) != 1 || *got[0].Index != uint64(len(x.Logged)-1) {
		t.Errorf("filed-late %v, want it on the one that was in no slot", codesOf(got))
	}
}

// TestWithheld: past review without an open is a finding; an open ends it.
func TestWithheld(t *testing.T) {
	x := newCast(65) // withheld until 1 June 2025
	for _, c := range []struct {
		at   string
		want int
	}{{"2025-06-01 23:59:59", 0}, {"2025-06-02 00:00:00", 1}} {
		s, _ := x.state(t)
		if got := about(s.Promises(unix(c.at)), pledge.FindWithheldOverdue); len(got) != c.want || c.want == 1 && (got[0].Entry != x.withheld.ID.String() || got[0].Author != x.a.ID) {
			t.Errorf("at %s: %+v", c.at, got)
		}
	}
	s, _ := x.state(t)
	if got := s.TextOf(x.withheld.ID, x.withheld.BodyDigest); got != pledge.TextWithheld {
		t.Errorf("text is %s", got)
	}
	x.Log(x.Extend(x.withheld, "2025-09-01", "other"))
	s, _ = x.state(t)
	if got := about(s.Promises(unix("2025-09-01 12:00:00")), pledge.FindWithheldOverdue); len(got) != 0 {
		t.Errorf("before the new review: %v", codesOf(got))
	}
	x.Log(x.OpenText(x.withheld, "other"))
	s, _ = x.state(t)
	if got := about(s.Promises(unix("2026-09-01 12:00:00")), pledge.FindWithheldOverdue); len(got) != 0 {
		t.Errorf("after the open: %v", codesOf(got))
	}
	if got := s.TextOf(x.withheld.ID, x.withheld.BodyDigest); got != pledge.TextPublic {
		t.Errorf("text is %s", got)
	}
	if st := status(t, s, x.a, s.Now()); st.Withheld != 1 || st.Opened != 1 {
		t.Errorf("opened %d of %d", st.Opened, st.Withheld)
	}
	x.Log(x.Erase(x.withheld, x.withheld.BodyDigest, entry.BasisSafety, "ref-1"))
	s, found := x.state(t)
	if got := s.TextOf(x.withheld.ID, x.withheld.BodyDigest); got != pledge.TextErased {
		t.Errorf("text is %s", got)
	}
	if got := about(found, pledge.FindErased); len(got) != 1 || got[0].Concerns != pledge.RoleOperator {
		t.Errorf("findings %v", codesOf(got))
	}
}

// TestChallenges: due after the charter's 30 days.
func TestChallenges(t *testing.T) {
	x := newCast(66)
	ch := x.Challenge(x.c, x.a, nil, nil)
	x.Log(ch)
	due := x.Now() + 30*86400
	s, _ := x.state(t)
	if got := about(s.Promises(due-1), pledge.FindReplyOverdue); len(got) != 0 {
		t.Errorf("a second before: %v", codesOf(got))
	}
	if got := about(s.Promises(due), pledge.FindReplyOverdue); len(got) != 1 || got[0].Author != x.a.ID || got[0].Entry != ch.ID.String() {
		t.Errorf("when due: %+v", got)
	}
	x.SetNow(due)
	first := x.Reply(x.a, &entry.Reply{Challenge: ch.ID, Answer: entry.AnswerCannotComment}, nil)
	x.Log(first)
	second := x.Reply(x.a, &entry.Reply{Challenge: ch.ID, Answer: entry.AnswerDisputed}, nil)
	x.Log(second)
	s, found := x.state(t)
	if got := codesOf(about(found, pledge.FindReplyLate, pledge.FindReplyRepeated)); !slices.Equal(got, []string{"reply-late " + x.a.ID, "reply-repeated " + x.a.ID}) {
		t.Errorf("findings %v", got)
	}
	if c := s.Challenges()[0]; len(c.Replies) != 2 || c.Replies[0].Answer != entry.AnswerCannotComment {
		t.Errorf("%+v", c)
	}
	x.Log(x.Correct(first, second, nil))
	s, _ = x.state(t)
	if c := s.Challenges()[0]; len(c.Replies) != 1 || c.Replies[0].Answer != entry.AnswerDisputed || c.Replies[0].Logged != due {
		t.Errorf("the last content at the first one's time: %+v", c.Replies)
	}
	x.Log(x.Correct(second, nil, nil))
	s, _ = x.state(t)
	if c := s.Challenges()[0]; !c.IsOpen() {
		t.Errorf("nothing stands for the reply, and the challenge is closed: %+v", c)
	}
}

// TestStandings: obligations by how membership ends.
func TestStandings(t *testing.T) {
	for _, c := range []struct {
		name     string
		do       func(x *cast)
		standing string
		want     []string // periods of a at the end of January 2026
	}{
		{"member", func(*cast) {}, pledge.InStanding, []string{"2025-Q1 missed", "2025-Q2 missed", "2025-Q3 missed", "2025-Q4 grace", "2026-Q1 due"}},
		{"suspended", func(x *cast) { x.Log(x.Standing(x.a, entry.StandingSuspended, "other")) }, entry.StandingSuspended,
			[]string{"2025-Q1 missed", "2025-Q2 missed", "2025-Q3 missed", "2025-Q4 grace", "2026-Q1 due"}},
		{"withdrawn", func(x *cast) { x.Log(x.Withdraw(x.a, nil)) }, pledge.Withdrawn, []string{"2025-Q1 missed", "2025-Q2 missed"}},
		{"removed", func(x *cast) { x.Log(x.Standing(x.a, entry.StandingRemoved, "other")) }, entry.StandingRemoved, []string{"2025-Q1 missed"}},
		{"succeeded", func(x *cast) { x.Log(x.Succeed(x.a, x.b)) }, pledge.Succeeded, []string{"2025-Q1 missed"}},
		{"withdrawn and readmitted", func(x *cast) {
			x.Log(x.Withdraw(x.a, nil))
			x.SetNow(unix("2025-11-10 00:00:00"))
			x.Log(x.Readmit(x.a, x.a.Ring()))
			x.Log(x.Pledge(x.a))
		}, pledge.InStanding, []string{"2025-Q1 missed", "2025-Q2 missed", "2025-Q4 grace", "2026-Q1 due"}},
		{"the log ends", func(x *cast) {
			x.Log(x.Amend(&entry.Amend{From: "2025-08-15T00:00:00Z", Ends: &entry.End{}}, generator.Amended{}, nil))
		}, pledge.InStanding, []string{"2025-Q1 missed", "2025-Q2 missed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newCast(67)
			x.SetNow(unix("2025-05-20 00:00:00"))
			c.do(x)
			s, _ := x.state(t)
			at := unix("2026-01-20 00:00:00")
			if st := status(t, s, x.a, at); st.Standing != c.standing {
				t.Errorf("standing %s, want %s", st.Standing, c.standing)
			}
			if d := cmp.Diff(c.want, calendar(s, x.a.ID, at)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestSuccessor: the running period is the successor's, pledged before or not.
func TestSuccessor(t *testing.T) {
	x := newCast(68)
	x.SetNow(unix("2025-05-20 00:00:00"))
	x.Log(x.Succeed(x.a, x.fresh))
	s, _ := x.state(t)
	if d := cmp.Diff([]string{"2025-Q2 due"}, calendar(s, x.fresh.ID, s.Now())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if st := status(t, s, x.a, s.Now()); st.Succeeded == nil || st.Succeeded.Author != x.fresh.ID {
		t.Errorf("%+v", st.Succeeded)
	}
}

// TestAmendedTerms: what begins before an amend's `from` goes by the old terms.
func TestAmendedTerms(t *testing.T) {
	x := newCast(69)
	x.Log(x.Amend(&entry.Amend{From: "2025-04-01T00:00:00Z", GraceDays: 5, ReplyDays: 3}, generator.Amended{}, nil))
	x.SetNow(unix("2025-04-10 00:00:00"))
	ch := x.Challenge(x.c, x.a, nil, nil)
	x.Log(ch)
	s, _ := x.state(t)
	st := status(t, s, x.a, unix("2025-07-10 00:00:00"))
	if got := entry.FormatTime(st.Periods[0].Deadline); got != "2025-05-01T00:00:00Z" {
		t.Errorf("the deadline of 2025-Q1 is %s: the quarter began before", got)
	}
	if got := entry.FormatTime(st.Periods[1].Deadline); got != "2025-07-06T00:00:00Z" {
		t.Errorf("the deadline of 2025-Q2 is %s", got)
	}
	if c := s.Challenges()[0]; c.Due != x.Now()+3*86400 {
		t.Errorf("the reply is due %s", entry.FormatTime(c.Due))
	}
	// Half-years from July on.
	x.Log(x.Amend(&entry.Amend{From: "2025-07-01T00:00:00Z", Attestation: entry.HalfYear}, generator.Amended{}, nil))
	s, _ = x.state(t)
	var got []string
	for _, p := range status(t, s, x.a, unix("2026-02-01 00:00:00")).Periods {
		got = append(got, p.Period.String())
	}
	if d := cmp.Diff([]string{"2025-Q1", "2025-Q2", "2025-H2", "2026-H1"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestDirectories: one within two days after any growth.
func TestDirectories(t *testing.T) {
	w := generator.New(generator.Options{Seed: 70, Signatories: 1, NoDirectories: true})
	w.Log(w.Found())
	grown := w.Now()
	s, _, _ := replay(w)
	for _, c := range []struct {
		at   int64
		want int
	}{{grown + 2*86400 - 1, 0}, {grown + 2*86400, 1}} {
		if got := about(s.Promises(c.at), pledge.FindDirectoryOverdue); len(got) != c.want {
			t.Errorf("after %d s: %v", c.at-grown, codesOf(got))
		}
	}
	w.SetNow(grown + 2*86400)
	w.Log(w.Directory())
	s, _, found := replay(w)
	if got := about(found, pledge.FindDirectoryOverdue); len(got) != 1 || *got[0].Index != 1 {
		t.Errorf("a directory that comes late: %+v", got)
	}
	// A directory is no growth: a log at rest needs no more of them.
	if got := about(s.Promises(grown+200*86400), pledge.FindDirectoryOverdue); len(got) != 0 {
		t.Errorf("a log at rest: %v", codesOf(got))
	}
	rows := s.Directory()
	root, err := pledge.DirectoryRoot(rows)
	if err != nil || root == "" {
		t.Fatal(root, err)
	}
	if d := cmp.Diff(w.Rows(), rows); d != "" {
		t.Errorf("rows (-generator's +pledge's):\n%s", d)
	}
}

// TestSaveRestore: a state that was saved and restored is the same state: it saves
// to the same bytes and judges what follows alike.
func TestSaveRestore(t *testing.T) {
	x := newCast(71)
	x.Log(x.Challenge(x.c, x.a, nil, nil))
	x.Log(x.Correct(x.request, x.withheld, nil))
	x.Log(x.Rekey(x.b, generator.Ring{Keys: x.NewKeys("fresh", 1), Threshold: 1}))
	x.SetNow(unix("2025-05-20 00:00:00"))
	x.Log(x.Attestation(x.a, period("2025-Q1")))
	x.Log(x.Publish(x.committed))
	x.Log(x.OpenText(x.withheld, "other"))
	x.Log(x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1"))
	x.Log(x.Succeed(x.a, x.fresh))
	for split := range len(x.Logged) + 1 {
		whole, _, all := replay(x.World)
		s, _, before := replayLeaves(x.Options.Origin, x.Logged[:split])
		var saved bytes.Buffer
		if err := s.Save(&saved); err != nil {
			t.Fatal(err)
		}
		bytesOf := bytes.Clone(saved.Bytes())
		s, err := pledge.Restore(&saved)
		if err != nil {
			t.Fatalf("split at %d: %v", split, err)
		}
		var again bytes.Buffer
		if err := s.Save(&again); err != nil || !bytes.Equal(again.Bytes(), bytesOf) {
			t.Fatalf("split at %d: saved again it is another state (%v)", split, err)
		}
		ring := pledge.NewKeyring()
		found := before
		for i, e := range x.Logged {
			it := pledge.Read(uint64(i), e.Leaf)
			ring.Learn(it.Statement)
			if i < split {
				continue
			}
			ring.Try(it)
			_, f := s.Step(it)
			found = append(found, f...)
		}
		if d := cmp.Diff(all, found); d != "" {
			t.Fatalf("split at %d: findings (-whole +split):\n%s", split, d)
		}
		at := s.Now() + 400*86400
		if d := cmp.Diff(whole.Statuses(at), s.Statuses(at), cmp.AllowUnexported(entry.Period{}, entry.SlotPeriod{}, entry.Claim{})); d != "" {
			t.Fatalf("split at %d: statuses (-whole +split):\n%s", split, d)
		}
		if d := cmp.Diff(whole.Promises(at), s.Promises(at)); d != "" {
			t.Fatalf("split at %d: promises (-whole +split):\n%s", split, d)
		}
	}
	for _, bad := range []string{"", "{}", `{"Format":"pledgelog.state.v1","Kept":{}}`, `{"Format":"pledgelog.state.v5","Kept":{"Strange":1}}`} {
		if _, err := pledge.Restore(bytes.NewReader([]byte(bad))); err == nil {
			t.Errorf("%q is taken for a state", bad)
		}
	}
}

// TestFarApart: a log whose last entry is dated thousands of years ahead takes
// neither long nor much memory to judge.
func TestFarApart(t *testing.T) {
	w := generator.New(generator.Options{Seed: 72, Signatories: 3, Slots: entry.SlotsDay, NoDirectories: true})
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
	}
	w.SetNow(entry.MaxLogged)
	w.Log(w.Request(w.Signatories[0], "2025-01", nil))
	s, _, _ := replay(w)
	found := s.Promises(s.Now())
	if n := len(found); n > 3*(pledge.MaxPeriods+10) {
		t.Errorf("%d findings", n)
	}
	st := status(t, s, w.Signatories[0], s.Now())
	if len(st.Periods) > pledge.MaxPeriods+2 || len(st.Slots.First) != pledge.MaxMissedListed {
		t.Errorf("%d periods, %d missed slots listed", len(st.Periods), len(st.Slots.First))
	}
	// From 7 January 2025 up to and with 30 December 9999; the 31st has not ended.
	if want := uint64((entry.MaxLogged+1-unix("2025-01-07 00:00:00"))/86400 - 1); st.Slots.Missed != want || st.Slots.Owed != want {
		t.Errorf("%d of %d slots missed, want %d", st.Slots.Missed, st.Slots.Owed, want)
	}
}
