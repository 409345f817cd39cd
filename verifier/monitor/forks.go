package monitor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

const (
	// maxForks is of how many forks a bundle is kept within forkTime: who signs many
	// must not fill the disk. Of others it is told all the same.
	maxForks = 8
	forkTime = 24 * time.Hour
	// maxPairs is how many pairs of checkpoints that can't both be true are proved in
	// one cycle, beside those of which bundles are kept.
	maxPairs = 64

	proved    = "proved/fork/" // and a fork: the keys of alarms with a bundle
	moreForks = "forks/more"
)

// keepForks keeps a bundle for what can't both be true, and tells of it: of each fork
// once, under an alarm of its own.
func (c *cycle) keepForks(forks ...*verifier.Evidence) {
	for _, e := range forks {
		k, ok := c.keyOfFork(e)
		if !ok || c.knownFork(e, c.forks) || slices.Contains(c.more, k) {
			continue
		}
		if c.forksOfTime() >= maxForks {
			c.more = append(c.more, k)
			continue
		}
		file, err := c.m.keep(e)
		if err != nil {
			c.notKept(err)
			continue
		}
		c.forks = append(c.forks, k)
		c.say(proved+k, Alarm{Class: Misbehaviour, Code: verifier.FindLogForked, Weight: pledge.Error, Proof: ProofBundle, Evidence: file, From: c.whoShows(e),
			Text: e.What + " Neither can have grown from the other. The bundle proves it to anybody who has the policy.",
			Hint: "pledge-verify evidence --policy FILE " + file})
	}
}

// tellMoreForks tells of forks that no bundle was kept of, for there are many.
func (c *cycle) tellMoreForks() {
	if len(c.more) == 0 {
		return
	}
	c.say(moreForks, Alarm{Class: Misbehaviour, Code: verifier.FindLogForked, Weight: pledge.Error, Proof: ProofSeen, From: "log",
		Text: fmt.Sprintf("The log's key signed %s, and others that can't be true beside them. No bundle is kept of these: of %d others there is one, of the last %d hours.",
			verifier.Count(uint64(len(c.more)), "checkpoint more", "checkpoints more"), maxForks, int(forkTime.Hours())),
		Hint: "publish the bundles that are kept; a bundle is made of these when the time is over and they are still known: " + filepath.Join(c.l.State, SeenFile) + " has up to " + fmt.Sprint(maxHeld)})
}

// forksOfTime is how many bundles on forks were kept within forkTime.
func (c *cycle) forksOfTime() int {
	n := 0
	for k, o := range c.state.Open {
		if strings.HasPrefix(k, proved) && c.now.Sub(time.Unix(o.Since, 0)) < forkTime {
			n++
		}
	}
	for k := range c.seen {
		if strings.HasPrefix(k, proved) && c.state.Open[k] == nil {
			n++
		}
	}
	return n
}

// keyOfFork names a fork: by the one checkpoint that is not what the log shows, so that
// a log which grows beside it is no other fork; by both where it is not known which of
// them that is.
func (c *cycle) keyOfFork(e *verifier.Evidence) (string, bool) {
	small, err := c.l.policy.OpenUnwitnessed([]byte(e.Smaller))
	if err != nil {
		return "", false
	}
	large, err := c.l.policy.OpenUnwitnessed([]byte(e.Larger))
	if err != nil {
		return "", false
	}
	x, y := small.Checkpoint, large.Checkpoint
	switch ours, theirs := c.shownByLog(x), c.shownByLog(y); {
	case ours == theirs:
		return key(x) + "+" + key(y), true
	case ours:
		return key(y), true
	}
	return key(x), true
}

// shownByLog reports whether a checkpoint is a part of what the log shows, or what it
// shows is a part of that.
func (c *cycle) shownByLog(of log.Checkpoint) bool {
	if slices.ContainsFunc(c.cmp.all, func(s *shown) bool { return s.view.Checkpoint == of && c.cmp.fits(s) }) {
		return true
	}
	// It may have grown since.
	if c.report == nil || c.report.Checkpoint == nil {
		return false
	}
	v, err := c.l.policy.OpenUnwitnessed(c.report.Checkpoint)
	return err == nil && v.Checkpoint == of
}

// knownFork reports whether a fork is among those of which bundles are kept. Where it is
// not known what the log shows, one with a checkpoint that is in another fork is.
func (c *cycle) knownFork(e *verifier.Evidence, forks []string) bool {
	k, ok := c.keyOfFork(e)
	if !ok || slices.Contains(forks, k) {
		return ok
	}
	x, y, both := strings.Cut(k, "+")
	return both && (slices.Contains(forks, x) || slices.Contains(forks, y))
}

// saidFork reports whether an alarm of its own tells of what proves a fork.
func (c *cycle) saidFork(e *verifier.Evidence) bool {
	if e == nil {
		return false
	}
	k, ok := c.keyOfFork(e)
	return ok && (slices.Contains(c.more, k) || c.knownFork(e, c.forks))
}

// toldFork reports whether bundles are kept of all forks that a checkpoint is in.
func (c *cycle) toldFork(raw string, forks []string) bool {
	if v, err := c.l.policy.OpenUnwitnessed([]byte(raw)); err == nil && slices.Contains(forks, key(v.Checkpoint)) {
		return true
	}
	in := false
	for _, e := range c.cmp.forks {
		if e.Smaller != raw && e.Larger != raw {
			continue
		}
		in = true
		if k, ok := c.keyOfFork(e); ok && !slices.Contains(forks, k) {
			return false
		}
	}
	return in
}
