package pledge_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"filippo.io/mldsa"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestMixedKeys admits an author with a key of each algorithm, two of which must
// sign, and tries every pair.
func TestMixedKeys(t *testing.T) {
	w := generator.New(generator.Options{Seed: 60, Signatories: 1})
	w.Log(w.Found())
	a := w.Signatories[0]
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ml, err := mldsa.GenerateKey(mldsa.MLDSA44())
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := entry.NewP256Key(&ec.PublicKey, entry.UseStatement)
	if err != nil {
		t.Fatal(err)
	}
	mlKey, err := entry.NewMLDSA44Key(ml.PublicKey(), entry.UseStatement)
	if err != nil {
		t.Fatal(err)
	}
	signers := []struct {
		key  entry.Key
		sign func(pae []byte) []byte
	}{
		{a.Keys[0].Public, a.Keys[0].Sign},
		{ecKey, func(pae []byte) []byte {
			digest := sha256.Sum256(pae)
			r, s, err := ecdsa.Sign(rand.Reader, ec, digest[:])
			if err != nil {
				t.Fatal(err)
			}
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}},
		{mlKey, func(pae []byte) []byte {
			sig, err := ml.Sign(nil, pae, crypto.Hash(0))
			if err != nil {
				t.Fatal(err)
			}
			return sig
		}},
	}
	sign := func(st *generator.Statement, who ...int) {
		for _, i := range who {
			pub, err := signers[i].key.Parse()
			if err != nil {
				t.Fatal(err)
			}
			st.Envelope.Sign(pub.ID, signers[i].sign(st.Envelope.PAE()))
		}
	}
	admit := w.Admit(a)
	b := admit.Statement.Body.(*entry.Admit)
	b.Keys, b.Threshold = []entry.Key{signers[0].key, signers[1].key, signers[2].key}, 2
	admit.Encode().SignWith(w.Secretariat.Signers()...)
	sign(admit, 0, 1, 2)
	w.Log(admit)
	if v := last(t, w); v.Kind != pledge.Accepted {
		t.Fatalf("admission: %+v", v)
	}
	for _, pair := range [][]int{{0, 1}, {1, 2}, {0, 2}, {0, 1, 2}} {
		st := w.Pledge(a).Encode()
		sign(st, pair...)
		w.Log(st)
		if v := last(t, w); v.Kind != pledge.Accepted {
			t.Errorf("keys %v: %+v", pair, v)
		}
	}
	for i := range signers {
		st := w.Pledge(a).Encode()
		sign(st, i)
		w.LogVoid(st)
		if v := last(t, w); v.Code != pledge.CodeSignaturesTooFew {
			t.Errorf("key %d alone: %+v", i, v)
		}
		st = w.Pledge(a).Encode()
		sign(st, 0, 1, 2)
		st.Envelope.Signatures[i].Sig[40] ^= 1
		w.LogVoid(st)
		if v := last(t, w); v.Code != pledge.CodeSignatureInvalid {
			t.Errorf("signature %d altered: %+v", i, v)
		}
	}
}
