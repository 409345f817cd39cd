package vectors_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/vectors"
	"github.com/pledgelog/pledgelog/verifier"
)

// refusals are what the words of the vectors stand for.
var refusals = map[string]error{
	vectors.Malformed: log.ErrMalformed, vectors.OriginUnknown: log.ErrUnknownOrigin, vectors.SignatureInvalid: log.ErrBadSignature,
	vectors.LogUnsigned: log.ErrNoLogSignature, vectors.QuorumShort: log.ErrQuorum, vectors.ProofInvalid: log.ErrProof, vectors.LeafMissing: verifier.ErrNoLeaf,
}

// holdError wants the error that a word stands for, or none when it is "".
func holdError(t *testing.T, name, word string, err error) bool {
	t.Helper()
	switch {
	case word == "" && err != nil:
		t.Errorf("%s: refused: %v", name, err)
	case word != "" && refusals[word] == nil:
		t.Errorf("%s: no such word: %s", name, word)
	case word != "" && !errors.Is(err, refusals[word]):
		t.Errorf("%s: %v, want %s", name, err, word)
	}
	return err == nil && word == ""
}

func TestPolicies(t *testing.T) {
	for _, v := range file[vectors.Policy](t, "policies.json") {
		p, err := log.ParsePolicy(v.Policy)
		if !holdError(t, v.Name, v.Error, err) {
			continue
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if again, err := log.ParsePolicy(p.Marshal()); err != nil || len(again.Witnesses) != len(p.Witnesses) {
			t.Errorf("%s: is written otherwise (%v)", v.Name, err)
		}
	}
}

func policy(t *testing.T, text []byte) *log.Policy {
	t.Helper()
	p, err := log.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheckpoints(t *testing.T) {
	seen := make(map[string]bool)
	for _, v := range file[vectors.Checkpoint](t, "checkpoints.json") {
		view, err := policy(t, v.Policy).Open(v.Checkpoint)
		seen[v.Error] = true
		if !holdError(t, v.Name, v.Error, err) {
			continue
		}
		c := view.Checkpoint
		if c.Size != *v.Size || base64.StdEncoding.EncodeToString(c.Root[:]) != v.Root {
			t.Errorf("%s: size %d, root %x", v.Name, c.Size, c.Root)
		}
		var witnesses []vectors.Cosignature
		for _, w := range view.Cosignatures {
			witnesses = append(witnesses, vectors.Cosignature{Witness: w.Witness, Time: w.Time})
		}
		if diff := cmp.Diff(v.Witnesses, witnesses); diff != "" {
			t.Errorf("%s: witnesses:\n%s", v.Name, diff)
		}
		if view.HasQuorumTime != (v.QuorumTime != nil) || view.HasQuorumTime && view.QuorumTime != *v.QuorumTime {
			t.Errorf("%s: quorum time %d (%t)", v.Name, view.QuorumTime, view.HasQuorumTime)
		}
	}
	for _, word := range []string{"", vectors.Malformed, vectors.OriginUnknown, vectors.SignatureInvalid, vectors.LogUnsigned, vectors.QuorumShort} {
		if !seen[word] {
			t.Errorf("no checkpoint is %q", word)
		}
	}
}

func TestProofs(t *testing.T) {
	for _, v := range file[vectors.Proof](t, "proofs.json") {
		report, err := verifier.CheckProof(policy(t, v.Policy), v.Proof, v.Body)
		if v.Code != "" {
			holdCode(t, v.Name, v.Code, err)
			continue
		}
		if !holdError(t, v.Name, v.Error, err) {
			continue
		}
		if report.Index != *v.Index || report.Size != *v.Size || report.Entry != v.ID || report.Text != (v.Body != nil) {
			t.Errorf("%s: index %d of %d, entry %s, text %t", v.Name, report.Index, report.Size, report.Entry, report.Text)
		}
	}
}
