package page

import (
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// laterFacts are the rows of the kinds that say something of terms, of who takes
// part, or of other statements.
func (s *Site) laterFacts(e *Entry) []Fact {
	switch b := e.Statement.Body.(type) {
	case *entry.Charter:
		return s.charterFacts(e, b)
	case *entry.Amend:
		return s.amendFacts(e, b)
	case *entry.Admit:
		return s.admitFacts(e, b)
	case *entry.Standing:
		return s.standingFacts(e, b)
	case *entry.Succeed:
		return []Fact{s.fact("from", s.author(b.From)), s.fact("to", s.author(b.To))}
	case *entry.Keys:
		return s.keysFacts(e, b)
	case *entry.Slot:
		return s.slotFacts(e, b)
	case *entry.Open:
		return s.openFacts(e, b)
	case *entry.Correct:
		return s.correctFacts(e, b)
	case *entry.Challenge:
		return s.challengeFacts(e, b)
	case *entry.Reply:
		return s.replyFacts(e, b)
	case *entry.Erasure:
		return s.erasureFacts(e, b)
	case *entry.Directory:
		return []Fact{s.fact("covers-entries", Value{s.Count("value.entries", b.Size), s.Say("note.directory")}), s.fact("rows-root", Value{Value: Code(b.Root)})}
	}
	return nil
}

// author names an author, with a link to its page.
func (s *Site) author(id string) Value { return Value{Value: Link(s.SignatoryHref(id), s.Who(id))} }

// coded is a row of one code and what it means.
func (s *Site) coded(key, list, code string) Fact {
	return s.codes(key, list, []string{code}, nil, false, Words{})
}

func (s *Site) days(n uint64) Value { return Value{Value: s.Count("value.days", n)} }

func (s *Site) keySet(set entry.KeySet) Value {
	statement := uint64(0)
	for _, k := range set.Keys {
		if k.Use == entry.UseStatement {
			statement++
		}
	}
	v := Value{Value: s.Count("value.keys", statement, "threshold", set.Threshold)}
	if len(set.Keys) > int(statement) {
		v.Note = s.Count("note.slot-keys", uint64(len(set.Keys))-statement)
	}
	return v
}

func (s *Site) codesOf(list []string) []Value {
	var values []Value
	for _, v := range list {
		values = append(values, Value{Value: Code(v)})
	}
	return values
}

func clauseIDs(list []entry.Clause) []string {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	return ids
}

func (s *Site) charterFacts(e *Entry, b *entry.Charter) []Fact {
	return []Fact{
		s.fact("accord", Value{Value: Foreign(b.Accord)}),
		s.clausesFact(clauseIDs(b.Clauses), e.Clauses),
		s.fact("attested", Value{Value: s.Say("value.every-" + string(b.Attestation))}),
		s.fact("grace-days", s.days(b.GraceDays)),
		s.fact("file-days", s.days(b.FileDays)),
		s.fact("decision-days", s.days(b.DecisionDays)),
		s.fact("reply-days", s.days(b.ReplyDays)),
		s.fact("review-days", s.days(b.ReviewDays)),
		s.fact("slots", Value{Value: s.Say("value.slots-" + b.Slots)}),
		s.fact("secretariat-keys", s.keySet(b.Secretariat)),
		s.fact("recovery-keys", Value{s.keySet(b.Recovery).Value, s.Say("note.recovery")}),
		s.fact("operator-keys", s.keySet(b.Operator)),
		s.fact("log-keys", s.codesOf(b.LogKeys)...),
	}
}

// amendFacts are the terms that an amend changes, and from when.
func (s *Site) amendFacts(e *Entry, b *entry.Amend) []Fact {
	var facts []Fact
	if b.IsTimed() {
		facts = append(facts, s.fact("in-force", Value{s.Say("value.from", "date", s.Moment(b.FromUnix())), s.Say("note.from")}))
	}
	if b.Ends != nil {
		v := Value{s.Say("value.ends", "date", s.Moment(b.FromUnix())), s.Say("note.ends")}
		facts = append(facts, s.fact("ends", v))
		if b.Ends.Successor != "" {
			facts = append(facts, s.fact("successor", Value{Foreign(b.Ends.Successor), s.Say("note.successor")}))
		}
	}
	if b.Clauses != nil {
		facts = append(facts, s.clausesFact(clauseIDs(b.Clauses), e.Clauses))
	}
	if b.Attestation != "" {
		facts = append(facts, s.fact("attested", Value{Value: s.Say("value.every-" + string(b.Attestation))}))
	}
	for _, d := range []struct {
		key string
		n   uint64
	}{{"grace-days", b.GraceDays}, {"file-days", b.FileDays}, {"decision-days", b.DecisionDays}, {"reply-days", b.ReplyDays}, {"review-days", b.ReviewDays}} {
		if d.n > 0 {
			facts = append(facts, s.fact(d.key, s.days(d.n)))
		}
	}
	if b.Slots != "" {
		facts = append(facts, s.fact("slots", Value{Value: s.Say("value.slots-" + b.Slots)}))
	}
	for _, k := range []struct {
		key string
		set *entry.KeySet
	}{{"secretariat-keys", b.Secretariat}, {"recovery-keys", b.Recovery}, {"operator-keys", b.Operator}} {
		if k.set != nil {
			v := s.keySet(*k.set)
			v.Note = s.Say("note.keys-at-once")
			facts = append(facts, s.fact(k.key, v))
		}
	}
	if b.LogKeys != nil {
		f := s.fact("log-keys", s.codesOf(b.LogKeys)...)
		f.Values[len(f.Values)-1].Note = s.Say("note.log-keys")
		facts = append(facts, f)
	}
	return facts
}

func (s *Site) admitFacts(e *Entry, b *entry.Admit) []Fact {
	facts := []Fact{s.fact("name", Value{Value: Link(s.SignatoryHref(b.ID), Foreign(b.Name))}), s.coded("role", "role", b.Role)}
	if b.Mode != entry.AdmitNew {
		facts = append(facts, s.coded("mode", "mode", b.Mode))
	}
	facts = append(facts, s.fact("country", Value{Value: s.Country(b.Country)}), s.fact("website", Value{Value: Foreign(b.Website)}))
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
	keys := s.keySet(b.KeySet())
	switch b.Mode {
	case entry.AdmitRekey:
		keys.Note = s.Say("note.rekey", "who", Foreign(b.Name))
	case entry.AdmitReadmit:
		keys.Note = s.Say("note.readmit", "who", Foreign(b.Name))
	}
	return append(facts, s.fact("keys", keys))
}

func (s *Site) standingFacts(e *Entry, b *entry.Standing) []Fact {
	facts := []Fact{s.fact("who", s.author(b.Who)), s.coded("standing", "standing", b.Standing)}
	if p := e.Proposed; p != nil {
		facts = append(facts, s.fact("proposed", Value{s.Say("value.proposed", "date", Link(s.EntryHref(p.Entry, p.Index), s.Day(p.Logged))), s.daysBefore("note.proposed", p.Logged, e.Logged)}))
	} else if b.Standing == entry.StandingRemoved {
		facts = append(facts, s.fact("proposed", Value{Value: s.Say("value.not-proposed")}))
	}
	return append(facts, s.coded("reason-stated", "standingReason", b.Reason))
}

// daysBetween is the whole days from one moment to a later one.
func daysBetween(from, to int64) uint64 { return uint64(max(0, to-from)) / 86400 }

func (s *Site) keysFacts(e *Entry, b *entry.Keys) []Fact {
	facts := []Fact{s.coded("reason-stated", "keysReason", b.Reason), s.fact("keys", s.keySet(b.KeySet()))}
	if !b.Doubtful.IsZero() {
		v := s.refValue(e.ref(b.Doubtful))
		v.Note = s.Say("note.doubtful", "who", s.Who(e.Statement.Author))
		facts = append(facts, s.fact("doubtful", v))
	}
	return facts
}

func (s *Site) slotFacts(e *Entry, b *entry.Slot) []Fact {
	facts := []Fact{
		s.fact("slot-period", Value{Value: s.SlotPeriod(b.SlotPeriod()), Note: Code(b.Period)}),
		s.fact("slot-holds", Value{s.Say("value.slot-holds", "n", len(b.Digests)), s.Say("note.slot-holds")}),
	}
	var opened []Value
	for i := range e.Uses {
		if e.Uses[i].Kind == entry.KindRequest {
			opened = append(opened, s.refValue(&e.Uses[i]))
		}
	}
	if len(opened) > 0 {
		opened[len(opened)-1].Note = s.Say("note.slot-opened", "who", s.Who(e.Statement.Author))
		facts = append(facts, s.fact("slot-opened", opened...))
	}
	return facts
}

func (s *Site) openFacts(e *Entry, b *entry.Open) []Fact {
	of := s.fact("of", s.refValue(e.ref(b.Entry)))
	why := s.coded("why", "openWhy", b.Why)
	if b.Review != "" {
		return []Fact{of, s.fact("review", Value{s.Date(b.Review), s.Say("note.infer-nothing")}), why}
	}
	f := s.fact("published")
	if e.opensText(b) {
		v := Value{Value: s.Say("value.whole-text")}
		if e.Subject.Detached == nil {
			v.Note = s.wordsNotShown(e.Subject)
		}
		f.Values = append(f.Values, v)
	}
	named := 0
	if e.Subject != nil {
		for i := range e.Subject.Disclosed {
			d := &e.Subject.Disclosed[i]
			if d.By.ID != e.ID {
				continue
			}
			named++
			v := Value{Value: s.Member(d.Seal.Member)}
			switch {
			case d.Erased:
				v.Note = s.Say("value.erased")
			case !d.Shown:
				v.Note = s.Say("note.missing-field")
			}
			f.Values = append(f.Values, v)
		}
	}
	if rest := len(b.Digests) - len(f.Values); rest > 0 {
		f.Values = append(f.Values, Value{Value: s.Count("value.fields", uint64(rest))})
	}
	return []Fact{of, f, why}
}

// Member names a member of a text.
func (s *Site) Member(name string) Words {
	if key := "member." + name; s.Has(key) {
		return s.Say(key)
	}
	return Code(name)
}

func (s *Site) correctFacts(e *Entry, b *entry.Correct) []Fact {
	facts := []Fact{s.fact("of", s.refValue(e.ref(b.Entry))), s.coded("how", "how", b.How)}
	if !b.By.IsZero() {
		facts = append(facts, s.fact("by", s.refValue(e.ref(b.By))))
	}
	return facts
}

func (s *Site) challengeFacts(e *Entry, b *entry.Challenge) []Fact {
	facts := []Fact{s.fact("against", s.author(b.Against))}
	if !b.Entry.IsZero() {
		facts = append(facts, s.fact("about", s.refValue(e.ref(b.Entry))))
	}
	facts = append(facts, s.findingFacts(b.Finding, b.Period)...)
	if c := e.Challenge; c != nil {
		facts = append(facts, s.fact("reply-due", Value{Value: s.Say("value.due", "date", s.Moment(c.Due))}))
	}
	return facts
}

func (s *Site) replyFacts(e *Entry, b *entry.Reply) []Fact {
	facts := []Fact{s.coded("answer", "answer", b.Answer)}
	if !b.Challenge.IsZero() {
		facts = append(facts, s.fact("about", s.refValue(e.ref(b.Challenge))))
		if c := e.Challenge; c != nil {
			facts = append(facts, s.fact("due", Value{Value: s.Say("value.due", "date", s.Moment(c.Due))}))
		}
	} else if !b.Entry.IsZero() {
		facts = append(facts, s.fact("about", s.refValue(e.ref(b.Entry))))
	}
	facts = append(facts, s.findingFacts(b.Finding, b.Period)...)
	return append(facts, s.textFacts(e)...)
}

// findingFacts name the finding and the period that a challenge or a reply speaks
// to.
func (s *Site) findingFacts(finding, period string) []Fact {
	var facts []Fact
	if finding != "" {
		c := entry.Code(finding)
		title := s.findingTitle(c)
		if _, ok := pledge.MeaningOf(c); ok {
			title = Link(s.FindingHref(c), title)
		}
		facts = append(facts, s.fact("finding", Value{title, Code(finding)}))
	}
	if p, err := entry.ParsePeriod(period); err == nil {
		facts = append(facts, s.fact("period", Value{s.Period(p), Code(period)}))
	}
	return facts
}

func (s *Site) erasureFacts(e *Entry, b *entry.Erasure) []Fact {
	what := s.Say("value.erased-field")
	if e.Subject != nil && e.Subject.Statement.BodyDigest == b.Digest {
		what = s.Say("value.whole-text")
	}
	return []Fact{
		s.fact("of", s.refValue(e.ref(b.Entry))),
		s.fact("erased", Value{what, Code(b.Digest)}),
		s.fact("erased-on", Value{s.Date(b.Date), s.Say("note.stated", "who", s.Who(e.Statement.Author))}),
		s.coded("basis", "basis", b.Basis),
		s.fact("reference", Value{Value: Code(b.Reference)}),
	}
}

// references are the ids that a statement names.
func (s *Site) references(e *Entry) []Fact {
	var facts []Fact
	add := func(key string, id entry.ID) {
		if !id.IsZero() {
			facts = append(facts, s.fact(key, Value{Value: Code(id.String())}))
		}
	}
	switch b := e.Statement.Body.(type) {
	case *entry.Request:
		add("slot-id", b.Slot)
	case *entry.Decision:
		add("request-id", b.Request)
	case *entry.Pledge:
		add("document-id", b.Charter)
	case *entry.Open:
		add("entry-id", b.Entry)
	case *entry.Correct:
		add("entry-id", b.Entry)
		add("by-id", b.By)
	case *entry.Challenge:
		add("entry-id", b.Entry)
	case *entry.Reply:
		add("challenge-id", b.Challenge)
		add("entry-id", b.Entry)
	case *entry.Erasure:
		add("entry-id", b.Entry)
	case *entry.Keys:
		add("doubtful-id", b.Doubtful)
		facts = append(facts, s.keyIDs("new-keys", b.KeySet()))
	case *entry.Admit:
		facts = append(facts, s.keyIDs("new-keys", b.KeySet()))
	}
	return facts
}

// keyIDs lists the keys of a set.
func (s *Site) keyIDs(key string, set entry.KeySet) Fact {
	f := s.fact(key)
	for _, k := range set.Keys {
		if pub, err := k.Parse(); err == nil {
			f.Values = append(f.Values, Value{Code(pub.ID.String()), s.Say("note.key", "alg", k.Alg, "use", k.Use)})
		}
	}
	return f
}
