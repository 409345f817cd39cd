package entry

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// signed makes n checks by a number of keys.
func signed(n, keys int) []Check {
	out := make([]Check, n)
	for i := range out {
		priv := testKey(fmt.Sprint("batch ", i%keys))
		pub, err := NewKey(priv.Public().(ed25519.PublicKey), UseStatement).Parse()
		if err != nil {
			panic(err)
		}
		msg := fmt.Appendf(nil, "message %d", i)
		out[i] = Check{pub, msg, ed25519.Sign(priv, msg)}
	}
	return out
}

// TestVerifyAll: batching never changes a verdict.
func TestVerifyAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 70).Draw(t, "signatures")
		checks := signed(n, rapid.IntRange(1, 9).Draw(t, "keys"))
		want := make([]bool, n)
		for i := range want {
			want[i] = true
		}
		for range rapid.IntRange(0, 4).Draw(t, "bad ones") {
			if n == 0 {
				break
			}
			i := rapid.IntRange(0, n-1).Draw(t, "bad")
			if !want[i] {
				continue // two changes might undo each other
			}
			c := &checks[i]
			want[i] = false
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				c.Sig = append([]byte{}, c.Sig...)
				c.Sig[rapid.IntRange(0, 63).Draw(t, "byte")] ^= 0x10
			case 1:
				c.Msg = append([]byte{}, append(c.Msg, 'x')...)
			case 2:
				c.Sig = c.Sig[:rapid.IntRange(0, 63).Draw(t, "length")]
			case 3:
				// s + L: the same signature, not in its one form.
				c.Sig = append([]byte{}, c.Sig...)
				order := []byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}
				carry := 0
				for j, o := range order {
					carry += int(c.Sig[32+j]) + int(o)
					c.Sig[32+j] = byte(carry)
					carry >>= 8
				}
			}
		}
		for i, got := range VerifyAll(checks) {
			if single := checks[i].Key.Verify(checks[i].Msg, checks[i].Sig); got != want[i] || single != want[i] {
				t.Fatalf("signature %d: together %v, alone %v, want %v", i, got, single, want[i])
			}
		}
	})
}

// TestVerifyAllCannotCancel: two signatures whose errors would cancel out under
// equal weights.
func TestVerifyAllCannotCancel(t *testing.T) {
	checks := signed(8, 1)
	one, two := append([]byte{}, checks[2].Sig...), append([]byte{}, checks[5].Sig...)
	one[32]++ // s+1 and s-1, up to a carry
	two[32]--
	checks[2].Sig, checks[5].Sig = one, two
	if got := VerifyAll(checks); got[2] || got[5] || !got[0] || !got[7] {
		t.Errorf("got %v", got)
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, n := range []int{1, 64, 1024, 4096} {
		checks := signed(n, 50)
		b.Run(fmt.Sprintf("together-%d", n), func(b *testing.B) {
			for b.Loop() {
				VerifyAll(checks)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "sigs/s")
		})
	}
	checks := signed(1024, 50)
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			for _, c := range checks {
				c.Key.Verify(c.Msg, c.Sig)
			}
		}
		b.ReportMetric(1024*float64(b.N)/b.Elapsed().Seconds(), "sigs/s")
	})
	b.Run("crypto/ed25519", func(b *testing.B) {
		for b.Loop() {
			for _, c := range checks {
				ed25519.Verify(c.Key.Raw, c.Msg, c.Sig)
			}
		}
		b.ReportMetric(1024*float64(b.N)/b.Elapsed().Seconds(), "sigs/s")
	})
}
