package monitor

import (
	"context"
	"fmt"
	"math"

	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// maxBundles is how many bundles on entries a cycle keeps, and maxBundlesOfLog how many
// are kept of one log: who breaks rules often must not fill the disk.
const (
	maxBundles      = 8
	maxBundlesOfLog = 100
	maxWait         = 63 // cycles
)

// A later is when a finding that could not be proved is tried again, in whole cycles.
type later struct{ next, wait uint64 }

// prove keeps a bundle for a finding on the operator, if a small file can show it to
// others. What can't be gathered leaves the alarm as it is, and a later cycle tries
// again: the next one when a bundle could not be written, ever fewer when the log does
// not show what belongs into it.
func (c *cycle) prove(ctx context.Context, k string, a *Alarm, f pledge.Finding) {
	kept := 0
	for _, o := range c.state.Open {
		if o.Alarm.Proof == ProofBundle {
			kept++
		}
	}
	if c.unkept || c.state.Cycles < c.unproved[k].next || c.report.Checkpoint == nil || c.bundles >= maxBundles || kept+c.bundles >= maxBundlesOfLog {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.m.limits.CompareTime)
	defer cancel()
	r, err := verifier.ProveRuleBreak(ctx, c.l.policy, c.source, c.report.Checkpoint, f)
	if err != nil {
		c.m.log.Warn("a finding could not be proved to others", "log", c.l.Name, "code", f.Code, "error", err.Error())
		wait := min(2*c.unproved[k].wait+1, maxWait)
		c.unproved[k] = later{c.state.Cycles + wait, wait}
		return
	}
	if r == nil {
		c.unproved[k] = later{next: math.MaxUint64} // no small file shows it
		return
	}
	file, err := c.m.keep(r)
	if err != nil {
		c.unkept = true
		c.notKept(err)
		return
	}
	c.bundles++
	a.Proof, a.Evidence = ProofBundle, file
	a.Text = fmt.Sprintf("%s %s The bundle proves it to anybody who has the policy.", a.Text, r.What)
	a.Hint = "pledge-verify evidence --policy FILE " + file
}
