package monitor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// whoShows says who showed the two checkpoints of a bundle.
func (c *cycle) whoShows(e *verifier.Evidence) string {
	var who []string
	for _, s := range c.cmp.all {
		if raw := string(s.view.Raw); raw == e.Smaller || raw == e.Larger {
			who = append(who, s.who...)
		}
	}
	if who == nil {
		return "log" // its archive, or what it showed before
	}
	slices.Sort(who)
	return strings.Join(slices.Compact(who), ", ")
}

func (c *cycle) notKept(err error) {
	c.say("log/evidence", Alarm{Class: Infrastructure, Code: CodeEvidenceFailed, Weight: pledge.Error, Proof: ProofSeen, From: "monitor",
		Text: "An evidence bundle could not be kept: " + err.Error() + ".", Hint: "see that there is room in the folder of evidence and that it can be written; the next cycle tries again"})
}

// tellReport tells of what the audit found.
func (c *cycle) tellReport(ctx context.Context) {
	if c.err != nil {
		hint := "see the error; the log cannot be followed until then"
		if refused := (*verifier.StateError)(nil); errors.As(c.err, &refused) {
			hint = refused.Hint
		}
		c.say("log/state", Alarm{Class: Infrastructure, Code: CodeStateRefused, Weight: pledge.Error, Proof: ProofSeen, From: "monitor", Text: "The audit could not begin: " + c.err.Error() + ".", Hint: hint})
		return
	}
	r := c.report
	if u := r.Undecided; u != nil {
		c.say("log/undecided", Alarm{Class: Infrastructure, Code: CodeUnread, Weight: pledge.Error, Proof: ProofSeen, From: "log",
			Text: "The log could not be read to its end (" + string(u.Code) + "): " + u.Text + ".", Hint: u.Hint})
	}
	if s := r.State; s != nil && s.Err != nil {
		c.say("log/state-kept", Alarm{Class: Infrastructure, Code: CodeStateNotKept, Weight: pledge.Warning, Proof: ProofSeen, From: "monitor",
			Text: "Where the audit came to was not kept: " + s.Err.Error() + ".", Hint: "see that there is room and that the folder can be written; the next cycle reads again what this one read"})
	}
	c.tellFindings(ctx)
	if w := r.Watched; w != nil && r.Undecided == nil {
		c.tellEntries(w)
		c.began = true
	}
}

func (c *cycle) tellFindings(ctx context.Context) {
	type group struct {
		class Class
		code  entry.Code
	}
	count := make(map[group]uint64)
	for _, f := range c.report.Findings {
		a := Alarm{Class: Infrastructure, Code: f.Code, Weight: f.Severity, Proof: ProofSeen, From: "log", Text: f.Text, Finding: new(f)}
		switch f.Concerns {
		case pledge.RoleOperator:
			if f.Severity == pledge.Info || f.Code == verifier.FindLogForked && c.saidFork(c.report.Evidence) {
				continue
			}
			a.Class, a.Proof = Misbehaviour, ProofLog
			if !provesByLog(f.Code) {
				a.Proof = ProofSeen
			}
		case pledge.RoleAuthor:
			if a.Rules = c.l.rulesOfFinding(f); a.Rules == nil {
				continue
			}
			a.Class, a.Proof = Interest, ProofLog
			a.Text = c.subject(f.Author) + f.Text
		default:
			if f.Severity == pledge.Info {
				continue
			}
		}
		g := group{a.Class, f.Code}
		if count[g]++; count[g] > maxPerCode {
			continue
		}
		k := findingKey(f)
		if kept := c.state.Open[k]; kept != nil && kept.Alarm.Proof == ProofBundle {
			a.Proof, a.Evidence = ProofBundle, kept.Alarm.Evidence
		} else if a.Class == Misbehaviour {
			c.prove(ctx, k, &a, f)
		}
		c.say(k, a)
	}
	for g, n := range count {
		if n += c.report.NotListed[g.code]; n > maxPerCode {
			title := string(g.code)
			if m, ok := verifier.MeaningOf(g.code); ok {
				title = m.Title
			}
			c.say("audit/more/"+string(g.class)+"/"+string(g.code), Alarm{Class: g.class, Code: CodeMoreOfCode, Weight: pledge.Warning, Proof: ProofLog, From: "log",
				Text: fmt.Sprintf("There are over %d findings “%s” (%s). These have an alarm each; an audit lists the others.", maxPerCode, title, g.code)})
		}
	}
}

