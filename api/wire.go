package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/pledge"
)

func (a *API) wireEntry(e *index.Entry) client.Entry {
	out := client.Entry{
		Index: e.Index, ID: e.ID, Logged: client.Time(e.Logged), SimulatedTime: a.simulated(), Leaf: e.Leaf,
		Verdict: e.Verdict.Kind, VerdictCode: e.Verdict.Code, BodyState: e.BodyState,
		Refers: wireRefs(e.Refers), ReferredBy: wireRefs(e.ReferredBy), Related: wireRelated(e), Findings: append([]pledge.Finding{}, e.Findings...),
	}
	if e.Envelope != nil && e.Statement != nil {
		out.Statement = jsontext.Value(e.Envelope.Payload)
		for _, sig := range e.Envelope.Signatures {
			out.Signatures = append(out.Signatures, client.Signature{KeyID: sig.KeyID.String(), Sig: sig.Sig})
		}
	}
	out.Body = wireBody(e)
	return out
}

// wireExported is what an export has of an entry.
func (a *API) wireExported(e *index.Entry) client.ExportedEntry {
	related := wireRelated(e)
	out := client.ExportedEntry{
		Index: e.Index, ID: e.ID, Logged: client.Time(e.Logged), SimulatedTime: a.simulated(), Leaf: e.Leaf,
		Verdict: e.Verdict.Kind, VerdictCode: e.Verdict.Code, BodyState: e.BodyState, Body: wireBody(e), Refers: wireRefs(e.Refers),
		Opened: related.Opened, Disclosures: related.Disclosures, Erasures: related.Erasures, Correction: related.Correction, InPlaceOf: related.InPlaceOf, HeldUntil: related.HeldUntil,
	}
	if e.Envelope != nil && e.Statement != nil {
		out.Statement = jsontext.Value(e.Envelope.Payload)
	}
	return out
}

// wireBody is a detached body as part of a larger JSON value; nil when it can't be one.
// What counts as published was read as JSON.
func wireBody(e *index.Entry) jsontext.Value {
	if body := jsontext.Value(e.Body); e.Body != nil && (e.BodyState == pledge.BodyPublished || body.IsValid()) {
		return body
	}
	return nil
}

func wireRefs(refs []index.Ref) []client.Ref {
	out := make([]client.Ref, 0, len(refs))
	for _, r := range refs {
		out = append(out, client.Ref{Index: r.Index, ID: r.ID, Kind: r.Kind, Author: r.Author})
	}
	return out
}

func wireMark(m *pledge.Mark) *client.Mark {
	if m == nil {
		return nil
	}
	return &client.Mark{Index: m.Index, ID: m.Entry, Logged: client.Time(m.Logged)}
}

func wireSignatory(s *index.Snapshot, st *pledge.Status) client.Signatory {
	out := client.Signatory{
		ID: st.ID, Role: st.ID, Standing: st.Standing, Seq: st.Seq, Head: st.Head,
		Pledged: st.Pledged, Requests: st.Requests, Outcomes: st.Outcomes, Membership: wireMembership(st),
	}
	if st.Admit != nil {
		out.Name, out.Role, out.Country, out.Website = st.Admit.Name, st.Admit.Role, st.Admit.Country, st.Admit.Website
		out.Admitted = wireMark(&st.Admitted)
	} else if c, _, _ := s.Charter(); c != nil {
		out.Name = c.Accord
	}
	for _, p := range st.Periods {
		row := client.Period{Period: p.Period, State: p.State, Deadline: client.Time(p.Deadline), Attested: wireMark(p.Attested), Logged: p.Logged, ReceivedInLog: p.Received}
		if p.Attestation != nil {
			row.Covers, row.Received = p.Attestation.Covers, &p.Attestation.Received
			if p.Content != nil && *p.Content != *p.Attested {
				row.Content = wireMark(p.Content)
			}
		}
		out.Periods = append(out.Periods, row)
	}
	return out
}

// mark is wireMark for what is there.
func mark(m pledge.Mark) client.Mark { return *wireMark(&m) }

