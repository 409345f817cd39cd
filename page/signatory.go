package page

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Signatory is one author, as much as is known of it.
type Signatory struct {
	Status     pledge.Status
	Findings   []pledge.Finding
	Replies    []FindingReply // to these findings, oldest first
	Attested   *Entry         // the attestation of the newest period that has one
	Statements []*Entry       // the newest ones, newest first
	Total      uint64         // statements in all
	Disputes   []Dispute      // the newest challenges against it or by it, newest first
	Names      []Name         // former ones, oldest first
	Keys       []*Entry       // what changed its keys, oldest first
	Standings  []*Entry       // what was said of its standing, and who took whose place, oldest first
	Directory  *Ref           // of the operator: its newest list of last statements
}

// A Name is one under which an author was admitted, and the moment until which it
// had it, Unix seconds.
type Name struct {
	Name  string
	Until int64
}

// SignatoryPage is an author laid out.
type SignatoryPage struct {
	Kicker     Words
	Name       Words
	Who        Words // the name within a sentence
	Lead       Words
	Labels     []Notice // standing, keys, doubts
	Facts      []Fact
	Latest     Words // the latest attestation's sentence
	LatestHref string
	LatestDate Words
	LatestNote Words // why its words are not there
	Passages   []Passage
	Asked      Words // how often the charter asks for attestations
	Years      []Year
	Rows       []PeriodRow // newest first
	Counts     Words       // requests logged here, by the last answer stated
	Caveat     Words       // This can't show that there were no others.
	Corrected  Words       // statements that it corrected
	Void       Words       // requests that were taken back
	Withheld   Words       // opened 1 of 9
	Outcomes   []Outcome
	Slots      []Words // how many were logged of those owed, and which were not
	SlotsNote  Words
	Disputes   []DisputeBlock
	DisputeAll Words // that there are more
	Notices    []Notice
	Standings  []Step
	Statements []Step
	Total      uint64
	AllHref    string
	KeySteps   []Step
	Keys       []Fact
	Signs      bool // a signatory: has periods
}

// A Year is one row of a calendar.
type Year struct {
	Year  string
	Cells []Cell
}

// A Cell is one period in a calendar.
type Cell struct {
	Period Words
	State  Words
	Note   Words
	Class  string // for the stylesheet: the state
	Href   string // the attestation
	Column int    // its place in the year, from 1
}

// A PeriodRow compares what was stated for a period with what is logged.
type PeriodRow struct {
	Period  Words
	Claim   Words
	Bar     Bar
	Covers  Words
	Logged  Words
	Differs Words // when the two differ
	// Corrected says that a later attestation stands in the first one's place.
	Corrected Words
	Href      string
}

// An Outcome is one row of counts.
type Outcome struct {
	Label Words
	Count uint64
	Bar   Bar
}

// maxPeriods bounds the periods on a page: the newest ten years of quarters.
const maxPeriods = 40

// Signatory lays an author out.
func (s *Site) Signatory(a *Signatory) *SignatoryPage {
	st := a.Status
	p := &SignatoryPage{Name: s.WhoFirst(st.ID), Who: s.Who(st.ID), Total: a.Total, Statements: s.listed(a.Statements), Standings: s.listed(a.Standings), KeySteps: s.listed(a.Keys)}
	if !s.Preview {
		p.AllHref = s.Root + "entries?author=" + st.ID
	}
	p.Labels, p.Notices = s.authorLabels(a), s.notices(a.Findings, a.Replies)
	p.Keys = s.authorKeys(st)
	for _, d := range a.Disputes {
		p.Disputes = append(p.Disputes, s.Dispute(d, entry.ID{}, 0))
	}
	if all := uint64(len(st.Challenges)); all > uint64(len(a.Disputes)) {
		p.DisputeAll = s.Count("disputes.more", all-uint64(len(a.Disputes)))
	}
	if st.Admit == nil {
		p.Kicker, p.Lead = s.Say("kicker.secretariat"), s.Say("secretariat.lead", "accord", s.AccordName())
		if st.ID == entry.AuthorOperator {
			p.Kicker, p.Lead = s.Say("kicker.operator"), s.Say("operator.lead")
		}
		if a.Directory != nil {
			p.Facts = append(p.Facts, s.fact("directory", s.refValue(a.Directory)))
		}
		return p
	}
	p.Kicker = s.Say("kicker."+st.Admit.Role, "accord", s.AccordName())
	p.Signs = st.Admit.Role == entry.RoleSignatory
	p.Lead = s.signatoryLead(a)
	p.Facts, p.Keys = s.bounded(s.signatoryFacts(a)), s.bounded(p.Keys)
	if !p.Signs {
		return p
	}
	if a.Attested != nil {
		p.Latest, p.LatestHref, p.LatestDate = s.Sentence(a.Attested), s.EntryHref(a.Attested.ID, a.Attested.Index), s.Day(a.Attested.Logged)
		p.Passages, p.LatestNote = s.passages(entry.Narrative(a.Attested.Detached), maxWords), s.wordsNotShown(a.Attested)
	}
	p.Asked = s.AttestationsNote()
	s.addPeriods(p, st)
	s.addOutcomes(p, st)
	s.addSlots(p, st)
	return p
}