// provesByLog reports whether a finding on the operator shows in what the log's key
// signed, and not only in what was served just now.
func provesByLog(c entry.Code) bool {
	switch c {
	case pledge.FindBodyMissing, pledge.FindBodyMismatch, pledge.FindBodyNotOpened, pledge.FindErasedServed, pledge.FindDisclosureGone, pledge.FindDisclosureOff,
		verifier.FindBodyBundle, verifier.FindBodyBundleShort, verifier.FindBodyFile, verifier.FindBodyFileMissing, verifier.FindArchiveQuorum, verifier.FindArchiveSparse,
		verifier.FindHeldBack, verifier.FindLoggedInFuture, pledge.FindDirectoryOverdue:
		return false
	}
	return true
}

func findingKey(f pledge.Finding) string {
	index := ""
	if f.Index != nil {
		index = fmt.Sprint(*f.Index)
	}
	return strings.Join([]string{"audit/finding", string(f.Code), f.Author, index, f.Entry, f.Period, string(f.Reason)}, "/")
}

// subject names an author before a sentence of a finding on it.
func (c *cycle) subject(author string) string {
	for _, s := range c.report.Signatories {
		if s.ID == author {
			return s.Name + ": "
		}
	}
	return author + ": "
}

func (c *cycle) tellEntries(w *verifier.WatchedEntries) {
	if !c.began && !c.l.History {
		c.next = c.report.Size
		return
	}
	// A log that shrank and grows again has nothing new.
	c.next = max(c.next, w.To)
	for _, e := range w.Entries {
		said := e.Said
		a := &Alarm{Class: Interest, Code: CodeEntry, Weight: pledge.Info, Proof: ProofLog, From: "log", Rules: e.Rules, Entry: &said, Text: e.Sentence}
		if len(e.Texts) > 0 {
			a.Text += " What the rule looks for stands in its published text."
		}
		if e.TextMissing {
			a.Text += " A text that it publishes is not served as it was signed: no rule could look at it."
		}
		a.ID = id(c.l.origin, CodeEntryKey, fmt.Sprint(e.Index), e.ID)
		c.added = append(c.added, a)
	}
}

// CodeEntryKey is a part of the ids of alarms on statements.
const CodeEntryKey = "entry"

// tellLog tells of how the log is served.
func (c *cycle) tellLog(ctx context.Context) {
	if c.took > c.l.SlowAfter {
		c.say("log/slow", Alarm{Class: Infrastructure, Code: CodeSlow, Weight: pledge.Warning, Proof: ProofSeen, From: "log",
			Text: fmt.Sprintf("The log took over %v to send its checkpoint, or to fail to.", c.l.SlowAfter)})
	}
	c.tellCertificate("log", c.probe)
	if t, ok := c.newest(); ok && c.l.StaleAfter > 0 && !c.report.SimulatedTime && c.now.Sub(t) > c.l.StaleAfter {
		hint := "a log without a quorum of witnesses has no newer checkpoint when nobody writes to it: see what others are shown"
		if c.l.policy.Quorum != log.QuorumNone {
			hint = "a log that stands still is cosigned anew too: see what its witnesses show, and whether something in between serves old answers; ask the operator"
		}
		c.say("log/stale", Alarm{Class: Infrastructure, Code: CodeStale, Weight: pledge.Warning, Proof: ProofSeen, From: "log",
			Text: fmt.Sprintf("What the log shows is of %s, over %v ago.", stamp(t), c.l.StaleAfter), Hint: hint})
	}
	var size uint64
	if c.cmp.log != nil {
		size = c.cmp.log.size()
	}
	for _, s := range c.cmp.all {
		if s == c.cmp.log || c.cmp.inFork(s) || c.cmp.settled(s) || c.cmp.log == nil || s.size() <= size && c.ended {
			continue
		}
		waits, cosigned := c.now.Sub(time.Unix(s.since, 0)), c.sinceStamp(s)
		if max(waits, cosigned) < c.m.limits.Grace {
			continue
		}
		if waits < c.l.BehindAfter && cosigned >= c.l.BehindAfter && c.shows(ctx, s.size()) {
			continue // it was just about to show it
		}
		c.tellUnsettled(s, size, waits, cosigned)
	}
}

