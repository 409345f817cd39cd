package page

import (
	"cmp"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Fact is one row of a table of facts.
type Fact struct {
	Label  Words
	Values []Value
}

// A Value is what a row says, and a remark on it in smaller type.
type Value struct {
	Value Words
	Note  Words
}

func (s *Site) fact(key string, values ...Value) Fact {
	return Fact{Label: s.Say("fact." + key), Values: values}
}

// facts returns the rows for an accepted statement.
func (s *Site) facts(e *Entry) []Fact {
	switch b := e.Statement.Body.(type) {
	case *entry.Request, *entry.Decision:
		return s.requestFacts(e)
	case *entry.Attestation:
		return s.attestationFacts(e, b)
	case *entry.Pledge:
		return []Fact{s.loggedFact(e), s.fact("document", s.refValue(e.ref(b.Charter))), s.clausesFact(b.Clauses, e.Clauses)}
	}
	return append([]Fact{s.loggedFact(e)}, s.laterFacts(e)...)
}

func (s *Site) loggedFact(e *Entry) Fact {
	if s.Preview {
		return s.fact("logged", Value{Value: s.Say("logged.preview")})
	}
	return s.fact("logged", Value{s.Moment(e.Logged), s.LoggedNote()})
}

// requestFacts are those of a request and of a decision on it: received, logged,
// asked by, asked for, answer.
func (s *Site) requestFacts(e *Entry) []Fact {
	who := s.Who(e.Statement.Author)
	req := e.asked()
	facts := []Fact{s.receivedFact(req, who)}
	if e.Statement.Kind == entry.KindDecision && req != nil {
		when := s.Moment(req.Logged)
		if s.Preview && req.Logged == 0 {
			when = s.Say("logged.preview")
		}
		facts = append(facts, s.fact("request-logged", Value{Value: Link(s.EntryHref(req.ID, req.Index), when)}))
		logged := s.loggedFact(e)
		logged.Label = s.Say("fact.answer-logged")
		facts = append(facts, logged)
	} else {
		facts = append(facts, s.loggedFact(e))
	}
	var b *entry.RequestBody
	if req != nil {
		b = req.requestBody()
	}
	if b == nil {
		v := s.unpublished(req)
		facts = append(facts, s.fact("asked-by", v), s.fact("asked-for", v))
	} else {
		facts = append(facts, s.askedBy(req, b, who))
		if v, ok := s.sealed(req, "assist"); ok {
			facts = append(facts, s.fact("asked-for", v))
		} else {
			facts = append(facts, s.noted(s.codes("asked-for", "assist", b.Assist, b, true, who), req, "assist"))
		}
	}
	facts = append(facts, s.answerFact(e, who))
	if r, ok := e.Statement.Body.(*entry.Request); ok && !r.Slot.IsZero() {
		facts = append(facts, s.slotFact(e, r))
	}
	return append(facts, s.textFacts(e)...)
}

// slotFact says that a request was committed to in a slot.
func (s *Site) slotFact(e *Entry, r *entry.Request) Fact {
	for _, o := range e.Related {
		if b, ok := o.Statement.Body.(*entry.Slot); ok && o.ID == r.Slot {
			return s.fact("committed", Value{s.Say("value.slot", "period", s.SlotPeriod(b.SlotPeriod()), "date", Link(s.EntryHref(o.ID, o.Index), s.Moment(o.Logged))), s.Say("note.slot")})
		}
	}
	return s.fact("committed", Value{s.refValue(e.ref(r.Slot)).Value, s.Say("note.slot")})
}

// textFacts say how a withheld text came to be published.
func (s *Site) textFacts(e *Entry) []Fact {
	if e.Opened == nil {
		return nil
	}
	return []Fact{s.fact("text", Value{s.Say("value.opened", "date", Link(s.EntryHref(e.Opened.ID, e.Opened.Index), s.Day(e.Opened.Logged))), s.Say("note.withheld-first")})}
}

// refValue names another entry, with a link.
func (s *Site) refValue(r *Ref) Value {
	if r == nil {
		return Value{Value: s.Say("ref.unknown")}
	}
	return Value{Value: Link(s.EntryHref(r.ID, r.Index), s.Say("ref.kind", "kind", s.Say("kind."+string(r.Kind)), "index", r.Index))}
}

// moreFacts are what else is known of a request and of a decision on it.
func (s *Site) moreFacts(e *Entry) []Fact {
	who := s.Who(e.Statement.Author)
	var facts []Fact
	if d, ok := e.Statement.Body.(*entry.Decision); ok {
		facts = append(facts, s.decisionFacts(e, d, who)...)
	}
	if req := e.asked(); req != nil && req.requestBody() != nil {
		facts = append(facts, s.circumstances(req, req.requestBody(), who)...)
	}
	return facts
}

func (s *Site) receivedFact(req *Entry, who Words) Fact {
	if req == nil {
		return s.fact("received", s.unpublished(req))
	}
	tree := req.Statement.Body.(*entry.Request)
	note := s.Say("note.stated", "who", who)
	switch b := req.requestBody(); {
	case b != nil && b.Received == "": // sealed
		v, _ := s.sealed(req, "received")
		return s.fact("received", v)
	case b != nil:
		return s.noted(s.fact("received", Value{s.Span(b.Received), note}), req, "received")
	case tree.Received == entry.Withheld:
		return s.fact("received", Value{s.Say("value.not-published"), s.Say("note.infer-nothing")})
	}
	return s.fact("received", Value{s.Period(req.Statement.Body.(*entry.Request).Period()), note})
}

// unpublished explains why there is nothing to show of a request's text.
func (s *Site) unpublished(req *Entry) Value {
	switch {
	case req == nil:
		return Value{Value: s.Say("value.not-published"), Note: s.Say("note.infer-nothing")}
	case req.State == pledge.BodyWithheld:
		return Value{s.Say("value.withheld", "date", s.reviewDay(req)), s.Say("note.infer-nothing")}
	case req.State == pledge.BodyErased:
		return Value{Value: s.Say("value.erased")}
	case req.State == pledge.BodyMissing:
		return Value{s.Say("value.missing"), s.Say("note.missing")}
	case req.State == pledge.BodyAltered:
		return Value{s.Say("value.altered"), s.Say("note.altered")}
	}
	return Value{s.Say("value.invalid"), s.Say("note.invalid")}
}

func (s *Site) askedBy(req *Entry, b *entry.RequestBody, who Words) Fact {
	var values []Value
	if v, ok := s.sealed(req, "country"); ok {
		values = append(values, Value{s.Say("value.member", "member", s.Say("member.country"), "value", v.Value), v.Note})
	} else if b.Country == entry.Withheld {
		values = append(values, Value{s.Say("value.country-withheld"), s.Say("note.infer-nothing")})
	} else {
		values = append(values, Value{s.Country(b.Country), s.sentences(s.Say("note.not-confirmed", "who", who), s.since(req, "country"))})
	}
	if v, ok := s.sealed(req, "agency"); ok {
		values = append(values, Value{s.Say("value.member", "member", s.Say("member.agency"), "value", v.Value), v.Note})
	} else if b.Agency != "" {
		values = append(values, Value{Foreign(b.Agency), s.since(req, "agency")})
	}
	if v, ok := s.sealed(req, "authority"); ok {
		values = append(values, Value{s.Say("value.member", "member", s.Say("member.authority"), "value", v.Value), v.Note})
	} else if b.Authority != "" {
		values = append(values, s.noted(s.codes("asked-by", "authority", []string{b.Authority}, b, false, who), req, "authority").Values...)
	}
	return s.fact("asked-by", values...)
}

// codes makes a row of vocabulary codes with their definitions.
func (s *Site) codes(key, list string, codes []string, b *entry.RequestBody, said bool, who Words) Fact {
	f := s.fact(key)
	for _, code := range codes {
		f.Values = append(f.Values, s.code(list, code, b, said, who))
	}
	return f
}

func (s *Site) code(list, code string, b *entry.RequestBody, said bool, who Words) Value {
	term, ok := entry.Terms().Term(list, code)
	if !ok {
		return Value{Code(code), s.Say("note.unknown-code")}
	}
	v := Value{Plain(term.Label), Plain(term.Definition)}
	switch {
	case code == "other" && b != nil && b.Other[list] != "":
		v.Value = s.Say("value.other", "label", term.Label, "text", Foreign(b.Other[list]))
	case code != "other" && code != entry.Withheld && code != "unknown" && said:
		v.Note = s.Say("note.coded", "code", code, "who", who, "definition", term.Definition)
	}
	return v
}

// answerFact says what was answered last to a request.
func (s *Site) answerFact(e *Entry, who Words) Fact {
	if len(e.Answers) == 0 && e.Statement.Kind == entry.KindRequest {
		if s.Preview {
			return s.fact("answer", Value{Value: s.Say("answer.preview")})
		}
		return s.fact("answer", Value{Value: s.Count("answer.none", s.Size, "who", s.WhoFirst(e.Statement.Author))})
	}
	last := e
	if e.Statement.Kind == entry.KindRequest {
		if last = lastAnswer(e.Answers); last == nil {
			return s.fact("answer", Value{s.Count("answer.none", s.Size, "who", s.WhoFirst(e.Statement.Author)), s.Say("note.answers-corrected")})
		}
	}
	d := last.Statement.Body.(*entry.Decision)
	v := s.answerValue(last, d, who)
	if e.Statement.Kind == entry.KindRequest {
		v.Value = s.Say("answer.linked", "answer", Link(s.EntryHref(last.ID, last.Index), v.Value), "time", s.Day(last.Logged))
	}
	return s.fact("answer", v)
}

func (s *Site) answerValue(e *Entry, d *entry.Decision, who Words) Value {
	if v, ok := s.sealed(e, "outcome"); ok {
		return v
	}
	outcome := e.outcome(d)
	if d.Outcome == "" && outcome == entry.Withheld {
		return s.unpublished(e)
	}
	v := s.code("outcome", outcome, nil, true, who)
	v.Note = s.sentences(v.Note, s.since(e, "outcome"))
	return v
}

func (s *Site) decisionFacts(e *Entry, d *entry.Decision, who Words) []Fact {
	date, grounds, scope, court := d.Date, d.Grounds, d.Scope, ""
	if b, ok := e.Detached.(*entry.DecisionBody); ok {
		court = b.Court
		if d.Outcome == "" { // then they stand in the text
			date, grounds, scope = b.Date, b.Grounds, b.Scope
		}
	}
	stated := s.Say("note.stated", "who", who)
	var facts []Fact
	row := func(key, member string, there bool, make func() Fact) {
		if v, ok := s.sealed(e, member); ok {
			facts = append(facts, s.fact(key, v))
		} else if there {
			facts = append(facts, s.noted(make(), e, member))
		}
	}
	row("decided", "date", date != "", func() Fact { return s.fact("decided", Value{s.Date(date), stated}) })
	row("grounds", "grounds", len(grounds) > 0, func() Fact { return s.codes("grounds", "grounds", grounds, nil, false, who) })
	row("scope", "scope", scope != "", func() Fact { return s.codes("scope", "scope", []string{scope}, nil, false, who) })
	row("court", "court", court != "", func() Fact { return s.fact("court", Value{Foreign(court), stated}) })
	return facts
}

// circumstances are the rows that a request may have beside the first ones.
func (s *Site) circumstances(req *Entry, b *entry.RequestBody, who Words) []Fact {
	var facts []Fact
	for _, l := range []struct {
		key, list string
		codes     []string
	}{
		{"instrument", "instrument", one(b.Instrument)}, {"compulsion", "compulsion", one(b.Compulsion)}, {"gag", "gag", one(b.Gag)},
		{"targets", "targets", b.Targets}, {"products", "products", b.Products}, {"corroboration", "corroboration", one(b.Corroboration)},
	} {
		f := s.codes(l.key, l.list, l.codes, b, false, who)
		if v, ok := s.sealed(req, l.key); ok {
			f.Values = []Value{v}
		} else {
			f = s.noted(f, req, l.key)
		}
		// What belongs to the row, and may be sealed by itself.
		switch l.key {
		case "instrument":
			f.Values = append(f.Values, s.beside(req, "statute", b.Statute, func() Value { return Value{Foreign(b.Statute), s.Say("note.cited", "who", who)} })...)
		case "gag":
			f.Values = append(f.Values, s.beside(req, "gagReview", b.GagReview, func() Value { return Value{Value: s.Say("value.gag-review", "date", s.Date(b.GagReview))} })...)
		}
		if len(f.Values) > 0 {
			facts = append(facts, f)
		}
	}
	if v, ok := s.sealed(req, "other"); ok {
		facts = append(facts, s.fact("other", v))
	}
	return facts
}

// beside is a member that stands in another's row; nothing when it is absent.
func (s *Site) beside(e *Entry, member, value string, make func() Value) []Value {
	if v, ok := s.sealed(e, member); ok {
		return []Value{{s.Say("value.member", "member", s.Say("member."+member), "value", v.Value), v.Note}}
	}
	if value == "" {
		return nil
	}
	v := make()
	v.Note = s.sentences(v.Note, s.since(e, member))
	return []Value{v}
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (s *Site) attestationFacts(e *Entry, b *entry.Attestation) []Fact {
	who := s.Who(e.Statement.Author)
	facts := []Fact{s.fact("period", Value{Value: s.Period(b.Period), Note: Code(b.Period.String())}), s.loggedFact(e)}
	if e.Deadline != 0 {
		facts = append(facts, s.fact("due", Value{Value: s.Say("value.due", "date", s.Day(e.Deadline))}))
	}
	total := Value{s.Claim(b.Received.Total), s.claimNote(b.Received.Total, who)}
	received := append([]Value{total}, s.claims(b.Received.Outcomes)...)
	facts = append(facts, s.fact("received-count", received...))
	facts = append(facts, s.codes("covers", "covers", []string{b.Covers}, nil, false, who))
	logged := []Value{{Plain(s.Number(b.Logged.Total)), s.Say("note.logged-count", "who", who)}}
	if b.Logged.Total > 0 {
		logged = append(logged, Value{Value: s.Outcomes(b.Logged.Outcomes)})
	}
	facts = append(facts, s.fact("logged-count", logged...))
	if b.LateReason != "" {
		facts = append(facts, s.codes("late-reason", "lateReason", []string{b.LateReason}, nil, false, who))
	}
	facts = append(facts, s.clausesFact(b.Clauses, nil)) // the pledge has the texts
	return append(facts, s.textFacts(e)...)
}

func (s *Site) claimNote(c entry.Claim, who Words) Words {
	switch {
	case c.CannotSay:
		return s.Say("note.cannot-say")
	case c.IsBand():
		return s.Say("note.band", "who", who)
	}
	return s.Say("note.stated", "who", who)
}

func (s *Site) claims(m map[string]entry.Claim) []Value {
	var values []Value
	for _, code := range sortedCodes(m) {
		values = append(values, Value{Value: s.Say("value.claim", "label", s.outcome(code), "claim", s.Claim(m[code]))})
	}
	return values
}

// Outcomes writes counts by outcome: 3 refused, 1 challenged.
func (s *Site) Outcomes(m map[string]uint64) Words {
	var items []Words
	for _, code := range sortedCodes(m) {
		items = append(items, s.Say("value.outcome", "n", m[code], "label", s.outcome(code)))
	}
	return s.List(items)
}

func (s *Site) outcome(code string) Words {
	if t, ok := entry.Terms().Term("outcome", code); ok {
		return Plain(t.Label)
	}
	return Code(code)
}

// sortedCodes lists the outcomes of a map in the order of the vocabulary, then
// those that it does not have.
func sortedCodes[T any](m map[string]T) []string {
	place := func(code string) int {
		i := slices.IndexFunc(entry.Terms().Lists["outcome"], func(t entry.Term) bool { return t.Code == code })
		if i < 0 {
			return len(entry.Terms().Lists["outcome"])
		}
		return i
	}
	codes := make([]string, 0, len(m))
	for code := range m {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)) })
	return codes
}

// clausesFact lists clauses, with their texts where these are given.
func (s *Site) clausesFact(ids []string, texts map[string]string) Fact {
	f := s.fact("clauses")
	if len(ids) == 0 {
		f.Values = []Value{{Value: s.Say("value.none-stated")}}
	}
	for _, id := range ids {
		v := Value{Value: Code(id)}
		if text := texts[id]; text != "" {
			v.Note = Clause(text, len(ids))
		}
		f.Values = append(f.Values, v)
	}
	return f
}

// Clause writes the text of one of so many clauses, shortened so that all have room
// on a page.
func Clause(text string, of int) Words {
	short, _, cut := clipHTML(text, min(maxClause, maxClauses/of))
	if cut {
		short += " …"
	}
	return Foreign(short)
}

// Bounds of the text of a clause and of all on a page, in bytes.
const (
	maxClause  = 2000
	maxClauses = 24 << 10
)