// listed makes steps of entries.
func (s *Site) listed(list []*Entry) []Step {
	var steps []Step
	for _, e := range list {
		steps = append(steps, Step{When: s.Day(e.Logged), Sentence: s.Sentence(e), Href: s.EntryHref(e.ID, e.Index), Note: s.Marks(e)})
	}
	return steps
}

// authorLabels are what a reader has to know first of how an author stands: by
// whose word, and since when.
func (s *Site) authorLabels(a *Signatory) []Notice {
	st := a.Status
	var list []Notice
	add := func(key string, at pledge.Mark, text Words) {
		list = append(list, Notice{Title: s.Say("label." + key), Text: text, Href: s.EntryHref(at.Entry, at.Index), Link: s.Say("label.read", "index", at.Index)})
	}
	who := s.Who(st.ID)
	switch {
	case st.Removed != nil:
		text := s.Say("label.removed.text", "who", who, "date", s.Day(st.Removed.Logged), "reason", s.term("standingReason", st.Removed.Reason))
		if p := st.Removed.Proposed; p != nil {
			text = s.sentences(text, s.daysBefore("label.removed.proposed", p.Logged, st.Removed.Logged))
		} else {
			text = s.sentences(text, s.Say("label.removed.not-proposed"))
		}
		add("removed", st.Removed.Mark, text)
	case st.Standing == pledge.Withdrawn:
		for _, e := range slices.Backward(a.Standings) {
			if e.Statement.Kind == entry.KindWithdraw {
				add("withdrawn", pledge.Mark{Index: e.Index, Entry: e.ID}, s.Say("label.withdrawn.text", "who", s.WhoFirst(st.ID), "date", s.Day(e.Logged)))
				break
			}
		}
	}
	if st.Suspended != nil {
		add("suspended", *st.Suspended, s.Say("label.suspended.text", "who", who, "date", s.Day(st.Suspended.Logged)))
	}
	if p := st.Proposed; p != nil && st.Removed == nil {
		n := daysBetween(p.Logged, s.AsOf)
		text := s.Count("label.proposed.text", n, "who", who, "date", s.Day(p.Logged))
		if n == 0 {
			text = s.Say("label.proposed.today", "who", who, "date", s.Day(p.Logged))
		}
		add("proposed", *p, text)
	}
	if x := st.Succeeded; x != nil {
		add("succeeded", x.Mark, s.Say("label.succeeded.text", "who", who, "to", Link(s.SignatoryHref(x.Author), s.Who(x.Author)), "date", s.Day(x.Logged)))
	}
	if k := st.KeysWaiting; k != nil {
		add("keys-waiting", k.Mark, s.Say("label.keys-waiting.text", "who", who, "date", s.Moment(k.From)))
	}
	if k := st.KeysChanged; k != nil {
		add("unconfirmed", k.Mark, s.Say("label.keys-changed.text", "who", who, "date", s.Moment(k.From)))
	}
	for _, d := range st.Doubtful {
		add("doubtful-some", d.Mark, s.Say("label.doubtful-some.text", "who", s.WhoFirst(st.ID), "date", s.Day(d.Logged), "span", s.doubtful(&d)))
	}
	return list
}

// daysBefore says how long before a moment something was, with its date.
func (s *Site) daysBefore(key string, from, to int64) Words {
	if n := daysBetween(from, to); n > 0 {
		return s.Count(key, n, "date", s.Day(from))
	}
	return s.Say(key+".same-day", "date", s.Day(from))
}

// authorKeys are the ids and keys of an author.
func (s *Site) authorKeys(st pledge.Status) []Fact {
	facts := []Fact{s.fact("author", Value{Value: Code(st.ID)})}
	if st.Seq > 0 {
		facts = append(facts, s.fact("head", Value{Value: Code(st.Head.String()), Note: s.Say("note.head", "seq", st.Seq)}))
	}
	if st.SlotSeq > 0 {
		facts = append(facts, s.fact("slot-head", Value{Value: Code(st.SlotHead.String()), Note: s.Say("note.head", "seq", st.SlotSeq)}))
	}
	facts = append(facts, s.fact("keys", s.keySet(st.Keys)))
	return append(facts, s.keyIDs("key-ids", st.Keys))
}