// shows reports whether the log has come to show a checkpoint of this size.
func (c *cycle) shows(ctx context.Context, size uint64) bool {
	raw, err := c.source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		return false
	}
	v, err := c.l.policy.OpenUnwitnessed(raw)
	return err == nil && v.Checkpoint.Origin == c.l.origin && v.Checkpoint.Size >= size
}

// sinceStamp is how long ago a witness cosigned what is larger than what the log shows,
// by that witness's clock. Of what the log itself showed since, that says nothing. A
// demonstration's time is simulated, and compared with no other.
func (c *cycle) sinceStamp(s *shown) time.Duration {
	if s.stamped == 0 || slices.Contains(s.who, "log") || s.stamped > uint64(c.now.Unix()) || s.size() <= c.cmp.log.size() || entry.IsDemonstration(c.l.origin) {
		return 0
	}
	return c.now.Sub(time.Unix(int64(s.stamped), 0))
}

func (c *cycle) tellUnsettled(s *shown, size uint64, waits, cosigned time.Duration) {
	who := strings.Join(s.who, ", ")
	by := who
	if s.who[0] == "log" {
		by = strings.Join(append([]string{"the log itself"}, s.who[1:]...), ", ")
	}
	signed := fmt.Sprintf("The log's key signed a checkpoint that covers %s, which %s showed", verifier.Count(s.size(), "entry", "entries"), by)
	k := key(s.view.Checkpoint)
	if s.size() > size {
		text := fmt.Sprintf("%s; the log shows one that covers %s.", signed, verifier.Commas(size))
		if c.cmp.fits(s) {
			text += " The two fit."
		} else {
			text += " Whether the two fit can't be told yet."
		}
		c.say("log/behind", Alarm{Class: Infrastructure, Code: CodeBehind, Weight: pledge.Warning, Proof: ProofSeen, From: who, Text: text,
			Hint: "a log may have a checkpoint witnessed before it shows it; a copy in front of it may be old"})
		if max(waits, cosigned) >= c.l.BehindAfter {
			less := fmt.Sprintf("; for over %v the log has shown this monitor less.", c.l.BehindAfter)
			if waits < c.l.BehindAfter {
				less = fmt.Sprintf(" and which the witness %s says it cosigned at %s, over %v ago; the log shows this monitor less.", s.stampedBy, stamp(time.Unix(int64(s.stamped), 0)), c.l.BehindAfter)
			}
			c.say("withheld/"+k, Alarm{Class: Misbehaviour, Code: CodeWithholds, Weight: pledge.Error, Proof: ProofSeen, From: who,
				Text: signed + less + " That the key signed it anybody can check; what the log shows others this monitor doesn't know.",
				Hint: "the signed checkpoint is kept in " + filepath.Join(c.l.State, SeenFile) + "; whoever is shown a log of that size can tell whether this one is a part of it: send them what this log shows, for audit --checkpoint"})
		}
		return
	}
	why := ""
	if err := c.cmp.why[s]; err != nil {
		why = ": " + err.Error()
	}
	c.say("log/not-compared", Alarm{Class: Infrastructure, Code: CodeNotCompared, Weight: pledge.Warning, Proof: ProofSeen, From: who,
		Text: fmt.Sprintf("%s. It could not be compared with the log%s.", signed, why), Hint: "see whether the log serves its tiles and entries"})
}

