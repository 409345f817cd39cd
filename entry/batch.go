package entry

import (
	"slices"

	"github.com/pledgelog/pledgelog/eddsa"
)

// A Check is one signature to verify.
type Check struct {
	Key *PublicKey
	Msg []byte
	Sig []byte
}

// VerifyAll verifies signatures as PublicKey.Verify does, each with the same
// verdict, and faster: in one equation for all of them (eddsa.ZIP215). If that fails, and
// for other algorithms, the signatures are verified one by one, to name the culprits. Good
// sizes are some thousand signatures by some dozen keys.
func VerifyAll(checks []Check) []bool {
	ok := make([]bool, len(checks))
	together, places := checks, []int(nil)
	if slices.ContainsFunc(checks, func(c Check) bool { return c.Key.Alg != AlgEd25519 }) {
		together = nil
		for i, c := range checks {
			if c.Key.Alg == AlgEd25519 {
				together, places = append(together, c), append(places, i)
			} else {
				ok[i] = c.Key.Verify(c.Msg, c.Sig)
			}
		}
	}
	all := len(together) >= minBatch && verifyTogether(together)
	for i, c := range together {
		at := i
		if places != nil {
			at = places[i]
		}
		ok[at] = all || c.Key.Verify(c.Msg, c.Sig)
	}
	return ok
}

// minBatch is the number of signatures from which one equation is faster.
const minBatch = 4

// verifyTogether reports whether all signatures verify. It may be wrong with a
// probability of about 2^-128.
func verifyTogether(checks []Check) bool {
	list := make([]eddsa.Check, len(checks))
	for i, c := range checks {
		list[i] = eddsa.Check{Key: c.Key.Raw, Msg: c.Msg, Sig: c.Sig}
	}
	return eddsa.ZIP215(list)
}