func (s *Site) signatoryLead(a *Signatory) Words {
	who := Foreign(a.Status.Admit.Name)
	admitted := Link(s.EntryHref(a.Status.Admitted.Entry, a.Status.Admitted.Index), s.Day(a.Status.Admitted.Logged))
	switch {
	case a.Status.Admit.Role != entry.RoleSignatory:
		return s.Say("challenger.lead", "who", who, "date", admitted)
	case a.Status.PledgedAt == nil:
		return s.Say("signatory.lead.unpledged", "who", who, "date", admitted)
	}
	at := a.Status.PledgedAt
	return s.Count("signatory.lead", uint64(len(a.Status.Pledged)), "who", who, "admitted", admitted, "pledged", Link(s.EntryHref(at.Entry, at.Index), s.Day(at.Logged)))
}

func (s *Site) signatoryFacts(a *Signatory) []Fact {
	b := a.Status.Admit
	var facts []Fact
	if len(a.Names) > 0 {
		f := s.fact("former-names")
		for _, n := range a.Names {
			f.Values = append(f.Values, Value{Foreign(n.Name), s.Say("note.until", "date", s.Day(n.Until))})
		}
		facts = append(facts, f)
	}
	for _, x := range a.Status.Succeeds {
		facts = append(facts, s.fact("succeeds", Value{Link(s.SignatoryHref(x.Author), s.Who(x.Author)), s.Say("note.since", "date", s.Day(x.Logged))}))
	}
	facts = append(facts, s.fact("country", Value{Value: s.Country(b.Country)}), s.fact("website", Value{Value: website(b.Website)}))
	if len(b.Entities) > 0 {
		f := s.fact("entities")
		for _, name := range b.Entities {
			f.Values = append(f.Values, Value{Value: Foreign(name)})
		}
		facts = append(facts, f)
	}
	if b.LEI != "" {
		facts = append(facts, s.fact("lei", Value{Value: Code(b.LEI)}))
	}
	if len(b.CarveOuts) > 0 {
		facts = append(facts, s.codes("carve-outs", "instrument", b.CarveOuts, nil, false, Words{}))
	}
	facts = append(facts, s.fact("standing", Value{Value: s.Say("standing." + a.Status.Standing)}))
	if len(a.Status.Pledged) > 0 {
		facts = append(facts, s.clausesFact(a.Status.Pledged, s.Clauses))
	}
	return facts
}

// website is the one outward link: the secretariat's word for who it admitted.
func website(url string) Words {
	w := Foreign(url)
	return Words{template.HTML(`<a rel="nofollow noreferrer external" href="`+template.HTMLEscapeString(url)+`">`) + w.HTML + "</a>", w.Text}
}

func (s *Site) addPeriods(p *SignatoryPage, st pledge.Status) {
	periods := st.Periods[max(0, len(st.Periods)-maxPeriods):]
	scale := uint64(0)
	for _, ps := range periods {
		if ps.Attestation != nil && !ps.Attestation.Received.Total.CannotSay {
			scale = max(scale, ps.Attestation.Received.Total.Max)
		}
	}
	for _, ps := range periods {
		y := strconv.Itoa(year(ps.Period))
		if n := len(p.Years); n == 0 || p.Years[n-1].Year != y {
			p.Years = append(p.Years, Year{Year: y})
		}
		row := &p.Years[len(p.Years)-1]
		row.Cells = append(row.Cells, s.cell(ps))
		if ps.Attestation != nil {
			p.Rows = append([]PeriodRow{s.periodRow(ps, scale)}, p.Rows...)
		}
	}
}

// cell is a period in the calendar.
func (s *Site) cell(ps pledge.PeriodStatus) Cell {
	c := Cell{Period: s.PeriodShort(ps.Period), State: s.PeriodState(ps), Note: s.PeriodNote(ps), Class: "state-" + string(ps.State), Column: column(ps.Period)}
	if ps.Attested != nil {
		c.Href = s.EntryHref(ps.Attested.Entry, ps.Attested.Index)
	}
	return c
}

// corrected says that another attestation than the first counts.
func (s *Site) corrected(ps pledge.PeriodStatus) Words {
	if ps.Content == nil || ps.Attested == nil || *ps.Content == *ps.Attested {
		return Words{}
	}
	return s.Say("period.corrected", "date", s.Day(ps.Content.Logged))
}

