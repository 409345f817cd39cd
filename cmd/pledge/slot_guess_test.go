package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// An observed slot is what anybody who sees everything but the company's own machine
// knows of one: the operator too, who sees when its requests come.
type observed struct {
	full     bool // what is to be guessed
	features map[string]float64
}

// TestSlotsCannotBeTold: who sees all that is public, and when, does no better than
// chance at telling full slots from empty ones, by any one thing or by all together. The
// same guessing does tell them where a full slot is a byte longer, or 5 ms slower. On a
// machine with other work to do times differ by more: there it is as much slower as they do.
func TestSlotsCannotBeTold(t *testing.T) {
	m := newMember(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("which weeks are full is drawn from %d", seed)
	dice := rand.New(rand.NewPCG(3, seed)) // everything secret is the tool's own choice
	week := entry.SlotPeriodAt(entry.SlotsWeek, mustTime(t, "2026-01-05T10:00:00Z"))
	slots := make([]observed, 200)
	for i := range slots {
		week = week.Next()
		m.clock(entry.FormatTime(week.Start() + 3600))
		slots[i].full = dice.IntN(2) == 1
		if slots[i].full {
			m.file("request.yaml", "author: acme\nreceived: "+entry.FormatTime(week.Start())[:7]+"\ncountry: XB\nassist: [keys]\n")
			for range 1 + dice.IntN(3) {
				m.must("new", "request", "--from", "request.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "slots", "--safe", "acme.safe.pub")
			}
		}
		m.wire.sent()
		m.wire.times = nil
		m.must(slotRun...)
		done := time.Now()
		times := slices.Clone(m.wire.times)
		heard, lines := m.wire.sent()
		proof, err := log.ParseProof(mustRead(t, filepath.Join("slots", "acme-slot-"+week.String()+receiptExt)))
		if err != nil {
			t.Fatal(err)
		}
		slots[i].features = see(t, proof.Extra, heard, len(lines), times, done)
	}
	g := newGuessers(slots)
	for name, right := range g.guess(slots) {
		if right > g.bound {
			t.Errorf("by %s %d of %d slots are told rightly, chance gives at most %d", name, right, len(slots), g.bound)
		}
		t.Logf("%-34s %d of %d", name, right, len(slots))
	}
	const pause = "longest pause between requests"
	slower := max(leastSlower, spread(slots, pause))
	t.Logf("the control is full slots that are %.1f ms slower", slower*1000)
	if slower > mostSlower {
		t.Fatalf("the control fails: the %s of the middle half of the slots lies %.0f ms apart, and one of over %.0f ms shows nothing: this machine is too busy", pause, slower*1000, mostSlower*1000)
	}
	for what, leak := range map[string]struct {
		by   string
		more float64
	}{"a byte longer": {"bytes of the leaf", 1}, "slower": {pause, slower}} {
		if right := g.guess(leaky(slots, leak.by, leak.more))[leak.by]; right <= g.bound {
			t.Errorf("full slots that are %s are not told: %d of %d", what, right, len(slots))
		}
	}
}

// By how much full slots are slower in the control, in seconds: one that is told only
// when it is more than the most says nothing of what the times give away.
const leastSlower, mostSlower = 0.005, 0.050

// leaky are slots of which the full ones have more of something.
func leaky(slots []observed, name string, more float64) []observed {
	out := slices.Clone(slots)
	for i := range out {
		out[i].features = maps.Clone(out[i].features)
		if out[i].full {
			out[i].features[name] += more
		}
	}
	return out
}

// spread is how far the middle half of what was seen lies apart: on a machine that has
// other work to do, times differ by more than a few milliseconds.
func spread(slots []observed, name string) float64 {
	var all []float64
	for _, s := range slots {
		all = append(all, s.features[name])
	}
	slices.Sort(all)
	return all[len(all)*3/4] - all[len(all)/4]
}

// see takes down what can be seen of a slot.
func see(t *testing.T, leaf, heard []byte, requests int, times []time.Time, done time.Time) map[string]float64 {
	t.Helper()
	parsed, err := entry.ParseLeaf(leaf)
	if err != nil {
		t.Fatal(err)
	}
	st, err := entry.ParseStatement(parsed.Statement)
	if err != nil {
		t.Fatal(err)
	}
	f := map[string]float64{
		"bytes of the leaf":                float64(len(leaf)),
		"bytes sent":                       float64(len(heard)),
		"requests":                         float64(requests),
		"made":                             float64(st.Made % 3600),
		"logged after made":                float64(parsed.Logged - st.Made),
		"from first request to last":       times[len(times)-1].Sub(times[0]).Seconds(),
		"from the last request to the end": done.Sub(times[len(times)-1]).Seconds(),
	}
	// The longest pause between two requests is where the slot is made.
	longest := time.Duration(0)
	for i := 1; i < len(times); i++ {
		longest = max(longest, times[i].Sub(times[i-1]))
	}
	f["longest pause between requests"] = longest.Seconds()
	var all []byte
	for _, d := range st.Body.(*entry.Slot).Digests {
		b, err := base64.RawURLEncoding.DecodeString(d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	ones := 0
	for _, b := range all {
		for ; b != 0; b &= b - 1 {
			ones++
		}
	}
	f["ones among the digests' bits"] = float64(ones)
	f["first byte of the first digest"] = float64(all[0])
	for _, i := range []int{0, 17, 31} {
		sum := 0
		for j := i; j < len(all); j += 32 {
			sum += int(all[j])
		}
		f[fmt.Sprintf("sum of byte %d of the digests", i)] = float64(sum)
	}
	f["signature's first byte"] = float64(parsed.Statement.Signatures[0].Sig[0])
	f["order of members"] = float64(bytes.Index(parsed.Statement.Payload, []byte(`"period"`)))
	return f
}
