package monitor

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// finish hands what is new to the sinks, and then writes the state.
func (c *cycle) finish(ctx context.Context) (*Outcome, error) {
	next := *c.state
	next.Cycles++
	next.Began, next.Next, next.Forks = c.began, c.next, c.forks
	if c.view != nil {
		next.Shown = string(c.view.Raw)
	}
	next.Open = make(map[string]*open, len(c.seen))
	var out []*Alarm
	var gone []string
	for _, k := range c.keys {
		a := c.seen[k]
		o := c.state.Open[k]
		if o != nil && a.Proof == ProofBundle && o.Alarm.Proof != ProofBundle {
			// A sink drops what it has under an id: that there is a bundle now comes
			// under another.
			gone = append(gone, o.Alarm.ID)
			if o.Raised && !o.Quiet && !acknowledged(c.l.State, o.Alarm.ID) {
				out = append(out, c.end(o, "A bundle is kept of this now, and it goes on under another id: "))
			}
			a.ID = id(c.l.origin, k, fmt.Sprint(c.state.Cycles))
			c.complete(a, Raised, o.Since)
			o = &open{Since: o.Since, Alarm: *a}
		} else if o == nil {
			o = &open{Since: c.now.Unix(), Quiet: !c.state.Began && !c.l.History && a.Class == Interest}
			// A crash before the state is written gives it the same id again.
			a.ID = id(c.l.origin, k, fmt.Sprint(c.state.Cycles))
			c.complete(a, Raised, o.Since)
			o.Alarm = *a
		} else {
			kept := *o
			o = &kept
		}
		if !o.Raised && (a.Class != Infrastructure || c.now.Sub(time.Unix(o.Since, 0)) >= c.l.Patience) {
			if !o.Quiet {
				one := o.Alarm
				one.Time = stamp(c.now)
				out = append(out, &one)
			}
			o.Raised = true
		}
		next.Open[k] = o
	}
	for _, a := range c.decided {
		c.complete(a, Raised, c.now.Unix())
		out = append(out, a)
	}
	next.Decided = maps.Clone(c.state.Decided)
	if next.Decided == nil {
		next.Decided = make(map[string][]string)
	}
	maps.Copy(next.Decided, c.decisions)
	c.makeRoom(&next, len(out)+len(c.state.Open))
	for _, a := range c.added {
		c.complete(a, Raised, c.now.Unix())
		out = append(out, a)
	}
	for _, k := range slices.Sorted(maps.Keys(c.state.Open)) {
		o := c.state.Open[k]
		if next.Open[k] != nil {
			continue
		}
		if !c.ends(k, o) {
			next.Open[k] = o
			continue
		}
		gone = append(gone, o.Alarm.ID)
		if !o.Raised || o.Quiet || acknowledged(c.l.State, o.Alarm.ID) {
			continue
		}
		out = append(out, c.end(o, "This is no longer seen: "))
	}
	slices.SortStableFunc(out, func(x, y *Alarm) int { return slices.Index(Classes, x.Class) - slices.Index(Classes, y.Class) })
	if err := c.m.hub.emit(ctx, out); err != nil {
		return nil, fmt.Errorf("%s: %w", c.l.Name, err)
	}
	if err := next.write(c.l.State); err != nil {
		return nil, fmt.Errorf("%s: %w", c.l.Name, err)
	}
	c.follower.state = &next
	c.follower.held = slices.DeleteFunc(slices.Clone(c.held), func(h held) bool {
		raw := string(h.raw())
		return raw == next.Shown || c.toldFork(raw, next.Forks)
	})
	if err := writeSeenIfOther(c.l.State, c.held); err != nil {
		return nil, fmt.Errorf("%s: %w", c.l.Name, err)
	}
	for _, id := range gone {
		os.Remove(filepath.Join(c.l.State, ackFolder, id))
	}
	return c.outcome(len(c.added)), nil
}

// end makes what sinks are told at the end of an alarm.
func (c *cycle) end(o *open, why string) *Alarm {
	a := o.Alarm
	c.complete(&a, Ended, o.Since)
	a.Text = why + a.Text
	a.Hint = ""
	return &a
}

