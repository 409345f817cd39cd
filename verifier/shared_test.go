package verifier_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// A key of statements is never one that the policy trusts for something else.
func TestSharedKeys(t *testing.T) {
	w := generator.New(generator.Options{Seed: 331, Signatories: 2, NoDirectories: true})
	a := w.Signatories[0]
	w.Log(w.Found()) // 0
	w.Advance(time.Minute)
	w.Log(w.Admit(a)) // 1
	w.Log(w.Pledge(a))
	fresh := generator.Ring{Keys: []*generator.Key{w.NewKey("rotated"), w.NewKeyOf(entry.AlgMLDSA44, entry.UseStatement, "rotated too")}, Threshold: 1}
	w.Log(w.Rotate(a, fresh)) // 3
	recovery := w.Recovery[0]
	stranger := w.NewKey("stranger")
	s := newLog(t, w)
	of := func(list []*generator.Key, alg string) *generator.Key {
		i := slices.IndexFunc(list, func(k *generator.Key) bool { return k.Public.Alg == alg })
		if i < 0 {
			t.Fatalf("no key of %s", alg)
		}
		return list[i]
	}
	for _, c := range []struct {
		name  string
		key   *generator.Key
		typ   byte
		isLog bool
		want  []string
	}{
		{"a witness with an author's new key", fresh.Keys[0], log.TypeCosignature, false, []string{"key-shared@3"}},
		{"a witness with an author's ML-DSA key", fresh.Keys[1], log.TypeMLDSA44, false, []string{"key-shared@3"}},
		{"a witness with a key of recovery", of([]*generator.Key{recovery}, entry.AlgEd25519), log.TypeCosignature, false, []string{"key-shared@0"}},
		{"a log with an author's key", fresh.Keys[0], log.TypeEd25519, true, []string{"key-shared@3"}},
		{"a witness with a key of its own", stranger, log.TypeCosignature, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := "witness.example/w"
			if c.isLog {
				name = w.Options.Origin
			}
			public, err := c.key.Public.Parse()
			if err != nil {
				t.Fatal(err)
			}
			key, err := log.NewKey(name, c.typ, public.Raw)
			if err != nil {
				t.Fatal(err)
			}
			policy := log.Policy{Logs: slices.Clone(w.Policy.Logs), Quorum: log.QuorumNone}
			if c.isLog {
				policy.Logs = append(policy.Logs, log.LogKey{Key: key})
			} else {
				policy.Witnesses = []log.Witness{{Name: "w", Key: key}}
			}
			r := runAudit(t, w, s.Dir, func(cfg *verifier.Config) { cfg.Policy = &policy })
			var got []string
			for _, f := range r.Findings {
				if f.Code == verifier.FindKeyShared {
					got = append(got, fmt.Sprintf("%s@%d", f.Code, *f.Index))
					if f.Concerns != "operator" || f.Severity != "error" {
						t.Errorf("%s on %s", f.Severity, f.Concerns)
					}
				}
			}
			if !slices.Equal(got, c.want) || (r.Result == verifier.Differs) != (c.want != nil) {
				t.Errorf("result %s, findings %v, want %v", r.Result, got, c.want)
			}
		})
	}
}
