package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// checkSignatures looks at the signatures of a leaf that was logged before. They
// need not be the ones that were sent: another set may have come first. Then the
// keys that were in force there are asked for, with their own proofs, and the leaf's
// signatures are judged by the same rules as in an audit; else the log would hold our
// statement in a form that counts for nothing.
func (r *remote) checkSignatures(ctx context.Context, sub *entry.Submission, got *receipt) error {
	if got.isExactly(sub) {
		return nil
	}
	ring := pledge.NewKeyring()
	var in pledge.InForce
	if got.statement.Kind != entry.KindCharter {
		author := got.statement.Author
		a, err := r.accord(ctx, author, got.proof.Index, got.proof.Index)
		if err != nil {
			return err
		}
		var ok bool
		if in, ok = a.state.KeysOf(author, got.leaf.Logged); !ok {
			return fmt.Errorf("ask for the keys of %s: the secretariat's statements hold no admission of it", author)
		}
		ring.LearnKeys(in)
	}
	it := pledge.Read(got.proof.Index, got.proof.Extra)
	ring.Try(it)
	if v := pledge.JudgeSignatures(it, in); v.Kind != pledge.Accepted {
		return fmt.Errorf("the leaf's signatures: %s: %s", v.Code, v.Detail)
	}
	return nil
}

// isExactly reports whether the receipt's leaf holds the very envelope that was
// signed here, signatures included.
func (r *receipt) isExactly(sub *entry.Submission) bool {
	return bytes.Equal(r.leaf.Statement.Marshal(), sub.Envelope.Marshal())
}
