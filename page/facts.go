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
		return append([]Fact{s.loggedFact(e)}, s.clausesFact(b.Clauses))
	case *entry.Admit:
		return append([]Fact{s.loggedFact(e)}, s.admitFacts(b)...)
	case *entry.Charter:
		return append([]Fact{s.loggedFact(e)}, s.charterFacts(b)...)
	}
	return []Fact{s.loggedFact(e)}
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
		facts = append(facts, s.fact("request-logged", Value{Value: Link(s.EntryHref(req.ID, req.Index), s.Moment(req.Logged))}))
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
		facts = append(facts, s.askedBy(b, who), s.codes("asked-for", "assist", b.Assist, b, true, who))
	}
	return append(facts, s.answerFact(e, who))
}

// moreFacts are what else is known of a request and of a decision on it.
func (s *Site) moreFacts(e *Entry) []Fact {
	who := s.Who(e.Statement.Author)
	var facts []Fact
	if d, ok := e.Statement.Body.(*entry.Decision); ok {
		facts = append(facts, s.decisionFacts(e, d, who)...)
	}
	if req := e.asked(); req != nil && req.requestBody() != nil {
		facts = append(facts, s.circumstances(req.requestBody(), who)...)
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
	case b != nil:
		return s.fact("received", Value{s.Span(b.Received), note})
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
		return Value{s.Say("value.withheld", "date", s.Date(req.Statement.Review)), s.Say("note.infer-nothing")}
	case req.State == pledge.BodyMissing:
		return Value{s.Say("value.missing"), s.Say("note.missing")}
	case req.State == pledge.BodyAltered:
		return Value{s.Say("value.altered"), s.Say("note.altered")}
	}
	return Value{s.Say("value.invalid"), s.Say("note.invalid")}
}

