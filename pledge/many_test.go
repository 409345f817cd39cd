package pledge_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestOutcomesOfOthers: however many outcomes one author makes up, what another
// states keeps its own, in a state that was saved too.
func TestOutcomesOfOthers(t *testing.T) {
	x := newCast(96)
	filed := x.Log(x.Request(x.b, "2025-01", nil))
	for i := range 2000 {
		x.Log(x.Decision(filed, fmt.Sprintf("made-up-%d", i), nil))
	}
	mine := x.Log(x.Request(x.a, "2025-01", nil))
	x.Log(x.Decision(mine, "narrowed", nil))
	x.SetNow(unix("2025-04-02 00:00:00"))
	x.Log(x.Attestation(x.a, period("2025-Q1")))
	s, found := x.state(t)
	if got := about(found, pledge.FindLoggedDiffers); len(got) > 0 {
		t.Errorf("findings %+v", got)
	}
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	restored, err := pledge.Restore(&b)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*pledge.State{"replayed": s, "restored": restored} {
		if st := status(t, s, x.a, s.Now()); st.Outcomes["narrowed"] != 1 || st.Outcomes["refused"] != 1 {
			t.Errorf("%s: outcomes %v", name, st.Outcomes)
		}
		if st := status(t, s, x.b, s.Now()); st.Outcomes["made-up-1999"] != 1 {
			t.Errorf("%s: outcomes %v", name, st.Outcomes)
		}
	}
	// The numbers go on where they were.
	more := x.Decision(mine, "made-up-7", nil)
	x.Log(more)
	it := pledge.Read(uint64(len(x.Logged)-1), x.Logged[len(x.Logged)-1].Leaf)
	it.Valid = slices.Repeat([]bool{true}, len(it.Leaf.Statement.Signatures))
	if v, _ := restored.Step(it); v.Kind != pledge.Accepted {
		t.Fatalf("%+v", v)
	}
	if st := status(t, restored, x.a, x.Now()); st.Outcomes["made-up-7"] != 1 {
		t.Errorf("outcomes %v", st.Outcomes)
	}
}

// TestAuthorsFull: there are 65,536 authors at the most, and one more has a code of
// its own. Signatures are taken to be good, as there are very many.
func TestAuthorsFull(t *testing.T) {
	x := newCast(97)
	s, _, _ := replay(x.World)
	admit := x.Admit(x.fresh)
	body := *admit.Statement.Body.(*entry.Admit)
	var in [8]byte
	next := func(id string) *pledge.Item {
		binary.LittleEndian.PutUint64(in[:], s.Size())
		seed := sha256.Sum256(in[:])
		der, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(seed[:]).Public())
		if err != nil {
			t.Fatal(err)
		}
		b := body
		b.ID, b.Mode, b.Threshold = id, entry.AdmitNew, 1
		b.Keys = []entry.Key{{Alg: entry.AlgEd25519, SPKI: base64.StdEncoding.EncodeToString(der), Use: entry.UseStatement}}
		seq, head, _ := s.Head(entry.AuthorSecretariat)
		st := admit.Statement
		st.Body, st.Seq, st.Prev, st.Made = &b, seq+1, head, x.Now()
		st.ID = entry.ID(seed)
		it := &pledge.Item{Index: s.Size(), Leaf: &entry.Leaf{Logged: x.Now(), Statement: new(entry.Envelope)}, Statement: &st}
		for _, k := range x.Secretariat.Signers() {
			it.Leaf.Statement.Signatures = append(it.Leaf.Statement.Signatures, entry.Signature{KeyID: k.ID})
		}
		it.Leaf.Statement.Signatures = append(it.Leaf.Statement.Signatures, entry.Signature{KeyID: entry.KeyIDOf(der[len(der)-32:])})
		it.Valid = slices.Repeat([]bool{true}, len(it.Leaf.Statement.Signatures))
		return it
	}
	// The secretariat, the operator, and those of the cast.
	for n := 2 + len(s.Statuses(x.Now())); n < 65536; n++ {
		if v, _ := s.Step(next(fmt.Sprintf("one-of-many-%d", n))); v.Kind != pledge.Accepted {
			t.Fatalf("author %d: %+v", n+1, v)
		}
	}
	if v := s.Judge(next("one-too-many")); v.Code != pledge.CodeAuthorsFull {
		t.Errorf("the author after 65,536 others: %+v", v)
	}
	if v := s.Judge(next("one-of-many-9")); v.Code != pledge.CodeAuthorTaken {
		t.Errorf("an id that is taken: %+v", v)
	}
}
