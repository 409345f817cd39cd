package verifier_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// An old statement logged again, dated far ahead, leaves everybody as they stand: what
// is logged rightly after it counts, with witnesses and without.
func TestNoEffectDatedAhead(t *testing.T) {
	for name, witnesses := range map[string]int{"witnesses": 2, "no witnesses": 0} {
		t.Run(name, func(t *testing.T) {
			w := generator.New(generator.Options{Seed: 304, Signatories: 1, Witnesses: witnesses, NoDirectories: true})
			a := w.Signatories[0]
			w.Log(w.Found())
			w.Advance(time.Minute)
			w.Log(w.Admit(a))
			w.Advance(time.Minute)
			w.Log(w.Pledge(a))
			again, err := entry.ParseLeaf(w.Logged[1].Leaf)
			if err != nil {
				t.Fatal(err)
			}
			again.Logged = at(2090, 1, 1, 0)
			w.LogLeaf(again.Marshal())
			w.SetNow(at(2025, 4, 10, 12))
			w.Log(w.Attestation(a, quarter(t, "2025-Q1")))
			s := newLog(t, w)
			if witnesses > 0 {
				notes := witnessed(t, w, []seen{{4, at(2025, 1, 6, 10)}, {5, at(2025, 4, 10, 12) + 60}})
				if err := s.SetArchive(notes); err != nil {
					t.Fatal(err)
				}
				if err := s.Write(log.CheckpointPath, notes[1]); err != nil {
					t.Fatal(err)
				}
			}
			clock := at(2025, 4, 11, 0)
			r := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Now = &clock })
			if got := stateOf(r, a.ID, "2025-Q1"); got != pledge.OnTime || r.LeftOut != 0 {
				t.Errorf("the first quarter is %q, %d findings left out", got, r.LeftOut)
			}
			var got []string
			for _, f := range r.Findings {
				if f.Code != "directory-overdue" && f.Code != "archive-sparse" {
					got = append(got, fmt.Sprintf("%s@%d %s", f.Code, *f.Index, f.Concerns))
				}
			}
			want := []string{"statement-duplicate@3 operator", "logged-decreases@4 operator"}
			if witnesses > 0 {
				want = slices.Insert(want, 0, "logged-after-witnessed@3 operator")
			}
			if !slices.Equal(got, want) {
				t.Errorf("findings %v, want %v", got, want)
			}
		})
	}
}
