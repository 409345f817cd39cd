package witnessing

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// A place is an address at which one or several witnesses of the policy are asked.
type place struct {
	url  string // the submission prefix, without a slash at its end
	keys []witnessKey

	// The client's lock is for what follows.
	size      uint64 // of the largest checkpoint that it is known to have cosigned
	sizeKnown bool
	busy      bool      // it is being asked
	slow      bool      // it came after the grace the last time
	began     time.Time // when it was asked
	failures  int       // in a row
	notBefore time.Time // of the next request, by our own pauses
	askedFor  time.Time // and by what the witness asked for
	counts    bool      // the quorum may need it
	owed      *round    // that it asked to be given again; nil: it is given the newest
	owedSince time.Time
	again     *time.Timer // asks it when it may be asked; nil: nothing waits for that
}

// nextAsk is when it may be asked.
func (p *place) nextAsk() time.Time {
	if p.askedFor.After(p.notBefore) {
		return p.askedFor
	}
	return p.notBefore
}

func (p *place) mayBeAsked(now time.Time) bool {
	return !now.Before(p.notBefore) && !now.Before(p.askedFor)
}

type witnessKey struct {
	at  int // place in the policy
	key log.Key
}

// counted reports whether a policy's quorum counts a witness.
func counted(p *log.Policy, witness string) bool {
	var has func(name string) bool
	has = func(name string) bool {
		i := slices.IndexFunc(p.Groups, func(g log.Group) bool { return g.Name == name })
		return name == witness || i >= 0 && slices.ContainsFunc(p.Groups[i].Members, has)
	}
	return has(p.Quorum)
}

// CheckURL says whether witnesses can be asked under a submission prefix that a
// policy may have: it has neither query, fragment nor user name.
func CheckURL(prefix string) error {
	u, err := url.Parse(prefix)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("%.80q is not an http or https address", prefix)
	case u.User != nil:
		return errors.New("its address holds a user name or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("%.80q has a query or a fragment", prefix)
	}
	return nil
}
