package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
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
// chance at telling full slots from empty ones. Half of 200 slots are learnt from: for
// each thing that can be seen, the best threshold; the other half is guessed by it.
func TestSlotsCannotBeTold(t *testing.T) {
	m := newMember(t)
	dice := rand.New(rand.NewPCG(3, 4)) // which weeks are full; everything secret is the tool's own choice
	week := entry.SlotPeriodAt(entry.SlotsWeek, mustTime(t, "2026-01-05T10:00:00Z"))
	slots := make([]observed, 200)
	for i := range slots {
		week = week.Next()
		m.clock(entry.FormatTime(week.Start() + 3600))
		slots[i].full = dice.IntN(2) == 1
		if slots[i].full {
			m.file("request.yaml", "author: acme\nreceived: "+entry.FormatTime(week.Start())[:7]+"\ncountry: XB\nassist: [keys]\n")
			for range 1 + dice.IntN(3) {
				m.must("new", "request", "--from", "request.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "slots")
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
	learn, guess := slots[:100], slots[100:]
	for name := range slots[0].features {
		over, at := threshold(learn, name)
		right := 0
		for _, s := range guess {
			if (s.features[name] > at) == (s.full == over) {
				right++
			}
		}
		// Of 100 throws of a coin, fewer than one in ten thousand series have over 69
		// heads.
		if right > 69 {
			t.Errorf("by %s %d of 100 slots are told rightly", name, right)
		}
		t.Logf("%-34s %d of 100", name, right)
	}
}

// threshold finds the value that tells most of the slots apart, and whether full ones
// are over it.
func threshold(slots []observed, name string) (over bool, at float64) {
	best := -1
	for _, candidate := range slots {
		v := candidate.features[name]
		n := 0
		for _, s := range slots {
			if (s.features[name] > v) == s.full {
				n++
			}
		}
		if n > best {
			best, over, at = n, true, v
		}
		if len(slots)-n > best {
			best, over, at = len(slots)-n, false, v
		}
	}
	return over, at
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
