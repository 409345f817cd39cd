package log

import (
	"errors"
	"fmt"
)

var (
	// ErrUnknownOrigin says that a checkpoint is of a log that the policy does
	// not name.
	ErrUnknownOrigin = errors.New("log is not in the policy")
	// ErrNoLogSignature says that a checkpoint lacks a signature by a key that
	// the policy has for its log.
	ErrNoLogSignature = errors.New("no signature by the log")
	// ErrQuorum says that a checkpoint lacks cosignatures that the policy
	// wants.
	ErrQuorum = errors.New("witness quorum is not reached")
)

// Cosignature is a good cosignature by a witness of the policy.
type Cosignature struct {
	Witness string // its name in the policy
	Time    uint64 // seconds since 1970, never 0; the earliest if it signed more than once
}

// View is a checkpoint whose signatures were verified under a policy.
type View struct {
	Checkpoint Checkpoint
	Note       *Note
	Raw        []byte // the signed checkpoint as it was given
	// LogKeys are the log's keys that signed it, one or more, in the order of
	// the signatures.
	LogKeys []Key
	// Cosignatures are those by witnesses of the policy, in the policy's
	// order, those beyond the quorum included.
	Cosignatures []Cosignature
	// Satisfied says whether the quorum is reached. It is always true for a
	// view from Open.
	Satisfied bool
	// QuorumTime is the smallest t such that the cosignatures stamped t or
	// earlier satisfy the quorum, in seconds since 1970 (protocol section 7).
	// It is there if HasQuorumTime, that is, if Satisfied and the quorum is
	// not none.
	QuorumTime    uint64
	HasQuorumTime bool
}

// Open verifies a signed checkpoint: its form, that its origin is a log of
// the policy, a signature by a key of that log, and the quorum of witnesses.
//
// Signatures by unknown keys are ignored. One by a known key that does not
// verify makes the whole checkpoint worthless. A witness that cosigned with
// time 0 tells no time, which c2sp.org/tlog-witness forbids; such a
// cosignature is verified and not counted.
//
// Errors match one of [ErrMalformed], [ErrUnknownOrigin], [ErrBadSignature],
// [ErrNoLogSignature] and [ErrQuorum].
func (p *Policy) Open(raw []byte) (*View, error) {
	v, err := p.OpenUnwitnessed(raw)
	if err != nil {
		return nil, err
	}
	if !v.Satisfied {
		return nil, fmt.Errorf("open checkpoint: %w: cosigned by %d of %d known witnesses",
			ErrQuorum, len(v.Cosignatures), len(p.Witnesses))
	}
	return v, nil
}

// OpenUnwitnessed does what [Policy.Open] does but for the quorum, of which it
// only notes whether it is reached. It is for those who gather cosignatures,
// and for showing what is missing.
func (p *Policy) OpenUnwitnessed(raw []byte) (*View, error) {
	r, err := p.ready()
	if err != nil {
		return nil, err
	}
	return r.openWith(raw, alone)
}

func (r *rules) openWith(raw []byte, verify verifyFunc) (*View, error) {
	v, err := r.open(raw, verify)
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	return v, nil
}

func (r *rules) open(raw []byte, verify verifyFunc) (*View, error) {
	n, err := ParseNote(raw)
	if err != nil {
		return nil, err
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return nil, err
	}
	if !r.origins[c.Origin] {
		return nil, fmt.Errorf("origin %q: %w", c.Origin, ErrUnknownOrigin)
	}
	v := &View{Checkpoint: c, Note: n, Raw: raw}
	times := make(map[int]uint64)
	for _, s := range n.Signatures {
		who, ok := r.keys[keyRef{s.Name, s.ID}]
		if !ok {
			continue
		}
		t, err := who.key.verifyWith(verify, n.Text, s)
		if err != nil {
			return nil, err
		}
		switch {
		case who.witness < 0:
			// The key of another log of the policy says nothing on this one.
			if who.key.Name == c.Origin {
				v.addLogKey(who.key)
			}
		case t == 0:
		default:
			if first, ok := times[who.witness]; !ok || t < first {
				times[who.witness] = t
			}
		}
	}
	if len(v.LogKeys) == 0 {
		return nil, fmt.Errorf("origin %q: %w", c.Origin, ErrNoLogSignature)
	}
	for i, name := range r.witnesses {
		if t, ok := times[i]; ok {
			v.Cosignatures = append(v.Cosignatures, Cosignature{Witness: name, Time: t})
		}
	}
	if r.quorum == QuorumNone {
		v.Satisfied = true
		return v, nil
	}
	v.QuorumTime, v.Satisfied = r.quorumTime(times)
	v.HasQuorumTime = v.Satisfied
	return v, nil
}

func (v *View) addLogKey(k Key) {
	for _, have := range v.LogKeys {
		if have.Equal(k) {
			return
		}
	}
	v.LogKeys = append(v.LogKeys, k)
}
