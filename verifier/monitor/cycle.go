package monitor

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

const (
	// maxEntries is how many statements of interest a cycle takes. The next one goes
	// on with the others.
	maxEntries = 1000
	// maxPerCode is how many findings of one code have an alarm each.
	maxPerCode = 25
	// maxHeld is how many checkpoints are kept that are not known to be a part of the
	// log.
	maxHeld = 32
)

// A follower follows one log.
type follower struct {
	m      *Monitor
	l      *Log
	first  bool // of the configuration
	source log.Source
	probe  *probe // nil for a directory
	tiles  *log.TileReader
	peers  []*peer
	state  *state
	held   []held
	// unproved has the findings, by key, of which no bundle could be made.
	unproved map[string]later
}

func (m *Monitor) follow(l *Log, first bool) (*follower, error) {
	f := &follower{m: m, l: l, first: first, unproved: make(map[string]later)}
	var err error
	if err = os.MkdirAll(l.State, 0o700); err != nil {
		return nil, fmt.Errorf("%s: keep state: %w", l.Name, err)
	}
	if f.state, err = readState(l.State, l.origin); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	if f.held, err = readSeen(l.State); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	if f.source, f.probe, err = copyOf(l.Log, m.limits, m.limits.LogAttempt, m.limits.LogAttempts); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	f.tiles = log.NewTileReader(f.source)
	if f.peers, err = l.peers(m.limits); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	return f, nil
}

// A cycle is one look at a log.
type cycle struct {
	*follower
	now     time.Time
	view    *log.View // what the log shows; nil when that is not to be had, or not to be believed
	took    time.Duration
	answers []answer
	cmp     comparison
	report  *verifier.Report
	err     error // why the audit could not begin

	// What is seen, by key, and in which order.
	seen    map[string]*Alarm
	keys    []string
	added   []*Alarm // on statements of interest
	decided []*Alarm // on what persons decided for an auditing witness
	// Of which decisions sinks were told by the end of the cycle, by witness.
	decisions map[string][]string
	next      uint64
	ended     bool // the audit came to its end, so that what it did not find is not there
	began     bool
	forks     []string // of which there are bundles
	more      []string // and of which none was kept
	bundles   int      // on entries, that this cycle kept
	unkept    bool     // one of them could not be written
}

// cycle looks at the log once. An error means that the state was not kept, and that the
// next cycle repeats this one.
func (f *follower) cycle(ctx context.Context) (*Outcome, error) {
	c := &cycle{follower: f, now: f.m.now(), seen: make(map[string]*Alarm), next: f.state.Next, began: f.state.Began, forks: slices.Clone(f.state.Forks), decisions: make(map[string][]string)}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, f.l.Timeout)
	defer cancel()
	c.look(ctx)
	if err := c.hold(); err != nil {
		return nil, err
	}
	c.keepForks(c.cmp.forks...) // an audit may take long, and what proves a fork be gone after it
	c.audit(ctx)
	if outer.Err() != nil {
		return nil, fmt.Errorf("%s: %w", f.l.Name, context.Cause(outer))
	}
	if c.report != nil && c.report.Evidence != nil {
		c.keepForks(c.report.Evidence)
	}
	c.tellMoreForks()
	c.tellReport(ctx)
	c.tellLog(ctx)
	c.tellPeers()
	c.tellAuditors()
	if c.first {
		c.tellSinks()
	}
	return c.finish(outer)
}

// look gathers what the log and everybody else shows, and compares it.
func (c *cycle) look(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.answers = gather(ctx, c.l, c.peers, c.m.limits)
	}()
	c.fetch(ctx)
	<-done
	if c.view != nil && slices.ContainsFunc(c.answers, func(a answer) bool { return a.view != nil && a.view.Checkpoint.Size > c.view.Checkpoint.Size }) {
		c.fetch(ctx) // it grew meanwhile, perhaps
	}
	if c.view != nil {
		c.cmp.log = c.cmp.add(c.view, "log", c.tiles, c.now.Unix())
		// An audit that found a fork goes on from before it: another one would be hidden by that.
		// And what the log showed itself it is held to as to what others show, when it shows less.
		if v, err := c.l.policy.OpenUnwitnessed([]byte(c.state.Shown)); err == nil && v.Checkpoint.Origin == c.l.origin {
			c.cmp.add(v, "log", nil, c.now.Unix())
		}
	}
	for _, h := range c.held {
		if v, err := c.l.policy.OpenUnwitnessed(h.raw()); err == nil && v.Checkpoint.Origin == c.l.origin {
			for _, who := range strings.Split(h.Who, ", ") {
				c.cmp.add(v, who, nil, h.Since).stamp(c.l.stamp(v))
			}
		}
	}
	// Few witnesses have tiles: they come last.
	others, last := []*log.TileReader{c.tiles}, []*log.TileReader(nil)
	for _, a := range c.answers {
		var tiles *log.TileReader
		if a.peer.mirror {
			tiles = a.peer.tiles
			others = append(others, tiles)
		} else {
			last = append(last, a.peer.tiles)
		}
		if a.view != nil {
			c.cmp.add(a.view, a.peer.who, tiles, c.now.Unix()).stamp(c.l.stamp(a.view))
		}
	}
	others = append(others, last...)
	ctx, cancel := context.WithTimeout(ctx, c.m.limits.CompareTime)
	defer cancel()
	c.cmp.compare(ctx, c.l.policy, others, func(e *verifier.Evidence) bool { return c.knownFork(e, c.forks) })
}

