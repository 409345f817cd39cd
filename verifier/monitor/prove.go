package monitor

import (
	"context"
	"fmt"

	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// maxBundles is how many bundles on entries a cycle keeps, and maxBundlesOfLog how many
// are kept of one log: who breaks rules often must not fill the disk.
const (
	maxBundles      = 8
	maxBundlesOfLog = 100
)

// prove keeps a bundle for a finding on the operator, if a small file can show it to
// others. What can't be gathered leaves the alarm as it is.
func (c *cycle) prove(ctx context.Context, a *Alarm, f pledge.Finding) {
	kept := 0
	for _, o := range c.state.Open {
		if o.Alarm.Proof == ProofBundle {
			kept++
		}
	}
	if c.report.Checkpoint == nil || c.bundles >= maxBundles || kept+c.bundles >= maxBundlesOfLog {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.m.limits.CompareTime)
	defer cancel()
	r, err := verifier.ProveRuleBreak(ctx, c.l.policy, c.source, c.report.Checkpoint, f)
	if err != nil {
		c.m.log.Warn("a finding could not be proved to others", "log", c.l.Name, "code", f.Code, "error", err.Error())
		return
	}
	if r == nil {
		return
	}
	file, err := c.m.keep(r)
	if err != nil {
		c.notKept(err)
		return
	}
	c.bundles++
	a.Proof, a.Evidence = ProofBundle, file
	a.Text = fmt.Sprintf("%s %s The bundle proves it to anybody who has the policy.", a.Text, r.What)
	a.Hint = "pledge-verify evidence --policy FILE " + file
}