// makeRoom leaves to the next cycle what the queues have no room for beside some other
// alarms.
func (c *cycle) makeRoom(next *state, others int) {
	room := max(0, c.m.hub.room()-others)
	if len(c.added) <= room {
		return
	}
	c.m.log.Warn("statements of interest wait for the next cycle, as a queue is full", "log", c.l.Name, "statements", len(c.added)-room)
	next.Next = c.added[room].Entry.Index
	c.added = c.added[:room]
}

// ends reports whether something that was seen before is known not to be there any
// more. What is proved stays proved.
func (c *cycle) ends(key string, o *open) bool {
	switch {
	case o.Alarm.Proof == ProofBundle:
		return false
	case strings.HasPrefix(key, "audit/"):
		return c.ended
	case strings.HasPrefix(key, "withheld/"), key == "log/behind", key == "log/not-compared", strings.HasPrefix(key, "behind/"):
		return c.cmp.log != nil
	case strings.HasPrefix(key, "refuses/"):
		return c.refusalEnds(key)
	case key == moreForks:
		return c.ended && len(c.held) == 0
	}
	return true
}

func (c *cycle) complete(a *Alarm, e Event, since int64) {
	a.Format, a.Event, a.Name, a.Log = AlarmFormat, e, c.l.Name, c.l.origin
	a.SimulatedTime = entry.IsDemonstration(c.l.origin)
	a.Time, a.Since = stamp(c.now), entry.FormatTime(since)
	if c.report != nil {
		a.Size = c.report.Size
	}
	a.Text, a.Hint = verifier.Printable(a.Text), verifier.Printable(a.Hint)
}

func writeSeenIfOther(dir string, list []held) error {
	before, err := readSeen(dir)
	if err != nil || slices.Equal(before, list) {
		return err
	}
	return writeSeen(dir, list)
}

// An Outcome is what a whole cycle of one log came to.
type Outcome struct {
	Name    string
	Log     string
	Time    time.Time
	Took    time.Duration
	Size    uint64 // entries that were audited
	Result  verifier.Result
	Entries int                      // statements of interest that are new
	Open    map[Class]map[string]int // alarms by whether they are "new" or "acknowledged"
	// Of open alarms that nobody acknowledged: a bundle proves misbehaviour; something
	// does not match; the monitor could not see all.
	Proved, Differs, Unseen bool

	cycles   uint64
	newest   time.Time
	peers    map[string]peerState
	certEnds map[string]time.Time
}

type peerState struct {
	ok   bool
	size uint64
}

func (c *cycle) outcome(entries int) *Outcome {
	o := &Outcome{Name: c.l.Name, Log: c.l.origin, Time: c.now, Took: c.m.now().Sub(c.now), Entries: entries,
		Open: make(map[Class]map[string]int), peers: make(map[string]peerState), certEnds: make(map[string]time.Time), Result: verifier.CannotDecide}
	if c.report != nil {
		o.Size, o.Result = c.report.Size, c.report.Result
	}
	o.newest, _ = c.newest()
	o.cycles = c.follower.state.Cycles
	for _, a := range c.answers {
		p := peerState{ok: a.err == nil}
		if p.ok {
			p.size = a.view.Checkpoint.Size
		}
		o.peers[a.peer.who] = p
		o.certEnds[a.peer.who] = a.peer.probe.certificate()
	}
	o.certEnds["log"] = c.probe.certificate()
	for _, class := range Classes {
		o.Open[class] = map[string]int{"new": 0, "acknowledged": 0}
	}
	for _, open := range c.follower.state.Open {
		a := open.Alarm
		if a.Class == Infrastructure && !acknowledged(c.l.State, a.ID) {
			// Patience is for who is woken: that not all was seen is so at once.
			o.Differs = o.Differs || a.Finding != nil && a.Weight == pledge.Error
			o.Unseen = o.Unseen || a.Weight != pledge.Info
		}
		if !open.Raised || open.Quiet {
			continue
		}
		if acknowledged(c.l.State, a.ID) {
			o.Open[a.Class]["acknowledged"]++
			continue
		}
		o.Open[a.Class]["new"]++
		switch {
		case a.Class == Misbehaviour && a.Proof == ProofBundle:
			o.Proved = true
		case a.Class == Misbehaviour && a.Weight == pledge.Error:
			o.Differs = true
		}
	}
	return o
}