func column(p entry.Period) int { return int(p.String()[6] - '0') }

// PeriodState says in a few words how an author stands for a period.
func (s *Site) PeriodState(ps pledge.PeriodStatus) Words { return s.Say("state." + string(ps.State)) }

// PeriodNote says when a period was attested, or by when it is due.
func (s *Site) PeriodNote(ps pledge.PeriodStatus) Words {
	switch ps.State {
	case pledge.OnTime:
		return s.Say("state-note.on-time", "date", s.Day(ps.Attested.Logged))
	case pledge.Late:
		return s.Say("state-note.late", "date", s.Day(ps.Attested.Logged), "due", s.Day(ps.Deadline))
	case pledge.NotYetDue:
		return s.Say("state-note.not-yet-due")
	case pledge.Missed, pledge.CarvedOut:
		return s.Say("state-note.missed", "due", s.Day(ps.Deadline))
	}
	return s.Say("state-note.due", "due", s.Day(ps.Deadline))
}

func (s *Site) periodRow(ps pledge.PeriodStatus, scale uint64) PeriodRow {
	total := ps.Attestation.Received.Total
	r := PeriodRow{
		Period: s.Period(ps.Period), Claim: s.Claim(total), Bar: s.claimBar(total, scale),
		Covers: s.Say("covers." + ps.Attestation.Covers), Logged: s.loggedCount(ps.Logged), Corrected: s.corrected(ps),
		Href: s.EntryHref(ps.Attested.Entry, ps.Attested.Index),
	}
	if ps.Content != nil {
		r.Href = s.EntryHref(ps.Content.Entry, ps.Content.Index)
	}
	if !ps.Logged.Equal(ps.Attestation.Logged) {
		r.Differs = s.Say("period.differs", "stated", ps.Attestation.Logged.Total)
	}
	return r
}

func (s *Site) loggedCount(c entry.Counts) Words {
	switch {
	case c.Total == 0:
		return s.Say("period.none-logged")
	case len(c.Outcomes) == 1:
		return s.Say("period.logged.same", "n", c.Total, "label", s.outcome(sortedCodes(c.Outcomes)[0]))
	}
	return s.Say("period.logged", "n", c.Total, "outcomes", s.Outcomes(c.Outcomes))
}

func (s *Site) addOutcomes(p *SignatoryPage, st pledge.Status) {
	who := Foreign(st.Admit.Name)
	p.Caveat = s.Say("caveat.others")
	if st.Void > 0 {
		p.Void = s.Count("counts.void", st.Void, "who", who)
	}
	if st.Corrected > 0 {
		p.Corrected = s.Count("counts.corrected", st.Corrected, "who", who)
	}
	if st.Withheld > 0 {
		p.Withheld = s.Count("counts.withheld", st.Withheld, "who", who, "opened", st.Opened)
	}
	if st.Requests == 0 {
		p.Counts = s.Say("counts.none", "who", who, "size", s.Size)
		return
	}
	p.Counts = s.Count("counts", st.Requests, "who", who, "size", s.Size)
	p.Outcomes = s.RankOutcomes(st.Outcomes, st.Requests)
}

// maxMissed bounds the slot periods that are named.
const maxMissed = 12

// addSlots says how many slots an author logged of those that it owed, and for
// which periods the log has none.
func (s *Site) addSlots(p *SignatoryPage, st pledge.Status) {
	c := st.Slots
	if c.Owed == 0 {
		return
	}
	p.SlotsNote = s.Say("slots.note")
	p.Slots = append(p.Slots, s.Count("slots.kept", c.Owed, "kept", c.Owed-c.Missed, "who", Foreign(st.Admit.Name)))
	var periods []Words
	for _, m := range c.First[:min(len(c.First), maxMissed)] {
		periods = append(periods, s.SlotPeriod(m))
	}
	switch {
	case c.Missed > uint64(len(periods)):
		p.Slots = append(p.Slots, s.Count("slots.missed.more", c.Missed-uint64(len(periods)), "periods", s.List(periods)))
	case c.Missed > 0:
		p.Slots = append(p.Slots, s.Say("slots.missed", "periods", s.List(periods)))
	}
}

// RankOutcomes lists counts by outcome, the largest first, as bars of the total.
func (s *Site) RankOutcomes(counts map[string]uint64, total uint64) []Outcome {
	codes := sortedCodes(counts)
	slices.SortStableFunc(codes, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	var out []Outcome
	for _, code := range codes {
		out = append(out, Outcome{Label: s.outcome(code), Count: counts[code], Bar: ExactBar(counts[code], total)})
	}
	return out
}
