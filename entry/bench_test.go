package entry

import (
	"crypto/sha256"
	"testing"
)

// benched has the samples that an audit mostly meets.
func benched(b *testing.B) (leaves [][]byte, subs []*Submission) {
	all := samples()
	for _, kind := range []Kind{KindRequest, KindDecision, KindAttestation, KindSlot} {
		leaves = append(leaves, (&Leaf{Logged: 1780000001, Statement: all[kind].Envelope}).Marshal())
		subs = append(subs, all[kind])
	}
	return leaves, subs
}

func BenchmarkParseLeaf(b *testing.B) {
	leaves, subs := benched(b)
	for i, leaf := range leaves {
		st, _ := ParseStatement(subs[i].Envelope)
		b.Run(string(st.Kind), func(b *testing.B) {
			b.SetBytes(int64(len(leaf)))
			b.ReportAllocs()
			for range b.N {
				if _, err := ParseLeaf(leaf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseStatement(b *testing.B) {
	_, subs := benched(b)
	for _, sub := range subs {
		st, _ := ParseStatement(sub.Envelope)
		b.Run(string(st.Kind), func(b *testing.B) {
			b.SetBytes(int64(len(sub.Envelope.Payload)))
			b.ReportAllocs()
			for range b.N {
				if _, err := ParseStatement(sub.Envelope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseDetached(b *testing.B) {
	all := samples()
	sealedBody, _ := sealed(all[KindRequest].Body, sealOf("agency", "statute")...)
	for _, c := range []struct {
		name string
		kind Kind
		raw  []byte
	}{{"request", KindRequest, all[KindRequest].Body}, {"sealed request", KindRequest, sealedBody}, {"decision", KindDecision, all[KindDecision].Body}, {"attestation", KindAttestation, all[KindAttestation].Body}} {
		st, err := ParseStatement(all[c.kind].Envelope)
		if err != nil {
			b.Fatal(err)
		}
		st.BodyDigest = Digest(c.raw)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.raw)))
			b.ReportAllocs()
			for range b.N {
				if _, err := ParseDetached(st, c.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPAE(b *testing.B) {
	_, subs := benched(b)
	for _, sub := range subs[:1] {
		b.ReportAllocs()
		for range b.N {
			_ = sha256.Sum256(sub.Envelope.PAE())
		}
	}
}

// BenchmarkJudgedLeaf is what an audit does for a leaf before signatures and
// rules: leaf, statement and what is signed.
func BenchmarkJudgedLeaf(b *testing.B) {
	leaves, _ := benched(b)
	b.ReportAllocs()
	for i := range b.N {
		l, err := ParseLeaf(leaves[i%3])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ParseStatement(l.Statement); err != nil {
			b.Fatal(err)
		}
		_ = l.Statement.PAE()
	}
}