// newest is the time of what the log shows.
func (c *cycle) newest() (time.Time, bool) {
	if c.report == nil || c.report.AsOf == "" {
		return time.Time{}, false
	}
	t, err := entry.ParseTime(c.report.AsOf)
	return time.Unix(t, 0), err == nil
}

func (c *cycle) tellCertificate(who string, p *probe) {
	ends := p.certificate()
	if ends.IsZero() || ends.Sub(c.now) > c.l.CertificateBefore {
		return
	}
	c.say("certificate/"+who, Alarm{Class: Infrastructure, Code: CodeCertificate, Weight: pledge.Warning, Proof: ProofSeen, From: who,
		Text: fmt.Sprintf("The certificate of the %s ends at %s.", who, stamp(ends))})
}

// tellSinks tells of sinks that take nothing. That is for one log of all to do.
func (c *cycle) tellSinks() {
	for _, q := range c.m.hub.queues {
		n, failed := q.length()
		if t := q.oldest(); t.IsZero() || c.now.Sub(t) < c.l.BehindAfter {
			continue
		}
		why := ""
		if failed != nil {
			why = ": " + failed.Error()
		}
		c.say("sink/"+q.sink.Name, Alarm{Class: Infrastructure, Code: CodeSinkFails, Weight: pledge.Error, Proof: ProofSeen, From: "sink " + q.sink.Name,
			Text: fmt.Sprintf("%s for the sink %s, the first for over %v%s.", verifier.Count(uint64(n), "alarm waits", "alarms wait"), q.sink.Name, c.l.BehindAfter, why), Hint: "see whether its address and its secrets are right; nothing is lost meanwhile"})
	}
}

// tellPeers tells of witnesses and mirrors.
func (c *cycle) tellPeers() {
	for _, a := range c.answers {
		who := a.peer.who
		c.tellCertificate(who, a.peer.probe)
		switch {
		case errors.Is(a.err, errNotCosigned):
			c.say("peer/"+who, Alarm{Class: Infrastructure, Code: CodePeerBad, Weight: pledge.Warning, Proof: ProofSeen, From: who,
				Text: fmt.Sprintf("At the address of the %s is a checkpoint of this log that is not believed to be its own: %v.", who, a.err), Hint: "see whether its address and its key are right, and who else may answer there; ask who runs it"})
			continue
		case a.bad:
			c.say("peer/"+who, Alarm{Class: Infrastructure, Code: CodePeerBad, Weight: pledge.Warning, Proof: ProofSeen, From: who,
				Text: fmt.Sprintf("The %s answered, and not with a checkpoint that this log's key signed: %v.", who, a.err), Hint: "see whether its address is right; ask who runs it"})
			continue
		case a.err != nil:
			c.say("peer/"+who, Alarm{Class: Infrastructure, Code: CodePeerUnread, Weight: pledge.Warning, Proof: ProofSeen, From: who,
				Text: fmt.Sprintf("The %s could not be read: %v.", who, a.err), Hint: "see whether its address is right; without it a log that is shown to one side only is harder to notice"})
			continue
		}
		if c.cmp.log == nil {
			continue
		}
		size, at := a.view.Checkpoint.Size, c.now.Unix()
		was, ok := c.state.Peers[who]
		if !ok || size >= was.Size {
			was = lag{c.cmp.log.size(), at}
		}
		c.state.Peers[who] = was
		if size < was.Size && c.now.Sub(time.Unix(was.Since, 0)) >= c.l.BehindAfter {
			c.say("behind/"+who, Alarm{Class: Infrastructure, Code: CodePeerBehind, Weight: pledge.Warning, Proof: ProofSeen, From: who,
				Text: fmt.Sprintf("The %s shows %s; over %v ago the log showed %s.", who, verifier.Count(size, "entry", "entries"), c.l.BehindAfter, verifier.Commas(was.Size))})
		}
	}
}
