package witnessing

import (
	"encoding/binary"
	"errors"
	"regexp"
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

	Failures       uint64    // how often it did not cosign
	Contradictions uint64    // how often it said that it cosigned a larger tree, or another
	InARow         int       // how often since it last did
	LastFailure    time.Time // when it last did not; zero when it always has
	LastError      error     // why; nil when it has cosigned since
	NotBefore      time.Time // it is not asked before that; zero when it may be asked now

	told string // of why it fails, without numbers; "" when that is not told
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
		if f.told != "" {
			c.cfg.Logger.Info("witness cosigns again", "witness", f.Witness)
		}
		f.Cosigned++
		f.LastSuccess, f.LastTime = time.Now(), binary.BigEndian.Uint64(s.Sig)
		f.InARow, f.LastError, f.told = 0, nil, ""
		return
	}
	// One that audits may ask for time with every checkpoint, and say each time how far
	// it is.
	var later *laterError
	if why := numbers.ReplaceAllString(err.Error(), "0"); why != f.told && f.InARow < maxTold && (f.InARow > 0 || !errors.As(err, &later)) {
		f.told = why
		c.cfg.Logger.Warn("witness does not cosign", "witness", f.Witness, "url", p.url, "error", err.Error())
	}
	f.Failures++
	f.InARow++
	f.LastFailure, f.LastError = time.Now(), err
}

var numbers = regexp.MustCompile(`[0-9]+`)

// maxTold is after how many failures in a row a witness's errors are not told any
// more, however they change.
const maxTold = 20
