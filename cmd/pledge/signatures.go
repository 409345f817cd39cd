package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// checkSignatures looks at the signatures of a leaf that was logged before. They
// need not be the ones that were sent: another set may have come first. Then the
// author's keys are asked for, with their own proof, and enough of them must have
// signed; else the log would hold our statement in a form that counts for
// nothing.
func (r *remote) checkSignatures(ctx context.Context, sub *entry.Submission, got *receipt) error {
	if bytes.Equal(got.leaf.Statement.Marshal(), sub.Envelope.Marshal()) {
		return nil
	}
	ring := pledge.NewKeyring()
	ring.Learn(got.statement)
	every, threshold := signersOf(sub).named, uint64(0)
	var any []entry.KeyID
	if got.statement.Kind != entry.KindCharter {
		set, err := r.keysOf(ctx, got.statement.Author, ring)
		if err != nil {
			return err
		}
		keys, err := set.Parse()
		if err != nil {
			return fmt.Errorf("the author's keys: %w", err)
		}
		for _, k := range keys {
			if k.Use == entry.UseStatement {
				any = append(any, k.ID)
			}
		}
		threshold = set.Threshold
	}
	signed := make(map[entry.KeyID]bool)
	pae := got.leaf.Statement.PAE()
	for _, s := range got.leaf.Statement.Signatures {
		key := ring.Key(s.KeyID)
		if key == nil {
			return fmt.Errorf("the leaf has a signature by %s, which is no key of the author's", s.KeyID)
		}
		if !key.Verify(pae, s.Sig) {
			return fmt.Errorf("the leaf's signature by %s does not verify", s.KeyID)
		}
		signed[s.KeyID] = true
	}
	for _, id := range every {
		if !signed[id] {
			return fmt.Errorf("the leaf lacks the signature of %s", id)
		}
	}
	have := uint64(0)
	for _, id := range any {
		if signed[id] {
			have++
		}
	}
	if have < threshold {
		return fmt.Errorf("the leaf has %d of the %d signatures that the author needs", have, threshold)
	}
	return nil
}

// keysOf returns an author's keys from the charter or from the author's
// admission, proved to be in the log, and teaches them to ring.
func (r *remote) keysOf(ctx context.Context, author string, ring *pledge.Keyring) (entry.KeySet, error) {
	if author == entry.AuthorSecretariat {
		t, err := r.terms(ctx)
		if err != nil {
			return entry.KeySet{}, err
		}
		ring.Learn(&entry.Statement{Body: t.charter})
		return t.charter.Secretariat, nil
	}
	answer, err := r.api.Signatory(ctx, author)
	if err != nil {
		return entry.KeySet{}, askError(author, err)
	}
	if answer.Signatory.Admitted == nil {
		return entry.KeySet{}, errors.New("the server does not say where the author was admitted")
	}
	raw, err := r.api.Proof(ctx, answer.Signatory.Admitted.ID)
	if err != nil {
		return entry.KeySet{}, askError(author, err)
	}
	admission, err := openReceipt(r.policy, raw)
	if err != nil {
		return entry.KeySet{}, fmt.Errorf("the author's admission: %w", err)
	}
	admit, ok := admission.statement.Body.(*entry.Admit)
	if !ok || admit.ID != author {
		return entry.KeySet{}, errors.New("what the server gives as the author's admission is something else")
	}
	ring.Learn(admission.statement)
	return admit.KeySet(), nil
}

func askError(author string, err error) error {
	var problem *client.Problem
	if errors.Is(err, client.ErrAnswer) || errors.As(err, &problem) && problem.IsRefusal() {
		return fmt.Errorf("ask for the keys of %s: %w", author, err)
	}
	return undecided(fmt.Errorf("ask for the keys of %s: %w", author, err), "run the same command again later")
}
