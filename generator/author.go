package generator

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// An Author makes statements. What it said so far is kept here, in books of the
// generator's own: the rules of package pledge are not asked, so that tests may
// hold them against these.
type Author struct {
	ID        string
	Name      string
	Role      string // "" for the secretariat
	Company   Company
	Keys      []*Key
	Threshold int

	Seq      uint64   // of its last statement
	Head     entry.ID // its entry id
	LastMade int64
	Pledged  int64 // when its pledge was logged; 0 before

	filed    map[entry.Period][]*Filed // requests by the period in which they were logged
	received map[entry.Period]uint64   // requests received, logged or not
	lang     string                    // beside English
}

// Filed is a request that was logged.
type Filed struct {
	ID       entry.ID
	Logged   int64
	Received entry.Period // zero when withheld
	By       *Author

	asked   *entry.RequestBody
	answers []answer
}

type answer struct {
	logged  int64
	outcome string
}

// Signers are the keys with which the author signs: as many as its threshold
// wants.
func (a *Author) Signers() []*Key { return a.Keys[:a.Threshold] }

// Counts are the requests logged in a period by their outcome at its end
// (protocol section 6, `logged`).
func (a *Author) Counts(p entry.Period) entry.Counts {
	var c entry.Counts
	for _, f := range a.filed[p] {
		if c.Outcomes == nil {
			c.Outcomes = make(map[string]uint64)
		}
		c.Outcomes[f.outcomeBefore(p.End())]++
		c.Total++
	}
	return c
}

func (f *Filed) outcomeBefore(t int64) string {
	out := entry.OutcomePending
	for _, a := range f.answers {
		if a.logged < t && a.outcome != "" {
			out = a.outcome
		}
	}
	return out
}

// ReceivedIn is how many requests the author received in a period, as far as it
// has noted them.
func (a *Author) ReceivedIn(p entry.Period) uint64 { return a.received[p] }

// note notes that the author received a request, logged or not.
func (a *Author) note(p entry.Period) {
	if a.received == nil {
		a.received = make(map[entry.Period]uint64)
	}
	a.received[p]++
}

// forget drops the requests of periods that are accounted for, so that the
// books of a long story stay small.
func (a *Author) forget(p entry.Period) {
	delete(a.filed, p)
	delete(a.received, p)
}

// enter takes a statement into the books. It is taken to be accepted.
func (w *World) enter(st *Statement) *Filed {
	a := w.author(st.Author)
	if a == nil {
		return nil
	}
	a.Seq, a.Head, a.LastMade = st.Seq, st.ID, st.Made
	switch b := st.Statement.Body.(type) {
	case *entry.Charter:
		w.Charter, w.Terms = st.ID, b
	case *entry.Pledge:
		if a.Pledged == 0 {
			a.Pledged = st.Logged
		}
	case *entry.Request:
		f := &Filed{ID: st.ID, Logged: st.Logged, Received: b.Period(), By: a}
		f.asked, _ = st.Detached.(*entry.RequestBody)
		if a.filed == nil {
			a.filed = make(map[entry.Period][]*Filed)
		}
		p := entry.PeriodAt(w.Options.Period, st.Logged)
		a.filed[p] = append(a.filed[p], f)
		return f
	case *entry.Decision:
		f := st.answers
		if f == nil {
			f = a.find(b.Request)
		}
		if f != nil {
			f.answers = append(f.answers, answer{st.Logged, b.Outcome})
		}
	}
	return nil
}

func (a *Author) find(id entry.ID) *Filed {
	for _, list := range a.filed {
		for _, f := range slices.Backward(list) {
			if f.ID == id {
				return f
			}
		}
	}
	return nil
}

func (w *World) author(id string) *Author {
	if id == w.Secretariat.ID {
		return w.Secretariat
	}
	if w.byID == nil {
		w.byID = make(map[string]*Author, len(w.Signatories))
		for _, a := range w.Signatories {
			w.byID[a.ID] = a
		}
	}
	return w.byID[id]
}