// wireRelated says what later statements made of an entry.
func wireRelated(e *index.Entry) client.Related {
	out := client.Related{Challenges: wireChallenges(e.Challenges)}
	if e.Review != 0 {
		out.Review = time.Unix(e.Review, 0).UTC().Format(time.DateOnly)
	}
	if o := e.Opened; o != nil {
		out.Opened = wireOpened(o)
	}
	for _, d := range e.Disclosed {
		out.Disclosures = append(out.Disclosures, client.Disclosure{Member: d.Seal.Member, Digest: d.Seal.Digest, Text: d.Text, Erased: d.Erased, By: *wireOpened(&d.By)})
	}
	for _, t := range e.Erasures {
		out.Erasures = append(out.Erasures, client.Erasure{Mark: mark(t.Mark), Digest: t.Digest, Basis: t.Basis, Reference: t.Reference, Date: t.Date})
	}
	if c := e.Correction; c != nil {
		out.Correction = &client.Correction{Mark: mark(c.Mark), How: c.How, By: wireRef(c.By)}
	}
	out.InPlaceOf = wireRef(e.InPlaceOf)
	if e.Doubt != nil {
		out.Doubtful = wireMark(&e.Doubt.Mark)
	}
	if e.Unconfirmed != nil {
		out.Unconfirmed = wireMark(&e.Unconfirmed.Mark)
	}
	if e.Challenge != nil {
		c := wireChallenge(*e.Challenge)
		out.Challenge = &c
	}
	if e.HeldUntil != 0 {
		t := client.Time(e.HeldUntil)
		out.HeldUntil = &t
	}
	return out
}

func wireRef(r *index.Ref) *client.Ref {
	if r == nil {
		return nil
	}
	return &client.Ref{Index: r.Index, ID: r.ID, Kind: r.Kind, Author: r.Author}
}

func wireOpened(o *index.Opened) *client.Mark {
	return &client.Mark{Index: o.Index, ID: o.ID, Logged: client.Time(o.Logged)}
}

func wireChallenges(list []pledge.Challenge) []client.Challenge {
	var out []client.Challenge
	for _, c := range list {
		out = append(out, wireChallenge(c))
	}
	return out
}

func wireChallenge(c pledge.Challenge) client.Challenge {
	out := client.Challenge{Mark: mark(c.Mark), By: c.By, Against: c.Against, Entry: c.About, Finding: c.Finding, Period: c.Period, Due: client.Time(c.Due), Void: c.Void}
	for _, r := range c.Replies {
		out.Replies = append(out.Replies, client.Answer{Mark: mark(r.Mark), Answer: r.Answer, Content: mark(r.Content)})
	}
	return out
}

// wireMembership says how an author stands beside its periods.
func wireMembership(st *pledge.Status) client.Membership {
	out := client.Membership{
		SlotSeq: st.SlotSeq, SlotHead: st.SlotHead, Suspended: wireMark(st.Suspended), Proposed: wireMark(st.Proposed),
		Void: st.Void, Corrected: st.Corrected, Withheld: st.Withheld, Opened: st.Opened, Challenges: wireChallenges(st.Challenges),
		KeysWaiting: wireKeyChange(st.KeysWaiting), KeysChanged: wireKeyChange(st.KeysChanged),
		PledgedTo: wireMark(st.PledgedTo), ClausesChanged: st.Changed,
	}
	for _, r := range st.Replies {
		out.Replies = append(out.Replies, client.FindingReply{Mark: mark(r.Mark), Finding: r.Finding, Entry: r.About, Period: r.Period, Answer: r.Answer, Content: mark(r.Content)})
	}
	if len(st.Keys.Keys) > 0 {
		out.Keys = &st.Keys
	}
	if r := st.Removed; r != nil {
		out.Removed = &client.Removal{Mark: mark(r.Mark), Proposed: wireMark(r.Proposed), Reason: r.Reason}
	}
	if x := st.Succeeded; x != nil {
		out.SucceededBy = &client.Succession{Mark: mark(x.Mark), Author: x.Author}
	}
	for _, x := range st.Succeeds {
		out.Succeeds = append(out.Succeeds, client.Succession{Mark: mark(x.Mark), Author: x.Author})
	}
	for _, d := range st.Doubtful {
		out.Doubtful = append(out.Doubtful, client.Doubt{Mark: mark(d.Mark), First: d.First, Last: d.Last})
	}
	if st.Slots.Owed > 0 {
		out.Slots = &client.Slots{Owed: st.Slots.Owed, Missed: st.Slots.Missed, First: st.Slots.First}
	}
	return out
}

func wireKeyChange(k *pledge.KeyChange) *client.KeyChange {
	if k == nil {
		return nil
	}
	return &client.KeyChange{Mark: mark(k.Mark), From: client.Time(k.From)}
}
