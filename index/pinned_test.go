package index_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/pledge"
)

func rows(t *testing.T, x *index.Index, size uint64) []*index.Entry {
	t.Helper()
	var out []*index.Entry
	for e, err := range x.Snapshot().Rows(t.Context(), size) {
		if err != nil {
			t.Fatalf("rows of %d: %v", size, err)
		}
		out = append(out, e)
	}
	return out
}

// TestRowsArePinned: what Rows gives of a size is what entries were when the log had that
// size, however it grew since, but for texts that were erased since.
func TestRowsArePinned(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed = 8
	p := newPublished(t, o)
	if err := p.world.EveryKind(420); err != nil {
		t.Fatal(err)
	}
	all := len(p.world.Logged)
	x := p.open()
	then := make(map[int][]*index.Entry)
	sizes := []int{256, all}
	for i, l := range p.world.Logged {
		if st := pledge.Read(uint64(i), l.Leaf).Statement; st != nil && st.Kind == entry.KindChallenge && st.BodyDigest != "" && i+1 != 256 {
			sizes = append(sizes, i+1) // nobody has replied yet
			break
		}
	}
	slices.Sort(sizes)
	for _, n := range sizes {
		p.publish(n)
		if err := x.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			e, err := x.EntryAt(t.Context(), uint64(i))
			if err != nil {
				t.Fatal(err)
			}
			then[n] = append(then[n], e)
		}
	}
	same := cmp.Options{
		cmp.AllowUnexported(entry.Period{}, entry.SlotPeriod{}, entry.Claim{}), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(entry.Statement{}),
		cmpopts.IgnoreFields(index.Entry{}, "View", "Envelope", "Statement", "Detached", "Subject", "Admit", "Review", "Doubt", "Unconfirmed", "Challenge", "Challenges", "Findings"),
	}
	t.Logf("sizes %d", sizes)
	opened, corrected, answered, erased, held, since := 0, 0, 0, 0, 0, 0
	for _, n := range sizes {
		got := rows(t, x, uint64(n))
		if len(got) != n {
			t.Fatalf("size %d: %d rows", n, len(got))
		}
		for i, e := range got {
			want := *then[n][i]
			if slices.ContainsFunc(e.Erasures, func(e pledge.Erasure) bool { return e.Index >= uint64(n) }) {
				// It is gone, and says by what.
				since++
				now := then[all][i]
				want.Erasures, want.Body, want.BodyState = now.Erasures, now.Body, now.BodyState
				want.Disclosed = slices.DeleteFunc(slices.Clone(now.Disclosed), func(d index.Disclosed) bool { return d.By.Index >= uint64(n) })
			}
			if e.HeldUntil != want.HeldUntil {
				// The checkpoint's time may be later than the last entry's.
				t.Logf("size %d: entry %d held until %d, and shown then: %d", n, i, e.HeldUntil, want.HeldUntil)
				if e.HeldUntil == 0 {
					t.Errorf("size %d: entry %d is shown, and was held back then", n, i)
				}
				want.HeldUntil, want.Body = e.HeldUntil, nil
			}
			if diff := cmp.Diff(&want, e, same); diff != "" {
				t.Errorf("size %d: entry %d (-then +rows):\n%s", n, i, diff)
			}
			if fmt.Sprint(e.Detached == nil) != fmt.Sprint(want.Detached == nil) && e.HeldUntil == 0 && len(e.Erasures) == 0 {
				t.Errorf("size %d: entry %d: text read %v, then %v", n, i, e.Detached, want.Detached)
			}
			opened += one(e.Opened != nil)
			corrected += one(e.Correction != nil)
			answered += one(e.Statement != nil && e.Statement.Kind == entry.KindChallenge && e.Body != nil)
			erased += one(len(e.Erasures) > 0)
			held += one(e.HeldUntil != 0)
		}
	}
	if opened == 0 || corrected == 0 || answered == 0 || erased == 0 || held == 0 || since == 0 {
		t.Errorf("the log shows too little: %d opened, %d corrected, %d answered, %d erased, %d held, %d erased since", opened, corrected, answered, erased, held, since)
	}
	var last error
	for e, err := range x.Snapshot().Rows(t.Context(), uint64(all)+1) {
		if e != nil {
			t.Error("a row beyond the log")
		}
		last = err
	}
	if !errors.Is(last, index.ErrNotFound) || !strings.Contains(fmt.Sprint(last), fmt.Sprint(all)) {
		t.Errorf("beyond the log: %v", last)
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
