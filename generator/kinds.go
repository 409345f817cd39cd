package generator

import (
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// Draft makes the next statement of an author in the lane of its kind: seq, prev,
// made and signers are right for now, the rest is as given. Detached may be nil.
func (w *World) Draft(a *Author, kind entry.Kind, tree entry.TreeBody, detached entry.Detached) *Statement {
	ring := a.ringAt(w.now)
	st := &Statement{Detached: detached, Signers: ring.Signers()}
	st.Log, st.Author, st.Lane, st.Kind, st.Statement.Body = w.Options.Origin, a.ID, entry.LaneOf(kind), kind, tree
	st.Seq, st.Prev = a.Seq+1, a.Head
	if st.Lane == entry.LaneSlot {
		st.Seq, st.Prev, st.Signers = a.SlotSeq+1, a.SlotHead, nil
		if ring.Slot != nil {
			st.Signers = []*Key{ring.Slot}
		}
	}
	// Who signs does so some minutes before the log has it, and after what the
	// author signed before.
	st.Made = max(a.LastMade, w.now-w.between(20, 500))
	return st
}

// Log logs a statement now and enters it in the books as accepted. It returns
// the request's place in them if it is one, else nil.
func (w *World) Log(st *Statement) *Filed {
	if st.Envelope == nil {
		st.Encode()
	}
	st.Logged, st.index = w.now, w.size
	f := w.enter(st)
	if w.put(st) != nil {
		w.Said = append(w.Said, st)
	}
	if st.Kind == entry.KindDirectory {
		w.grew = 0
	}
	return f
}

// LogVoid logs a statement now without entering it in the books: one that the
// rules reject, or that was logged before.
func (w *World) LogVoid(st *Statement) *Entry {
	again := *st
	again.Logged = w.now
	return w.put(&again)
}

// LogLeaf logs any bytes.
func (w *World) LogLeaf(leaf []byte) *Entry {
	e := &Entry{Leaf: leaf, Logged: w.now}
	w.size++
	w.Logged = append(w.Logged, e)
	return e
}

func (w *World) put(st *Statement) *Entry {
	w.size++
	if w.grew == 0 {
		w.grew = max(w.latest, w.now)
	}
	if w.sink == nil {
		e := st.entry()
		w.Logged = append(w.Logged, e)
		return e
	}
	if w.err == nil {
		w.err = w.sink(st)
	}
	return nil
}

// Found drafts the charter, signed by every key in it.
func (w *World) Found() *Statement {
	c := &entry.Charter{
		Accord: AccordName, Attestation: w.Options.Period,
		DecisionDays: 60, FileDays: 45, GraceDays: 30, ReplyDays: 30, ReviewDays: 730, Slots: w.Options.Slots,
		LogKeys:     []string{w.Signer.Key().String()},
		Secretariat: keySet(w.Secretariat.Keys, w.Secretariat.Threshold),
		Recovery:    keySet(w.Recovery, w.RecoveryThreshold),
		Operator:    keySet(w.Operator, 1),
	}
	texts := make(map[string]string)
	for _, cl := range Clauses {
		c.Clauses = append(c.Clauses, entry.Clause{ID: cl.ID, Text: entry.Digest([]byte(cl.Text))})
		texts[cl.ID] = cl.Text
	}
	st := w.Draft(w.Secretariat, entry.KindCharter, c, &entry.CharterBody{
		Author: w.Secretariat.ID, Clauses: texts, Kind: entry.KindCharter, Log: w.Options.Origin, Salt: w.Salt(),
	})
	st.Signers = join(w.Secretariat.Keys, w.Recovery, w.Operator)
	return st
}

// Request drafts a request that an author received in the span received, such
// as 2025-03 (see entry.ParseSpan). A body is made up when none is given; what
// it shares with the statement is filled in.
func (w *World) Request(a *Author, received string, body *entry.RequestBody) *Statement {
	if body == nil {
		body = w.requestBody(a, received)
	}
	body.Author, body.Kind, body.Log, body.Received = a.ID, entry.KindRequest, w.Options.Origin, received
	if body.Salt == "" {
		body.Salt = w.Salt()
	}
	tree := &entry.Request{Received: entry.Withheld}
	if start, _, err := entry.ParseSpan(received); err == nil {
		tree.Received = w.PeriodAt(start).String()
	}
	return w.Draft(a, entry.KindRequest, tree, body)
}

// Decision drafts what an author answered to a request, of today's date. A body
// is made up when none is given.
func (w *World) Decision(f *Filed, outcome string, body *entry.DecisionBody) *Statement {
	d := &entry.Decision{Request: f.ID, Outcome: outcome, Date: date(w.now), Grounds: groundsOf[outcome], Scope: "in"}
	if body == nil {
		body = w.decisionBody(f, outcome)
	}
	body.Author, body.Kind, body.Log = f.By.ID, entry.KindDecision, w.Options.Origin
	if body.Salt == "" {
		body.Salt = w.Salt()
	}
	st := w.Draft(f.By, entry.KindDecision, d, body)
	st.answers = f
	return st
}

// Attestation drafts an author's account of a period, as the books have it:
// every clause that it pledged affirmed, all requests counted.
func (w *World) Attestation(a *Author, p entry.Period) *Statement {
	at := &entry.Attestation{Clauses: w.known(a.clauses), Covers: entry.CoversAll, Logged: a.Counts(p), Period: p}
	logged := uint64(0)
	for _, list := range a.filed {
		for _, f := range list {
			if f.Received == p && !f.void {
				logged++
			}
		}
	}
	at.Received.Total = entry.Exactly(max(logged, a.ReceivedIn(p)))
	text := pick(w, NarrativesFor("attestation", "", "en")[:3])
	return w.Draft(a, entry.KindAttestation, at, &entry.AttestationBody{
		Author: a.ID, Kind: entry.KindAttestation, Log: w.Options.Origin, Salt: w.Salt(),
		Narrative: w.narrative(a, "attestation", text, "", p.String()),
	})
}

func join(sets ...[]*Key) []*Key {
	var all []*Key
	for _, s := range sets {
		all = append(all, s...)
	}
	return all
}

func date(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.DateOnly) }

func month(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01") }
