package verifier_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// receipt makes the receipt of an entry, as a server would.
func receipt(t testing.TB, s *generator.Site, index uint64) *log.Proof {
	t.Helper()
	size, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	r := log.NewTileReader(log.DirSource(s.Dir))
	hashes, err := r.InclusionProof(t.Context(), index, size)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := r.Leaf(t.Context(), index, size)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.Read(log.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	return &log.Proof{Extra: leaf, Index: index, Hashes: hashes, Checkpoint: raw}
}

// checkProof checks a receipt, and holds the report to its schema.
func checkProof(t testing.TB, policy *log.Policy, file, body []byte) (*verifier.ProofReport, error) {
	t.Helper()
	r, err := verifier.CheckProof(policy, file, body)
	if err == nil {
		holdToSchema(t, r)
	}
	return r, err
}

func TestCheckProof(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 61})
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries[:20] {
		r, err := checkProof(t, w.Policy, receipt(t, s, uint64(i)).Marshal(), e.Body)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if r.Index != uint64(i) || r.Size != 300 || r.Log != w.Options.Origin || !r.SimulatedTime || r.Text != (e.Body != nil) || r.LeafBytes != len(e.Leaf) || r.Statement == nil {
			t.Errorf("entry %d: %+v", i, r)
		}
		if i == 0 && r.Entry != w.Charter.String() {
			t.Errorf("entry 0 is %s", r.Entry)
		}
		var b strings.Builder
		if err := r.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{verifier.SimulatedNotice, "checkpoint 300 signed ✓", r.Entry, "That the key was the author's", "no witnesses"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("the text lacks %q:\n%s", want, b.String())
			}
		}
	}
}

func TestCheckProofRefuses(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 62})
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	index := 30
	for entries[index].Body == nil {
		index++
	}
	body := entries[index].Body
	other := index + 1
	for entries[other].Body == nil {
		other++
	}
	for name, c := range map[string]struct {
		edit func(p *log.Proof)
		body []byte
		is   error
	}{
		"another leaf":  {func(p *log.Proof) { p.Extra = entries[index+1].Leaf }, nil, log.ErrProof},
		"a byte of it":  {func(p *log.Proof) { p.Extra = bytes.Clone(p.Extra); p.Extra[60] ^= 1 }, nil, log.ErrProof},
		"another place": {func(p *log.Proof) { p.Index++ }, nil, log.ErrProof},
		"a hash":        {func(p *log.Proof) { p.Hashes[2][0] ^= 1 }, nil, log.ErrProof},
		"a hash less":   {func(p *log.Proof) { p.Hashes = p.Hashes[1:] }, nil, log.ErrProof},
		"no leaf":       {func(p *log.Proof) { p.Extra = nil }, nil, verifier.ErrNoLeaf},
		"unsigned": {func(p *log.Proof) {
			p.Checkpoint = generator.EditNote(p.Checkpoint, func(n *log.Note) { n.Signatures[0].ID++ })
		}, nil, log.ErrNoLogSignature},
		"signature flipped": {func(p *log.Proof) {
			p.Checkpoint = generator.EditNote(p.Checkpoint, func(n *log.Note) { n.Signatures[0].Sig[9] ^= 1 })
		}, nil, log.ErrBadSignature},
		"another log": {func(p *log.Proof) {
			p.Checkpoint = generator.New(generator.Options{Origin: "other.example/1"}).Checkpoint(300, anyRoot, 0)
		}, nil, log.ErrUnknownOrigin},
		"not a proof":      {func(p *log.Proof) { p.Checkpoint = []byte("no") }, nil, log.ErrMalformed},
		"another body":     {nil, entries[other].Body, nil},
		"a body altered":   {nil, bytes.ToUpper(body), nil},
		"a body not there": {nil, []byte{}, nil},
	} {
		p := receipt(t, s, uint64(index))
		if c.edit != nil {
			c.edit(p)
		}
		r, err := checkProof(t, w.Policy, p.Marshal(), c.body)
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if c.is == nil && entry.CodeOf(err) == "" {
			t.Errorf("%s: no code: %v", name, err)
		}
	}
}

// A receipt of an entry that is no statement proves just that, and says so.
func TestProofOfGarbage(t *testing.T) {
	w := generator.New(generator.Options{Seed: 63})
	w.Log(w.Found())
	w.LogLeaf([]byte("garbage"))
	s := newLog(t, w)
	r, err := checkProof(t, w.Policy, receipt(t, s, 1).Marshal(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Unreadable == "" || r.Statement != nil || r.Entry != "" {
		t.Errorf("%+v", r)
	}
}

func TestProofWithWitnesses(t *testing.T) {
	w, s := newStory(t, 20, generator.Options{Seed: 64, Witnesses: 3, Quorum: 2})
	p := receipt(t, s, 7)
	r, err := checkProof(t, w.Policy, p.Marshal(), nil)
	if err != nil || len(r.Witnesses) != 3 || r.QuorumTime == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	p.Checkpoint = generator.EditNote(p.Checkpoint, func(n *log.Note) { n.Signatures = n.Signatures[:2] })
	if r, err := checkProof(t, w.Policy, p.Marshal(), nil); !errors.Is(err, log.ErrQuorum) {
		t.Errorf("one of two witnesses: %+v, %v", r, err)
	}
}
