package pledge_test

import (
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestRemovedAfterSuccession: who was succeeded owes nothing from then on, removed
// later or not.
func TestRemovedAfterSuccession(t *testing.T) {
	x := newCast(61)
	x.SetNow(unix("2025-04-02 10:00:00"))
	x.Log(x.Attestation(x.a, period("2025-Q1")))
	x.SetNow(unix("2025-05-05 10:00:00"))
	x.Log(x.Succeed(x.a, x.b))
	end := unix("2026-06-02 00:00:00")
	s, _ := x.state(t)
	before := status(t, s, x.a, end)
	x.SetNow(unix("2025-12-02 10:00:00"))
	x.Log(x.Standing(x.a, entry.StandingRemoved, "other"))
	s, _ = x.state(t)
	after := status(t, s, x.a, end)
	if after.Standing != entry.StandingRemoved {
		t.Errorf("standing %s", after.Standing)
	}
	if got := calendar(s, x.a.ID, end); !slices.Equal(got, []string{"2025-Q1 on-time"}) {
		t.Errorf("calendar %v", got)
	}
	// Weeks 3 to 18 have begun since its admission, on 6 January, a Monday, and ended
	// before 5 May, a Monday too.
	if before.Slots.Owed != 16 || after.Slots.Owed != 16 {
		t.Errorf("%d slots owed after the succession, %d after the removal; want 16", before.Slots.Owed, after.Slots.Owed)
	}
	for _, f := range about(s.Promises(end), pledge.FindAttestationMissed) {
		if f.Author == x.a.ID {
			t.Errorf("finding %+v", f)
		}
	}
}

// TestNotOwed: what is attested for a period in which its author was out is neither
// late nor in time.
func TestNotOwed(t *testing.T) {
	x := newCast(58)
	x.SetNow(unix("2025-04-02 10:00:00"))
	x.Log(x.Attestation(x.b, period("2025-Q1")))
	x.SetNow(unix("2025-05-02 10:00:00"))
	x.Log(x.Standing(x.b, entry.StandingRemoved, "other"))
	x.SetNow(unix("2026-02-02 10:00:00"))
	x.Log(x.Readmit(x.b, x.b.Ring()))
	x.Log(x.Pledge(x.b))
	x.Log(x.Attestation(x.b, period("2025-Q3")))
	s, found := x.state(t)
	if got := about(append(found, s.Promises(s.Now())...), pledge.FindAttestationLate); len(got) > 0 {
		t.Errorf("findings %+v", got)
	}
	if got := calendar(s, x.b.ID, s.Now()); !slices.Equal(got, []string{"2025-Q1 on-time", "2026-Q1 due"}) {
		t.Errorf("calendar %v", got)
	}
}

// TestAttestedBeforeTheEnd: a period whose deadline is after the log's end is not
// owed, and what is attested for it is in time.
func TestAttestedBeforeTheEnd(t *testing.T) {
	x := newCast(59)
	x.SetNow(unix("2025-04-02 10:00:00"))
	x.Log(x.Attestation(x.a, period("2025-Q1")))
	end := "2025-04-10T00:00:00Z"
	x.Log(x.Amend(&entry.Amend{Ends: &entry.End{}, From: end}, generator.Amended{}, nil))
	s, _ := x.state(t)
	if got := calendar(s, x.a.ID, unix("2025-06-01 00:00:00")); !slices.Equal(got, []string{"2025-Q1 on-time"}) {
		t.Errorf("calendar of who attested %v", got)
	}
	if got := calendar(s, x.b.ID, unix("2025-06-01 00:00:00")); len(got) > 0 {
		t.Errorf("calendar of who owes nothing %v", got)
	}
}

// TestOneOpenChallenge: a challenge that waits again, because its reply was voided,
// blocks another one, whichever was filed last.
func TestOneOpenChallenge(t *testing.T) {
	x := newCast(57)
	first := x.Challenge(x.c, x.b, nil, nil)
	x.Log(first)
	reply := x.Reply(x.b, &entry.Reply{Challenge: first.ID, Answer: entry.AnswerDisputed}, nil)
	x.Log(reply)
	second := x.Challenge(x.c, x.b, nil, nil)
	x.Log(second)
	x.Log(x.Reply(x.b, &entry.Reply{Challenge: second.ID, Answer: entry.AnswerDisputed}, nil))
	x.Log(x.Correct(reply, nil, nil))
	wantNext := func(want entry.Code) {
		t.Helper()
		if v := x.next(x.Challenge(x.c, x.b, nil, nil)); v.Code != want {
			t.Errorf("another challenge: %+v, want %q", v, want)
		}
	}
	wantNext(pledge.CodeChallengeOpen)
	if v := x.next(x.Challenge(x.c, x.a, nil, nil)); v.Kind != pledge.Accepted {
		t.Errorf("a challenge against another: %+v", v)
	}
	x.Log(x.Correct(first, nil, nil))
	wantNext("")
}

// TestFirstReplyVoid: once the first reply is void, the next one is the first, and
// its time counts.
func TestFirstReplyVoid(t *testing.T) {
	const late = 200 * 86400
	for _, c := range []struct {
		name       string
		in, second int64 // when the two replies come, in seconds after the challenge
		voidBefore bool  // the first is voided before the second comes
		want       []string
	}{
		{"in time, the next late", 0, late, false, []string{"reply-late", "reply-repeated"}},
		{"in time, voided, the next late", 0, late, true, []string{"reply-late"}},
		{"in time, the next too", 0, 3600, false, []string{"reply-repeated"}},
		{"late, the next too", late, late + 3600, false, []string{"reply-late", "reply-repeated"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newCast(62)
			challenge := x.Challenge(x.c, x.b, nil, nil)
			x.Log(challenge)
			filed := x.Now()
			x.SetNow(filed + c.in)
			first := x.Reply(x.b, &entry.Reply{Challenge: challenge.ID, Answer: entry.AnswerCannotComment}, nil)
			x.Log(first)
			if c.voidBefore {
				x.Log(x.Correct(first, nil, nil))
			}
			x.SetNow(filed + c.second)
			second := x.Reply(x.b, &entry.Reply{Challenge: challenge.ID, Answer: entry.AnswerDisputed}, nil)
			x.Log(second)
			if !c.voidBefore {
				x.Log(x.Correct(first, nil, nil))
			}
			s, found := x.state(t)
			var got []string
			for _, f := range about(append(found, s.Promises(s.Now())...), pledge.FindReplyLate, pledge.FindReplyRepeated, pledge.FindReplyOverdue) {
				got = append(got, string(f.Code))
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("findings %v, want %v", got, c.want)
			}
			if r := s.Challenges()[0].Replies; len(r) != 1 || r[0].Entry != second.ID {
				t.Errorf("replies %+v", r)
			}
		})
	}
}
