package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// checkSignatures looks at the signatures of a leaf that was logged before. They
// need not be the ones that were sent: another set may have come first. Then the
// author's keys are asked for, with their own proof, and the leaf's signatures are
// judged by the same rules as in an audit; else the log would hold our statement in
// a form that counts for nothing.
func (r *remote) checkSignatures(ctx context.Context, sub *entry.Submission, got *receipt) error {
	if got.isExactly(sub) {
		return nil
	}
	ring := pledge.NewKeyring()
	var set entry.KeySet
	if got.statement.Kind != entry.KindCharter {
		var err error
		if set, err = r.keysOf(ctx, got.statement.Author, ring); err != nil {
			return err
		}
	}
	it := pledge.Read(got.proof.Index, got.proof.Extra)
	ring.Try(it)
	if v := pledge.JudgeSignatures(it, pledge.InForce{Author: set}); v.Kind != pledge.Accepted {
		return fmt.Errorf("the leaf's signatures: %s: %s", v.Code, v.Detail)
	}
	return nil
}

// isExactly reports whether the receipt's leaf holds the very envelope that was
// signed here, signatures included.
func (r *receipt) isExactly(sub *entry.Submission) bool {
	return bytes.Equal(r.leaf.Statement.Marshal(), sub.Envelope.Marshal())
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
	return commandline.Undecided(fmt.Errorf("ask for the keys of %s: %w", author, err), "run the same command again later")
}
