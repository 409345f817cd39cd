package pledge_test

import (
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestConfirmedByItsOwn: what confirms keys of last resort is the last set of the
// author's own, however often its keys are replaced meanwhile.
func TestConfirmedByItsOwn(t *testing.T) {
	const weeks = 15 * 24 * time.Hour
	ring := func(x *cast, name string) generator.Ring {
		return generator.Ring{Keys: x.NewKeys(name, 1), Threshold: 1}
	}
	// confirm logs a keys by the keys in force, which others sign too.
	confirm := func(x *cast, name string, by ...*generator.Key) {
		st := x.Rotate(x.a, ring(x, name))
		st.Signers = append(st.Signers, by...)
		x.Log(st)
	}
	label := func(t *testing.T, x *cast, want bool) {
		t.Helper()
		s, _ := x.state(t)
		at := s.Now()
		if got := status(t, s, x.a, at).KeysChanged != nil; got != want {
			t.Errorf("the status says that keys are not confirmed: %v, want %v", got, want)
		}
		if got := len(about(s.Promises(at), pledge.FindRekeyUnconfirmed)) > 0; got != want {
			t.Errorf("a finding says that keys are not confirmed: %v, want %v", got, want)
		}
	}
	refused := func(t *testing.T, x *cast, by ...*generator.Key) {
		t.Helper()
		st := x.Rotate(x.a, ring(x, "refused"))
		st.Signers = append(st.Signers, by...)
		if v := x.next(st); v.Code != pledge.CodeSignatureUncalled {
			t.Errorf("keys that are not called for: %+v", v)
		}
	}

	t.Run("two rekeys", func(t *testing.T) {
		x := newCast(93)
		own, first, second := x.a.Ring(), ring(x, "first"), ring(x, "second")
		x.Log(x.Rekey(x.a, first))
		x.Advance(weeks)
		x.Log(x.Request(x.b, "2025-01", nil))
		label(t, x, true)
		x.Log(x.Rekey(x.a, second))
		label(t, x, true) // while the second waits, the first is not confirmed
		x.Advance(weeks)
		refused(t, x, first.Signers()...) // the second's time has come, and nothing was logged since
		x.Log(x.Request(x.b, "2025-01", nil))
		label(t, x, true)
		refused(t, x, first.Signers()...)
		confirm(x, "third")
		label(t, x, true)
		confirm(x, "fourth", own.Signers()...)
		label(t, x, false)
	})
	t.Run("one replaces another that waits", func(t *testing.T) {
		x := newCast(94)
		own, first, second := x.a.Ring(), ring(x, "first"), ring(x, "second")
		x.Log(x.Rekey(x.a, first))
		x.Advance(24 * time.Hour)
		x.Log(x.Rekey(x.a, second))
		x.Advance(weeks)
		x.Log(x.Request(x.b, "2025-01", nil))
		refused(t, x, first.Signers()...)
		label(t, x, true)
		confirm(x, "third", own.Signers()...)
		label(t, x, false)
	})
	t.Run("a thief's keys while suspended", func(t *testing.T) {
		for _, twice := range []bool{false, true} {
			x := newCast(95)
			own, thief, first := x.a.Ring(), ring(x, "thief"), ring(x, "first")
			x.Log(x.Standing(x.a, entry.StandingSuspended, "other"))
			x.Log(x.Rekey(x.a, first))
			// Signed by the keys in force, which somebody else has.
			x.Log(x.Rotate(x.a, thief))
			if twice {
				x.Log(x.Rekey(x.a, first))
			}
			x.Advance(weeks)
			x.Log(x.Request(x.b, "2025-01", nil))
			label(t, x, true)
			refused(t, x, thief.Signers()...)
			confirm(x, "second", own.Signers()...)
			label(t, x, false)
		}
	})
}
