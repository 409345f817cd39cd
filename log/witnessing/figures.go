package witnessing

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// Figures are how a witness of the policy has done since the client was made. They
// are for metrics, a status page and the operator.
type Figures struct {
	Witness string // its name in the policy
	URL     string // its submission prefix; empty if it is not asked

	Size        uint64    // of the largest checkpoint that it is known to have cosigned
	Cosigned    uint64    // how many cosignatures of its were taken
	LastSuccess time.Time // when the last one came; zero when none has
	LastTime    uint64    // the time in it, Unix seconds

	Failures    uint64    // how often it did not cosign
	InARow      int       // how often since it last did
	LastFailure time.Time // when it last did not; zero when it always has
	LastError   error     // why; nil when it has cosigned since
	NotBefore   time.Time // it is not asked before that; zero when it may be asked now
}

// Figures returns those of each witness, in the policy's order.
func (c *Client) Figures() []Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := slices.Clone(c.figures)
	now := time.Now()
	for _, p := range c.places {
		for _, k := range p.keys {
			out[k.at].Size = p.size
			out[k.at].NotBefore = time.Time{}
			if !p.mayBeAsked(now) {
				out[k.at].NotBefore = p.notBefore
				if p.askedFor.After(p.notBefore) {
					out[k.at].NotBefore = p.askedFor
				}
			}
		}
	}
	return out
}

// noteKey counts what became of asking a witness, and tells what is news. The
// caller holds the lock.
func (c *Client) noteKey(f *Figures, p *place, s log.NoteSignature, err error) {
	if err == nil {
		if f.LastError != nil {
			c.cfg.Logger.Info("witness cosigns again", "witness", f.Witness)
		}
		f.Cosigned++
		f.LastSuccess, f.LastTime = time.Now(), binary.BigEndian.Uint64(s.Sig)
		f.InARow, f.LastError = 0, nil
		return
	}
	if f.LastError == nil || f.LastError.Error() != err.Error() && f.InARow < maxTold {
		c.cfg.Logger.Warn("witness does not cosign", "witness", f.Witness, "url", p.url, "error", err.Error())
	}
	f.Failures++
	f.InARow++
	f.LastFailure, f.LastError = time.Now(), err
}

// maxTold is after how many failures in a row a witness's errors are not told any
// more, however they change.
const maxTold = 20
