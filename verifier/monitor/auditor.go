package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

const (
	// auditFormat is that of what an auditing witness publishes beside its checkpoint
	// (docs/schema/witness-audit.v1.json), auditPath where, and maxAudit its size in
	// bytes at most: it has a report in it.
	auditFormat = "pledgelog.witness-audit.v1"
	auditPath   = "audit.json"
	maxAudit    = 32 << 20

	// maxDecisions is of how many decisions a cycle tells, and maxDecided of how many of
	// one witness it ever does.
	maxDecisions = 100
	maxDecided   = 10_000
)

// An auditPage is what is read of it.
type auditPage struct {
	Format    string           `json:"format"`
	Origin    string           `json:"origin"`
	Charter   string           `json:"charter"`
	Verdict   string           `json:"verdict"`
	Text      string           `json:"text"`
	Size      uint64           `json:"size"`
	Open      []pledge.Finding `json:"open"`
	NotListed uint64           `json:"notListed"`
	Decisions []decision       `json:"decisions"`
	Report    struct {
		Findings []pledge.Finding `json:"findings"`
	} `json:"report"`
}

// A decision is that of a person on a finding of the audit.
type decision struct {
	Action  string `json:"action"` // accept or refuse
	Finding struct {
		Code   entry.Code `json:"code"`
		Index  *uint64    `json:"index"`
		Entry  string     `json:"entry"`
		Reason entry.Code `json:"reason"`
		Text   string     `json:"text"`
	} `json:"finding"`
	Who  string `json:"who"`
	Why  string `json:"why"`
	When string `json:"when"`
}

// The verdicts of an auditing witness (docs/witness.md).
const (
	verdictCosigns   = "cosigns"
	verdictRefuses   = "refuses"
	verdictUndecided = "undecided"
	verdictNone      = "no-audit"
	verdictClosed    = "log-closed"
)

// askAudit reads what an auditing witness publishes of its audits. It is not signed: that
// it is the witness's, the address vouches for.
func (p *peer) askAudit(ctx context.Context, l *Log, limits Limits) (*auditPage, error) {
	ctx, cancel := context.WithTimeout(ctx, limits.PeerTime)
	defer cancel()
	b, err := p.source.Get(ctx, auditPath, maxAudit)
	if err != nil {
		return nil, err
	}
	a := new(auditPage)
	switch err := json.Unmarshal(b, a); {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", auditPath, err)
	case a.Format != auditFormat:
		return nil, fmt.Errorf("read %s: its format is not %s", auditPath, auditFormat)
	case a.Origin != l.origin:
		return nil, fmt.Errorf("read %s: %w", auditPath, log.ErrUnknownOrigin)
	case a.Charter != l.charter.String():
		return nil, errors.New("it audits by another charter")
	case !slices.Contains([]string{verdictCosigns, verdictRefuses, verdictUndecided, verdictNone, verdictClosed}, a.Verdict):
		return nil, fmt.Errorf("read %s: its verdict is none that this version of the program knows", auditPath)
	}
	return a, nil
}

// tellAuditors tells of what auditing witnesses say of the log. That is their word, and
// this monitor's own audit is another matter.
func (c *cycle) tellAuditors() {
	for _, a := range c.answers {
		who := a.peer.who
		switch {
		case !a.peer.audits:
		case a.auditErr != nil:
			c.say("audits/"+who, Alarm{Class: Infrastructure, Code: CodeAuditUnread, Weight: pledge.Warning, Proof: ProofSeen, From: who,
				Text: fmt.Sprintf("What the %s publishes of its audits could not be read: %v.", who, a.auditErr), Hint: "see whether it audits this log and its address is right; ask who runs it"})
		default:
			c.tellVerdict(who, a.audit)
			c.tellDecisions(who, a.audit)
		}
	}
}

func (c *cycle) tellVerdict(who string, p *auditPage) {
	switch p.Verdict {
	case verdictClosed:
		c.say("refuses/"+who+"/closed", Alarm{Class: Infrastructure, Code: CodeAuditorRefuses, Weight: pledge.Warning, Proof: ProofSeen, From: who,
			Text: fmt.Sprintf("The %s says that it cosigns no checkpoint of this log any more.", who), Hint: "ask who runs it"})
		return
	case verdictRefuses:
	default:
		return
	}
	class := Infrastructure
	for _, f := range append(slices.Clone(p.Open), p.Report.Findings...) {
		if f.Severity == pledge.Error && f.Concerns == pledge.RoleOperator {
			class = Misbehaviour
		}
	}
	// A refusal for other errors is another matter. Where none is open, as when the
	// checkpoint itself can't be right, the sentence may have the size in it.
	key := strings.Join([]string{"refuses", who, string(class)}, "/")
	for _, f := range p.Open {
		key = strings.Join([]string{"refuses", who, string(class), id(key, findingKey(f))}, "/")
	}
	c.say(key, Alarm{Class: class, Code: CodeAuditorRefuses, Weight: pledge.Error, Proof: ProofSeen, From: who,
		Text: fmt.Sprintf("The %s says of the log's checkpoint of %s: %s. That is the witness's word; what this monitor's own audit finds has alarms of its own.",
			who, verifier.Count(p.Size, "entry", "entries"), short(p.Text)),
		Hint: "read its " + auditPath + ", and compare with an audit of your own; ask the operator"})
}

// tellDecisions tells once of each error that a person has said need not keep the
// witness from cosigning. Those before the first look at it are history.
func (c *cycle) tellDecisions(who string, p *auditPage) {
	told, known := c.state.Decided[who]
	have := make(map[string]bool, len(told))
	for _, k := range told {
		have[k] = true
	}
	told = slices.Clone(told)
	n := 0
	for _, d := range p.Decisions {
		if d.Action != "accept" {
			continue
		}
		f := pledge.Finding{Code: d.Finding.Code, Severity: pledge.Error, Concerns: pledge.RoleOperator, Index: d.Finding.Index, Entry: d.Finding.Entry, Reason: d.Finding.Reason, Text: d.Finding.Text}
		if m, ok := verifier.MeaningOf(f.Code); ok {
			f.Severity, f.Concerns = m.Severity, m.Concerns
		}
		k := id(c.l.origin, "decision", who, findingKey(f), f.Text, d.Who, d.Why, d.When)
		if have[k] {
			continue
		}
		if n == maxDecisions && (known || c.l.History) || len(told) >= maxDecided {
			break
		}
		have[k] = true
		told = append(told, k)
		n++
		if !known && !c.l.History {
			continue
		}
		c.decided = append(c.decided, &Alarm{ID: k, Class: Interest, Code: CodeAccepted, Weight: pledge.Info, Proof: ProofSeen, From: who, Finding: &f,
			Text: fmt.Sprintf("For the %s “%s” decided at %s that this finding keeps it from cosigning no more, and gave as the reason “%s”: %s", who, short(d.Who), short(d.When), short(d.Why), short(f.Text)),
			Hint: "the finding stays what it is: its cosignature now covers a log with it"})
	}
	c.decisions[who] = told
}

// short bounds what others wrote.
func short(s string) string {
	const most = 500
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// refusalEnds reports whether a witness is known to refuse no more what it did: its word
// was read and came to a result, or is not asked for.
func (c *cycle) refusalEnds(key string) bool {
	for _, a := range c.answers {
		if a.peer.audits && strings.HasPrefix(key, "refuses/"+a.peer.who+"/") {
			return a.audit != nil && a.audit.Verdict != verdictUndecided
		}
	}
	return true
}
