package log

import (
	"crypto/ed25519"

	"github.com/pledgelog/pledgelog/eddsa"
)

// OpenTogether does what [Policy.OpenUnwitnessed] does with each of many checkpoints, with
// the same views and errors, and faster: it verifies their Ed25519 signatures together
// (eddsa.Strict), and one by one those of a checkpoint that this leaves in doubt. Good
// sizes are some thousand checkpoints. For each there is a view or an error.
func (p *Policy) OpenTogether(raws [][]byte) ([]*View, []error) {
	return p.openTogether(raws, alone)
}

func (p *Policy) openTogether(raws [][]byte, oneByOne verifyFunc) ([]*View, []error) {
	views, errs := make([]*View, len(raws)), make([]error, len(raws))
	r, err := p.ready()
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return views, errs
	}
	// Taken as good at first, and kept to be verified.
	var kept []eddsa.Check
	for i, raw := range raws {
		before := len(kept)
		views[i], errs[i] = r.openWith(raw, func(public ed25519.PublicKey, message, sig []byte) bool {
			kept = append(kept, eddsa.Check{Key: public, Msg: message, Sig: sig})
			return true
		})
		if errs[i] != nil { // perhaps for another reason, if a signature is bad too
			kept = kept[:before]
			views[i], errs[i] = r.openWith(raw, oneByOne)
		}
	}
	if !eddsa.Strict(kept) {
		for i, raw := range raws {
			if errs[i] == nil {
				views[i], errs[i] = r.openWith(raw, oneByOne)
			}
		}
	}
	return views, errs
}
