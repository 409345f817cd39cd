package eddsa

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"testing"
)

// signed makes n checks by a number of keys.
func signed(t testing.TB, n, keys int) []Check {
	t.Helper()
	privates := make([]ed25519.PrivateKey, keys)
	for i := range privates {
		var err error
		if _, privates[i], err = ed25519.GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	out := make([]Check, n)
	for i := range out {
		priv := privates[i%keys]
		msg := fmt.Appendf(nil, "message %d", i)
		out[i] = Check{priv.Public().(ed25519.PublicKey), msg, ed25519.Sign(priv, msg)}
	}
	return out
}

func BenchmarkVerify(b *testing.B) {
	const n = 4096
	checks := signed(b, n, 50)
	for name, together := range map[string]func([]Check) bool{
		"ZIP215":         ZIP215,
		"generic":        zip215,
		"strict generic": strict,
		"Strict":         Strict,
		"alone": func(checks []Check) bool {
			for _, c := range checks {
				if !ed25519.Verify(c.Key, c.Msg, c.Sig) {
					return false
				}
			}
			return true
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !together(checks) {
					b.Fatal("does not verify")
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "sigs/s")
		})
	}
}