func (s *Site) askedBy(b *entry.RequestBody, who Words) Fact {
	var values []Value
	if b.Country == entry.Withheld {
		values = append(values, Value{s.Say("value.country-withheld"), s.Say("note.infer-nothing")})
	} else {
		values = append(values, Value{s.Country(b.Country), s.Say("note.not-confirmed", "who", who)})
	}
	if b.Agency != "" {
		values = append(values, Value{Value: Foreign(b.Agency)})
	}
	if b.Authority != "" {
		values = append(values, s.codes("asked-by", "authority", []string{b.Authority}, b, false, who).Values...)
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
	term, ok := entry.Terms.Term(list, code)
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
	if n := len(e.Answers); n > 0 && e.Statement.Kind == entry.KindRequest {
		last = e.Answers[n-1]
	}
	d := last.Statement.Body.(*entry.Decision)
	if d.Outcome == "" {
		return s.fact("answer", Value{s.Say("value.withheld", "date", s.Date(last.Statement.Review)), s.Say("note.infer-nothing")})
	}
	v := s.code("outcome", d.Outcome, nil, true, who)
	if e.Statement.Kind == entry.KindRequest {
		v.Value = s.Say("answer.linked", "answer", Link(s.EntryHref(last.ID, last.Index), v.Value), "time", s.Day(last.Logged))
	}
	return s.fact("answer", v)
}

func (s *Site) decisionFacts(e *Entry, d *entry.Decision, who Words) []Fact {
	var facts []Fact
	if d.Date != "" {
		facts = append(facts, s.fact("decided", Value{s.Date(d.Date), s.Say("note.stated", "who", who)}))
	}
	if len(d.Grounds) > 0 {
		facts = append(facts, s.codes("grounds", "grounds", d.Grounds, nil, false, who))
	}
	if d.Scope != "" {
		facts = append(facts, s.codes("scope", "scope", []string{d.Scope}, nil, false, who))
	}
	if b, ok := e.Detached.(*entry.DecisionBody); ok && b.Court != "" {
		facts = append(facts, s.fact("court", Value{Foreign(b.Court), s.Say("note.stated", "who", who)}))
	}
	return facts
}

// circumstances are the rows that a request may have beside the first ones.
func (s *Site) circumstances(b *entry.RequestBody, who Words) []Fact {
	var facts []Fact
	for _, l := range []struct {
		key, list string
		codes     []string
	}{
		{"instrument", "instrument", one(b.Instrument)}, {"compulsion", "compulsion", one(b.Compulsion)}, {"gag", "gag", one(b.Gag)},
		{"targets", "targets", b.Targets}, {"products", "products", b.Products}, {"corroboration", "corroboration", one(b.Corroboration)},
	} {
		if len(l.codes) == 0 {
			continue
		}
		f := s.codes(l.key, l.list, l.codes, b, false, who)
		switch {
		case l.key == "instrument" && b.Statute != "":
			f.Values = append(f.Values, Value{Foreign(b.Statute), s.Say("note.cited", "who", who)})
		case l.key == "gag" && b.GagReview != "":
			f.Values = append(f.Values, Value{Value: s.Say("value.gag-review", "date", s.Date(b.GagReview))})
		}
		facts = append(facts, f)
	}
	if b.Instrument == "" && b.Statute != "" {
		facts = append(facts, s.fact("instrument", Value{Foreign(b.Statute), s.Say("note.cited", "who", who)}))
	}
	return facts
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
	f := s.clausesFact(b.Clauses)
	for i := range f.Values {
		f.Values[i].Note = Words{} // the pledge has the texts
	}
	return append(facts, f)
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
	if t, ok := entry.Terms.Term("outcome", code); ok {
		return Plain(t.Label)
	}
	return Code(code)
}

// sortedCodes lists the outcomes of a map in the order of the vocabulary, then
// those that it does not have.
func sortedCodes[T any](m map[string]T) []string {
	place := func(code string) int {
		i := slices.IndexFunc(entry.Terms.Lists["outcome"], func(t entry.Term) bool { return t.Code == code })
		if i < 0 {
			return len(entry.Terms.Lists["outcome"])
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

func (s *Site) clausesFact(ids []string) Fact {
	f := s.fact("clauses")
	if len(ids) == 0 {
		f.Values = []Value{{Value: s.Say("value.none-stated")}}
	}
	for _, id := range ids {
		v := Value{Value: Code(id)}
		if text := s.Clauses[id]; text != "" {
			v.Note = Foreign(text)
		}
		f.Values = append(f.Values, v)
	}
	return f
}

func (s *Site) admitFacts(b *entry.Admit) []Fact {
	facts := []Fact{
		s.fact("name", Value{Value: Foreign(b.Name)}),
		s.codes("role", "role", []string{b.Role}, nil, false, Words{}),
		s.fact("country", Value{Value: s.Country(b.Country)}),
		s.fact("website", Value{Value: Foreign(b.Website)}),
	}
	if b.LEI != "" {
		facts = append(facts, s.fact("lei", Value{Value: Code(b.LEI)}))
	}
	if len(b.Entities) > 0 {
		f := s.fact("entities")
		for _, name := range b.Entities {
			f.Values = append(f.Values, Value{Value: Foreign(name)})
		}
		facts = append(facts, f)
	}
	if len(b.CarveOuts) > 0 {
		facts = append(facts, s.codes("carve-outs", "instrument", b.CarveOuts, nil, false, Words{}))
	}
	return append(facts, s.fact("keys", Value{Value: s.Count("value.keys", uint64(len(b.Keys)), "threshold", b.Threshold)}))
}

func (s *Site) charterFacts(b *entry.Charter) []Fact {
	days := func(n uint64) Value { return Value{Value: s.Count("value.days", n)} }
	ids := make([]string, len(b.Clauses))
	for i, c := range b.Clauses {
		ids[i] = c.ID
	}
	return []Fact{
		s.fact("accord", Value{Value: Foreign(b.Accord)}),
		s.clausesFact(ids),
		s.fact("attested", Value{Value: s.Say("value.every-" + string(b.Attestation))}),
		s.fact("grace-days", days(b.GraceDays)),
		s.fact("file-days", days(b.FileDays)),
		s.fact("decision-days", days(b.DecisionDays)),
		s.fact("review-days", days(b.ReviewDays)),
		s.fact("secretariat-keys", Value{Value: s.Count("value.keys", uint64(len(b.Secretariat.Keys)), "threshold", b.Secretariat.Threshold)}),
	}
}
