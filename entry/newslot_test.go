package entry

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
)

func commitmentsOf(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = Digest(fmt.Append(nil, "body ", i))
	}
	return list
}

// TestNewSlot opens every place of slots of all fillings.
func TestNewSlot(t *testing.T) {
	period, err := ParseSlotPeriod("2026-W33")
	if err != nil {
		t.Fatal(err)
	}
	length := 0
	for _, n := range []int{0, 1, 2, 63, 64} {
		want := commitmentsOf(n)
		slot, disclosures, err := NewSlot(rand.NewChaCha8([32]byte{byte(n)}), period, want)
		if err != nil {
			t.Fatal(err)
		}
		st := Statement{Log: testOrigin, Author: "acme-corp", Lane: LaneSlot, Seq: 1, Made: 1780000000, Kind: KindSlot, Body: slot}
		payload, err := st.Payload()
		if n == 0 {
			length = len(payload)
		}
		if err != nil || len(payload) != length {
			t.Errorf("%d commitments: the payload has %d bytes, and %d when empty (%v)", n, len(payload), length, err)
		}
		if len(disclosures) != SlotPlaces {
			t.Fatalf("%d commitments: %d disclosures", n, len(disclosures))
		}
		seen := make(map[string]bool)
		for i, d := range disclosures {
			again, err := ParseDisclosure(d.Text())
			if err != nil {
				t.Fatal(err)
			}
			if again.Salt != d.Salt || again.Name != SlotName || string(again.Value) != string(d.Value) {
				t.Errorf("%d commitments: place %d reads as %v, and is %v", n, i, again, d)
			}
			commitment := ""
			if i < n {
				commitment = want[i]
			}
			if d.BodyDigest() != commitment {
				t.Errorf("%d commitments: place %d commits to %q, want %q", n, i, d.BodyDigest(), commitment)
			}
			if _, found := slices.BinarySearch(slot.Digests, d.Digest()); !found || seen[d.Salt] {
				t.Errorf("%d commitments: place %d is not in the slot, or its salt was used before", n, i)
			}
			seen[d.Salt] = true
		}
	}
}

// TestNewSlotIsTheSame wants the same allocations and random bytes, full or
// empty.
func TestNewSlotIsTheSame(t *testing.T) {
	period := SlotPeriodAt(SlotsDay, 1780000000)
	measure := func(n int) (allocs float64, bytes uint64) {
		list := commitmentsOf(n)
		once := func() {
			if _, _, err := NewSlot(rand.NewChaCha8([32]byte{}), period, list); err != nil {
				t.Fatal(err)
			}
		}
		allocs = testing.AllocsPerRun(100, once)
		bytes = math.MaxUint64
		for range 50 { // the runtime allocates too, now and then
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			once()
			runtime.ReadMemStats(&after)
			bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
		}
		return allocs, bytes
	}
	emptyAllocs, emptyBytes := measure(0)
	for _, n := range []int{1, 64} {
		if allocs, bytes := measure(n); allocs != emptyAllocs || bytes != emptyBytes {
			t.Errorf("%d commitments: %v allocations of %d bytes, an empty slot %v of %d", n, allocs, bytes, emptyAllocs, emptyBytes)
		}
	}
}

func TestNewSlotRefused(t *testing.T) {
	period := SlotPeriodAt(SlotsMonth, 1780000000)
	twice := commitmentsOf(3)
	twice[2] = twice[0]
	for _, c := range []struct {
		name        string
		period      SlotPeriod
		commitments []string
		want        Code
	}{
		{"65 commitments", period, commitmentsOf(65), CodeMemberMalformed},
		{"one twice", period, twice, CodeMemberMalformed},
		{"not a digest", period, []string{"x"}, CodeDigestMalformed},
		{"no digest", period, []string{""}, CodeDigestMalformed},
		{"no period", SlotPeriod{}, nil, CodePeriodMalformed},
	} {
		if _, _, err := NewSlot(rand.NewChaCha8([32]byte{}), c.period, c.commitments); CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	broken := errors.New("no randomness")
	if _, _, err := NewSlot(iotest.ErrReader(broken), period, nil); !errors.Is(err, broken) {
		t.Errorf("without randomness: %v", err)
	}
}

func BenchmarkNewSlot(b *testing.B) {
	for _, n := range []int{0, 64} {
		list := commitmentsOf(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				_, _, _ = NewSlot(rand.NewChaCha8([32]byte{}), SlotPeriodAt(SlotsDay, 1780000000), list)
			}
		})
	}
}
