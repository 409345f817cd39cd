package generator

import (
	"cmp"
	"encoding/base64"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// enter takes a statement into the books. It is taken to be accepted. It returns
// the request's place in them if it is one, else nil.
func (w *World) enter(st *Statement) *Filed {
	w.latest = max(w.latest, st.Logged)
	a := w.author(st.Author)
	if a == nil {
		return nil
	}
	for _, other := range w.admitted {
		other.settle(w.latest)
	}
	if a.coming != nil && !a.suspended {
		a.coming = nil // cancelled: the old keys still speak
	}
	if st.Lane == entry.LaneSlot {
		a.SlotSeq, a.SlotHead = st.Seq, st.ID
	} else {
		a.Seq, a.Head = st.Seq, st.ID
	}
	a.LastMade = st.Made
	f := w.take(a, st)
	if st.then != nil {
		st.then()
	}
	return f
}

// take notes what a statement says.
func (w *World) take(a *Author, st *Statement) *Filed {
	switch b := st.Statement.Body.(type) {
	case *entry.Charter:
		w.Charter, w.Terms, w.document, w.clauses = st.ID, b, st.ID, sorted(b.Clauses, func(c entry.Clause) string { return c.ID })
		w.Secretariat.set, w.Host.set = b.Secretariat, b.Operator
	case *entry.Amend:
		w.takeAmend(b, st)
	case *entry.Admit:
		w.takeAdmit(b, st)
	case *entry.Keys:
		a.set = b.KeySet()
		if st.brings != nil {
			a.setRing(*st.brings)
		}
	case *entry.Standing:
		if who := w.author(b.Who); who != nil {
			who.takeStanding(b.Standing, w.latest)
		}
	case *entry.Succeed:
		if from := w.author(b.From); from != nil {
			from.succeeded, from.ended = true, w.latest
		}
	case *entry.Withdraw:
		a.withdrawn, a.ended = true, w.latest
	case *entry.Pledge:
		if a.Pledged == 0 {
			a.Pledged = st.Logged
		}
		a.pledging, a.clauses = false, b.Clauses
	case *entry.Request:
		return w.takeRequest(a, b, st)
	case *entry.Decision:
		f := st.answers
		if f == nil {
			f = a.find(b.Request)
		}
		if f != nil {
			f.answers = append(f.answers, &answer{id: st.ID, logged: st.Logged, outcome: b.Outcome})
		}
	case *entry.Attestation:
		a.affirmed = b.Clauses
	case *entry.Correct:
		a.takeCorrect(b)
	}
	return nil
}

func (w *World) takeAmend(b *entry.Amend, st *Statement) {
	if b.IsTimed() {
		w.amends = append(w.amends, b)
	}
	if b.Clauses != nil {
		w.document, w.clauses = st.ID, sorted(b.Clauses, func(c entry.Clause) string { return c.ID })
	}
	if b.Secretariat != nil {
		w.Secretariat.set = *b.Secretariat
	}
	if b.Operator != nil {
		w.Host.set = *b.Operator
	}
}

func (w *World) takeAdmit(b *entry.Admit, st *Statement) {
	a := w.author(b.ID)
	if a == nil {
		return
	}
	ring := a.Ring()
	if st.brings != nil {
		ring = *st.brings
	}
	switch b.Mode {
	case entry.AdmitNew:
		a.Role, a.set, a.pledging = b.Role, b.KeySet(), b.Role == entry.RoleSignatory
		a.setRing(ring)
		w.admitted = append(w.admitted, a)
		return
	case entry.AdmitReadmit:
		*a = Author{
			ID: a.ID, Name: a.Name, Role: a.Role, Company: a.Company, Keys: a.Keys, Threshold: a.Threshold, SlotKey: a.SlotKey, CarveOuts: a.CarveOuts, LEI: a.LEI,
			Seq: a.Seq, Head: a.Head, SlotSeq: a.SlotSeq, SlotHead: a.SlotHead, LastMade: a.LastMade, Pledged: a.Pledged, set: a.set, clauses: a.clauses, affirmed: a.affirmed,
			filed: a.filed, received: a.received, lang: a.lang, pledging: a.Role == entry.RoleSignatory,
		}
		if a.speaksFor(b.KeySet()) {
			a.set = b.KeySet()
			a.setRing(ring)
			return
		}
	}
	a.coming = &comingKeys{ring: ring, set: b.KeySet(), logged: w.latest}
}

// speaksFor reports whether a new key set holds as many of the author's statement
// keys as its threshold wants.
func (a *Author) speaksFor(set entry.KeySet) bool {
	n := 0
	for _, k := range a.Keys {
		if slices.Contains(set.Keys, k.Public) {
			n++
		}
	}
	return n >= a.Threshold
}

func (a *Author) takeStanding(standing string, now int64) {
	switch standing {
	case entry.StandingSuspended:
		a.suspended = true
	case entry.StandingProposed:
		a.proposed = true
	case entry.StandingReinstated:
		a.suspended, a.proposed = false, false
	case entry.StandingRemoved:
		a.removed = true
		if a.ended == 0 {
			a.ended = now
		}
	}
}

func (w *World) takeRequest(a *Author, b *entry.Request, st *Statement) *Filed {
	f := &Filed{ID: st.ID, Logged: st.Logged, Received: b.Period(), By: a}
	f.asked, _ = st.Detached.(*entry.RequestBody)
	if a.filed == nil {
		a.filed = make(map[entry.Period][]*Filed)
	}
	p := w.PeriodAt(st.Logged)
	a.filed[p] = append(a.filed[p], f)
	return f
}

// takeCorrect takes a request or a decision out of the count, or puts a later one
// in its place. Other kinds are not counted here.
func (a *Author) takeCorrect(b *entry.Correct) {
	if f := a.find(b.Entry); f != nil {
		if b.How == entry.CorrectVoid {
			f.void = true
		} else if by := a.find(b.By); by != nil && by != f {
			f.was = append(append(f.was, f.ID), by.was...)
			f.ID, f.Received, f.asked = by.ID, by.Received, by.asked
			f.answers = append(f.answers, by.answers...)
			slices.SortStableFunc(f.answers, func(x, y *answer) int { return cmp.Compare(x.logged, y.logged) })
			for p, list := range a.filed {
				a.filed[p] = slices.DeleteFunc(list, func(o *Filed) bool { return o == by })
			}
		}
		return
	}
	f, ans := a.findAnswer(b.Entry)
	switch {
	case ans == nil:
	case b.How == entry.CorrectVoid:
		ans.void = true
	default:
		if _, by := a.findAnswer(b.By); by != nil && by != ans {
			ans.was = append(append(ans.was, ans.id), by.was...)
			ans.id, ans.outcome = by.id, by.outcome
			f.answers = slices.DeleteFunc(f.answers, func(o *answer) bool { return o == by })
		}
	}
}

// author finds an author by id, admitted or not.
func (w *World) author(id string) *Author {
	switch id {
	case w.Secretariat.ID:
		return w.Secretariat
	case w.Host.ID:
		return w.Host
	}
	if n := len(w.Signatories) + len(w.Challengers); len(w.byID) != n {
		w.byID = make(map[string]*Author, n)
		for _, a := range slices.Concat(w.Signatories, w.Challengers) {
			w.byID[a.ID] = a
		}
	}
	return w.byID[id]
}

// TermsAt are the charter's terms in force at a moment, Unix seconds: its own, and
// in their place those of the amends logged so far.
func (w *World) TermsAt(unix int64) *entry.Charter {
	terms := w.Terms
	if terms == nil {
		return &entry.Charter{Attestation: w.Options.Period, Slots: w.Options.Slots}
	}
	for _, b := range w.amends {
		if b.FromUnix() > unix {
			continue
		}
		if terms == w.Terms {
			own := *terms
			terms = &own
		}
		terms.Attestation = cmp.Or(b.Attestation, terms.Attestation)
		terms.DecisionDays = cmp.Or(b.DecisionDays, terms.DecisionDays)
		terms.FileDays = cmp.Or(b.FileDays, terms.FileDays)
		terms.GraceDays = cmp.Or(b.GraceDays, terms.GraceDays)
		terms.ReplyDays = cmp.Or(b.ReplyDays, terms.ReplyDays)
		terms.ReviewDays = cmp.Or(b.ReviewDays, terms.ReviewDays)
		terms.Slots = cmp.Or(b.Slots, terms.Slots)
		if b.Clauses != nil {
			terms.Clauses = b.Clauses
		}
	}
	return terms
}

// PeriodAt is the attestation period in which a moment falls, of the kind in force
// then.
func (w *World) PeriodAt(unix int64) entry.Period {
	return entry.PeriodAt(w.TermsAt(unix).Attestation, unix)
}

// Rows are the directory's rows of everything logged so far (protocol section 4).
func (w *World) Rows() []entry.Row {
	var rows []entry.Row
	add := func(a *Author, standing string) {
		rows = append(rows, entry.Row{Author: a.ID, Head: a.Head, Keys: a.keysDigest(), Lane: entry.LaneMain, Seq: a.Seq, Standing: standing})
		if a.Role == entry.RoleSignatory {
			rows = append(rows, entry.Row{Author: a.ID, Head: a.SlotHead, Keys: a.keysDigest(), Lane: entry.LaneSlot, Seq: a.SlotSeq, Standing: standing})
		}
	}
	add(w.Secretariat, "")
	add(w.Host, "")
	for _, a := range w.admitted {
		add(a, a.Standing())
	}
	slices.SortFunc(rows, func(a, b entry.Row) int { return cmp.Or(cmp.Compare(a.Author, b.Author), cmp.Compare(a.Lane, b.Lane)) })
	return rows
}

// DirectoryRoot is the RFC 6962 root over rows, as a directory has it.
func DirectoryRoot(rows []entry.Row) string {
	tree := log.NewBuilder(nil)
	for _, r := range rows {
		b, err := r.Marshal()
		if err == nil {
			err = tree.Append(log.LeafHash(b))
		}
		if err != nil {
			panic("generator: directory: " + err.Error())
		}
	}
	root := tree.Root()
	return base64.RawURLEncoding.EncodeToString(root[:])
}