// fetch reads the log's checkpoint. What is wrong with it the audit says.
func (c *cycle) fetch(ctx context.Context) {
	began := time.Now()
	raw, err := c.source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	c.took = max(c.took, time.Since(began))
	if err != nil {
		return
	}
	if v, err := c.l.policy.OpenUnwitnessed(raw); err == nil && v.Checkpoint.Origin == c.l.origin {
		c.view = v
	}
}

// hold keeps what was shown and is not known to be a part of the log, before anything
// else is done: who shows another log once is held to it. What is in a fork is held until
// the sinks were told and the state says so: see finish. So is what the log shows now, as
// the state has it only when the cycle was whole.
func (c *cycle) hold() error {
	list := make([]held, 0)
	for _, s := range c.cmp.all {
		if s == c.cmp.log && string(s.view.Raw) != c.state.Shown || !c.cmp.settled(s) && !c.toldFork(string(s.view.Raw), c.state.Forks) {
			list = append(list, held{base64.StdEncoding.EncodeToString(s.view.Raw), strings.Join(s.who, ", "), s.since})
		}
	}
	if len(list) > maxHeld {
		// Those in a fork, the first that were seen, and the largest.
		last := list[len(list)-1]
		slices.SortStableFunc(list, func(x, y held) int {
			return cmp.Or(cmp.Compare(c.forkLast(x), c.forkLast(y)), cmp.Compare(x.Since, y.Since))
		})
		list = list[:maxHeld]
		if !slices.Contains(list, last) {
			list[maxHeld-1] = last
		}
	}
	if slices.Equal(list, c.held) {
		return nil
	}
	if err := writeSeen(c.l.State, list); err != nil {
		return fmt.Errorf("%s: %w", c.l.Name, err)
	}
	c.follower.held = list
	return nil
}

// forkLast orders what is in a fork before what is not.
func (c *cycle) forkLast(h held) int {
	raw := string(h.raw())
	if slices.ContainsFunc(c.cmp.forks, func(e *verifier.Evidence) bool { return e.Smaller == raw || e.Larger == raw }) {
		return 0
	}
	return 1
}

// audit reads what is new in the log. What is smaller than the log and could not be
// compared by tiles is compared with all of its entries.
func (c *cycle) audit(ctx context.Context) {
	now := c.now.Unix()
	cfg := verifier.Config{Policy: c.l.policy, Charter: c.l.charter, Source: c.source, State: c.l.State, Now: &now, AsServed: true, Watch: c.l.watch(c.state.Next)}
	for _, s := range c.cmp.all {
		if c.cmp.log != nil && s != c.cmp.log && s.size() <= c.cmp.log.size() && !c.cmp.fits(s) && !c.cmp.inFork(s) && !c.toldFork(string(s.view.Raw), c.forks) {
			cfg.Checkpoints = append(cfg.Checkpoints, s.view.Raw)
		}
	}
	c.report, c.err = verifier.Audit(ctx, cfg)
	if c.err != nil {
		return
	}
	c.ended = c.report.Watched != nil && c.report.Undecided == nil
	if c.ended && c.report.Evidence == nil {
		// All of those are a part of it.
		c.follower.held = slices.DeleteFunc(c.held, func(h held) bool {
			return slices.ContainsFunc(cfg.Checkpoints, func(raw []byte) bool { return string(raw) == string(h.raw()) })
		})
	}
}

// say notes that something is seen. The key is the same for the same matter.
func (c *cycle) say(key string, a Alarm) *Alarm {
	if have := c.seen[key]; have != nil {
		return have
	}
	c.keys = append(c.keys, key)
	c.seen[key] = &a
	return &a
}
