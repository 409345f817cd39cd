package pledge_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestRekeyDetails: what keys of last resort bring beside keys waits with them, and does
// not change what was before.
func TestRekeyDetails(t *testing.T) {
	const aDay = 24 * time.Hour
	// told are the changes that an audit tells of, and what Status says of name and periods.
	type state struct {
		Told, Name, Periods string
	}
	look := func(t *testing.T, w *generator.World, at int64) state {
		t.Helper()
		s, v, found := replay(w)
		for i := range v {
			if v[i].Kind != pledge.Accepted {
				t.Fatalf("entry %d: %+v", i, v[i])
			}
		}
		// As a state has it that was saved and read back.
		var b bytes.Buffer
		if err := s.Save(&b); err != nil {
			t.Fatal(err)
		}
		s, err := pledge.Restore(&b)
		if err != nil {
			t.Fatal(err)
		}
		st, _ := s.Status(w.Signatories[0].ID, max(at, s.Now(), w.Now()))
		var out state
		for _, f := range found {
			if f.Code == pledge.FindAdmissionChanged {
				out.Told += "!"
				if f.Author != st.ID || f.Severity != pledge.Info || f.Index == nil {
					t.Errorf("%+v", f)
				}
			}
		}
		out.Name = st.Admit.Name
		var periods []string
		for _, p := range st.Periods {
			periods = append(periods, p.Period.String()[5:]+" "+string(p.State))
		}
		out.Periods = strings.Join(periods, ", ")
		return out
	}
	want := func(t *testing.T, w *generator.World, at int64, told, name, periods string) {
		t.Helper()
		if d := cmp.Diff(state{told, name, periods}, look(t, w, at)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	ring := func(w *generator.World) generator.Ring {
		return generator.Ring{Keys: w.NewKeys("last resort", 1), Threshold: 1}
	}
	// world has two signatories; the first has missed the first quarter.
	world := func(carved ...string) (*generator.World, *generator.Author) {
		w := generator.New(generator.Options{Seed: 41, Signatories: 3})
		w.Log(w.Found())
		for i, a := range w.Signatories[:2] {
			if i == 0 {
				a.CarveOuts = carved
			}
			w.Log(w.Admit(a))
			w.Log(w.Pledge(a))
		}
		w.SetNow(unix("2025-06-20 00:00:00"))
		return w, w.Signatories[0]
	}
	rekey := func(w *generator.World, a *generator.Author, name string, carved ...string) {
		was, before := a.Name, a.CarveOuts
		a.Name, a.CarveOuts = name, carved
		w.Log(w.Rekey(a, ring(w)))
		a.Name, a.CarveOuts = was, before
	}

	t.Run("carve-outs excuse nothing of the past", func(t *testing.T) {
		w, a := world()
		name := a.Name
		want(t, w, 0, "", name, "Q1 missed, Q2 due")
		rekey(w, a, "Other Works", "us-nsl")
		want(t, w, 0, "!", name, "Q1 missed, Q2 due")
		// In force on 4 July, which is after the second quarter.
		in := unix("2025-07-04 00:00:00")
		want(t, w, in-1, "!", name, "Q1 missed, Q2 grace, Q3 due")
		want(t, w, in, "!", "Other Works", "Q1 missed, Q2 grace, Q3 due")
		later := unix("2026-01-31 00:00:00")
		want(t, w, later, "!", "Other Works", "Q1 missed, Q2 missed, Q3 carved-out, Q4 carved-out, Q1 due")
		w.SetNow(later - 86400)
		w.Log(w.Request(w.Signatories[1], "2026-01", nil))
		want(t, w, later, "!", "Other Works", "Q1 missed, Q2 missed, Q3 carved-out, Q4 carved-out, Q1 due")
	})
	t.Run("carve-outs that ended excuse what they excused", func(t *testing.T) {
		w, a := world("us-nsl")
		rekey(w, a, a.Name)
		w.Advance(15 * aDay)
		w.Log(w.Request(w.Signatories[1], "2025-06", nil))
		want(t, w, unix("2025-11-01 00:00:00"), "!", a.Name, "Q1 carved-out, Q2 carved-out, Q3 missed, Q4 due")
	})
	t.Run("from the last second of a period on", func(t *testing.T) {
		for _, c := range []struct{ logged, q2 string }{
			{"2025-06-16 23:59:59", "carved-out"}, {"2025-06-17 00:00:00", "missed"},
		} {
			w, a := world()
			w.SetNow(unix(c.logged))
			rekey(w, a, a.Name, "us-nsl")
			want(t, w, unix("2025-08-10 00:00:00"), "!", a.Name, "Q1 missed, Q2 "+c.q2+", Q3 due")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		w, a := world()
		own := a.Ring()
		rekey(w, a, "Other Works", "us-nsl")
		w.Advance(aDay)
		st := w.Request(a, "2025-06", nil)
		st.Signers = own.Signers()
		w.Log(st)
		want(t, w, unix("2025-11-01 00:00:00"), "!", a.Name, "Q1 missed, Q2 missed, Q3 missed, Q4 due")
	})
	t.Run("with the same details", func(t *testing.T) {
		w, a := world()
		rekey(w, a, a.Name)
		want(t, w, 0, "", a.Name, "Q1 missed, Q2 due")
	})
	t.Run("readmitted, with other keys", func(t *testing.T) {
		w, a := world()
		own := a.Ring()
		w.Log(w.Withdraw(a, nil))
		a.Name, a.CarveOuts = "Other Works", []string{"us-nsl"}
		w.Log(w.Readmit(a, ring(w)))
		st := w.Pledge(a)
		st.Signers = own.Signers()
		w.Log(st) // cancels the keys alone
		want(t, w, unix("2025-11-01 00:00:00"), "!", "Other Works", "Q1 missed, Q2 carved-out, Q3 carved-out, Q4 due")
	})
}
