package pledge_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestDatedAhead: what an author or the operator dates after the log's time, as far as
// a server would have refused it. Entry 3 is a directory.
func TestDatedAhead(t *testing.T) {
	for _, c := range []struct {
		name, now string
		do        func(w *generator.World, a *generator.Author)
		want      []string
	}{
		{"received in a period to come", "2025-03-31 23:59:59", func(w *generator.World, a *generator.Author) {
			w.Log(w.Request(a, "2025-04", nil))
		}, []string{"received-after-logged author 4"}},
		{"received as its period begins", "2025-04-01 00:00:00", func(w *generator.World, a *generator.Author) {
			w.Log(w.Request(a, "2025-04", nil))
		}, nil},
		{"when it was received is withheld", "2025-03-31 23:59:59", func(w *generator.World, a *generator.Author) {
			st := w.Request(a, "2025-04", nil)
			st.Statement.Body.(*entry.Request).Received = "withheld"
			w.Log(st)
		}, nil},
		// 2 March begins 24 hours after 1 March, 00:00:00.
		{"decided the day after tomorrow", "2025-02-28 23:59:59", func(w *generator.World, a *generator.Author) {
			w.Log(decidedOn(w, a, "2025-03-02"))
		}, []string{"date-after-logged author 5"}},
		{"decided tomorrow", "2025-03-01 00:00:00", func(w *generator.World, a *generator.Author) {
			w.Log(decidedOn(w, a, "2025-03-02"))
		}, nil},
		{"erased the day after tomorrow", "2025-02-28 23:59:59", func(w *generator.World, a *generator.Author) {
			w.Log(erasedOn(w, a, "2025-03-02"))
		}, []string{"erasure-date-after-logged operator 5"}},
		{"erased tomorrow", "2025-03-01 00:00:00", func(w *generator.World, a *generator.Author) {
			w.Log(erasedOn(w, a, "2025-03-02"))
		}, nil},
	} {
		w := founded(64, 1)
		w.SetNow(unix(c.now))
		c.do(w, w.Signatories[0])
		if d := cmp.Diff(c.want, datedFindings(t, w)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func datedFindings(t *testing.T, w *generator.World) []string {
	t.Helper()
	_, verdicts, found := replay(w)
	for i, v := range verdicts {
		if v.Kind != pledge.Accepted {
			t.Fatalf("entry %d is %s: %s", i, v.Kind, v.Code)
		}
	}
	var out []string
	for _, f := range found {
		switch f.Code {
		case "received-after-logged", "date-after-logged", "erasure-date-after-logged", "slot-before-received":
			out = append(out, fmt.Sprintf("%s %s %d", f.Code, f.Concerns, *f.Index))
		}
	}
	return out
}

func decidedOn(w *generator.World, a *generator.Author, date string) *generator.Statement {
	st := w.Decision(w.Log(w.Request(a, "2025-02", nil)), "refused", nil)
	st.Statement.Body.(*entry.Decision).Date = date
	return st
}

func erasedOn(w *generator.World, a *generator.Author, date string) *generator.Statement {
	r := w.Request(a, "2025-02", nil)
	w.Log(r)
	st := w.Erase(r, r.BodyDigest, entry.BasisCourtOrder, "X-1")
	st.Statement.Body.(*entry.Erasure).Date = date
	return st
}

// TestSlotBeforeReceived: a request can't have been in a slot that was logged before
// the period in which it was received.
func TestSlotBeforeReceived(t *testing.T) {
	for _, c := range []struct {
		slot, received string
		want           []string
	}{
		{"2025-02-02 00:00:00", "2025-09", []string{"slot-before-received author 4"}},
		{"2025-03-31 23:59:59", "2025-04", []string{"slot-before-received author 4"}},
		{"2025-04-01 00:00:00", "2025-04", nil},
		{"2025-02-02 00:00:00", "2025-03", nil}, // of the same quarter: that is all that it says
		{"2025-02-02 00:00:00", "2024-12", nil},
	} {
		w := generator.New(generator.Options{Seed: 65, Signatories: 1, Slots: entry.SlotsMonth})
		a := w.Signatories[0]
		w.Log(w.Found())
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
		w.SetNow(unix(c.slot))
		in := w.Commit(a, c.received, nil)
		w.Log(w.Slot(a, entry.SlotPeriodAt(entry.SlotsMonth, w.Now()), in))
		w.SetNow(unix("2026-01-05 12:00:00"))
		w.Log(w.Publish(in))
		if d := cmp.Diff(c.want, datedFindings(t, w)); d != "" {
			t.Errorf("slot at %s, received %s (-want +got):\n%s", c.slot, c.received, d)
		}
	}
}
