package witnessing

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pledgelog/pledgelog/log"
)

// A Contradiction is what a witness said that does not go with this log: that it cosigned a
// larger tree, or one that this log's does not continue. What it says is not signed; what it
// shows as its newest checkpoint may be.
type Contradiction struct {
	Witness string // its name in the policy
	URL     string // its submission prefix
	Said    error  // matches ErrAhead or ErrInconsistent

	// Shown is the checkpoint that the witness shows, signed by a key that the policy names
	// for this log; nil if it shows none, or one that goes with this log's tree. Fork says that
	// this log's tree does not continue it. Otherwise it is larger than the tree that was to
	// be cosigned: proof for who knows that this log never signed one of that size.
	Shown *log.View
	Fork  bool
	// Former says that no key signed it that signs for this log now: then whoever has a former
	// key made it, and this log's server goes on.
	Former bool
}

func (x *Contradiction) Error() string {
	if x.Shown == nil {
		return fmt.Sprintf("witness %s (%s): %v", x.Witness, x.URL, x.Said)
	}
	cp := x.Shown.Checkpoint
	if x.Former {
		return fmt.Sprintf("witness %s (%s) shows a checkpoint of %d entries with root %x that is no part of this log, signed by %s, a key that does not sign for it now: "+
			"that key was stolen, or another server uses it", x.Witness, x.URL, cp.Size, cp.Root, x.Key())
	}
	return fmt.Sprintf("witness %s (%s) shows a checkpoint of %d entries with root %x, signed by this log's key, that is no part of this log: "+
		"log and guard were restored together from an older copy, or another server signs for this log, or the key was stolen", x.Witness, x.URL, cp.Size, cp.Root)
}

// Key names the key that signed what is shown, as NAME+ID; "" when nothing is.
func (x *Contradiction) Key() string {
	if x.Shown == nil {
		return ""
	}
	k := x.Shown.LogKeys[0] // a view has one
	return fmt.Sprintf("%s+%08x", k.Name, k.ID)
}

func (x *Contradiction) Unwrap() error { return x.Said }

// Contradictions returns those that were met since the last call, and forgets them. A
// value in [Client.Late] tells of new ones too.
func (c *Client) Contradictions() []*Contradiction {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.contradictions
	c.contradictions = nil
	return out
}

// contradicts returns what an answer says against this log, with what the witness shows;
// nil if it is an answer of another sort.
func (c *Client) contradicts(p *place, r *round, err error) *Contradiction {
	if !errors.Is(err, ErrAhead) && !errors.Is(err, ErrInconsistent) {
		return nil
	}
	x := &Contradiction{Witness: c.cfg.Policy.Witnesses[p.keys[0].at].Name, URL: p.url, Said: err}
	ctx, cancel := context.WithTimeoutCause(c.ctx, c.cfg.Timeout, ErrTimeout)
	defer cancel()
	view, err := c.shown(ctx, p, r.cp.Origin)
	if err != nil || view.Checkpoint.Origin != r.cp.Origin {
		return x
	}
	former := !slices.ContainsFunc(view.LogKeys, func(k log.Key) bool {
		if c.cfg.Signing != nil {
			return slices.ContainsFunc(c.cfg.Signing, k.Equal)
		}
		return r.signedBy(k)
	})
	cp := view.Checkpoint
	if cp.Size > r.cp.Size {
		x.Shown, x.Former = view, former
		return x
	}
	if fork, err := c.forks(ctx, cp, r.cp); err != nil || !fork {
		return x
	}
	if f, ok := c.cfg.Prover.(interface{ Forget() }); ok {
		f.Forget() // a damaged tile may have been kept in memory
		if fork, err := c.forks(ctx, cp, r.cp); err != nil || !fork {
			return x
		}
	}
	x.Shown, x.Fork, x.Former = view, true, former
	return x
}

// forks reports whether our tree does not continue one that is not larger.
func (c *Client) forks(ctx context.Context, shown, ours log.Checkpoint) (bool, error) {
	if shown.Size == ours.Size {
		return shown.Root != ours.Root, nil
	}
	if shown.Size == 0 {
		return shown.Root != log.EmptyRoot(), nil
	}
	proof, err := c.cfg.Prover.ConsistencyProof(ctx, shown.Size, ours.Size)
	if err != nil {
		return false, err
	}
	return log.VerifyConsistency(shown.Size, ours.Size, shown.Root, ours.Root, proof) != nil, nil
}

// signedBy reports whether a key signed what witnesses get.
func (r *round) signedBy(k log.Key) bool {
	return slices.ContainsFunc(r.signed.Signatures, func(s log.NoteSignature) bool { return s.Name == k.Name && s.ID == k.ID })
}

// shown reads the newest checkpoint that a witness shows, where its monitoring prefix is
// the submission prefix, which is the only one that a policy has.
func (c *Client) shown(ctx context.Context, p *place, origin string) (*log.View, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/%x/checkpoint", p.url, sha256.Sum256([]byte(origin))), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d", ErrAnswer, resp.StatusCode)
	}
	raw, err := readBody(resp, log.MaxCheckpointFile)
	if err != nil {
		return nil, err
	}
	return c.cfg.Policy.OpenUnwitnessed(raw)
}
