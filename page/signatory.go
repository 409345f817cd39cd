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
	Attested   *Entry   // the attestation of the newest period that has one
	Statements []*Entry // the newest ones, newest first
	Total      uint64   // statements in all
}

// SignatoryPage is an author laid out.
type SignatoryPage struct {
	Kicker     Words
	Name       Words
	Lead       Words
	Facts      []Fact
	Latest     Words // the latest attestation's sentence
	LatestHref string
	LatestDate Words
	Passages   []Passage
	Asked      Words // how often the charter asks for attestations
	Years      []Year
	Rows       []PeriodRow // newest first
	Counts     Words       // requests logged here, by the last answer stated
	Caveat     Words       // This can't show that there were no others.
	Outcomes   []Outcome
	Notices    []Notice
	Statements []Step
	Total      uint64
	AllHref    string
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
	Href    string
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
	p := &SignatoryPage{Name: s.WhoFirst(st.ID), Total: a.Total}
	for _, e := range a.Statements {
		p.Statements = append(p.Statements, Step{When: s.Day(e.Logged), Sentence: s.Sentence(e), Href: s.EntryHref(e.ID, e.Index)})
	}
	if !s.Preview {
		p.AllHref = s.Root + "entries?author=" + st.ID
	}
	for _, f := range a.Findings {
		p.Notices = append(p.Notices, s.notice(f))
	}
	p.Keys = []Fact{s.fact("author", Value{Value: Code(st.ID)}), s.fact("head", Value{Value: Code(st.Head.String()), Note: s.Say("note.head", "seq", st.Seq)})}
	if st.Admit == nil {
		p.Kicker, p.Lead = s.Say("kicker.secretariat"), s.Say("secretariat.lead", "accord", s.AccordName())
		return p
	}
	p.Kicker = s.Say("kicker."+st.Admit.Role, "accord", s.AccordName())
	p.Signs = st.Admit.Role == entry.RoleSignatory
	p.Lead = s.signatoryLead(a)
	p.Facts = s.signatoryFacts(a)
	keys := s.fact("key-ids")
	for _, k := range st.Admit.Keys {
		if pub, err := k.Parse(); err == nil {
			keys.Values = append(keys.Values, Value{Code(pub.ID.String()), s.Say("note.key", "alg", k.Alg, "use", k.Use)})
		}
	}
	p.Keys = append(p.Keys, keys)
	if !p.Signs {
		return p
	}
	if a.Attested != nil {
		p.Latest, p.LatestHref, p.LatestDate = s.Sentence(a.Attested), s.EntryHref(a.Attested.ID, a.Attested.Index), s.Day(a.Attested.Logged)
		p.Passages = s.passages(narrative(a.Attested.Detached))
	}
	p.Asked = s.AttestationsNote()
	s.addPeriods(p, st)
	s.addOutcomes(p, st)
	return p
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
	facts := []Fact{s.fact("country", Value{Value: s.Country(b.Country)}), s.fact("website", Value{Value: website(b.Website)})}
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
		facts = append(facts, s.clausesFact(a.Status.Pledged))
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
		Covers: s.Say("covers." + ps.Attestation.Covers), Logged: s.loggedCount(ps.Logged),
		Href: s.EntryHref(ps.Attested.Entry, ps.Attested.Index),
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
	if st.Requests == 0 {
		p.Counts = s.Say("counts.none", "who", who, "size", s.Size)
		return
	}
	p.Counts = s.Count("counts", st.Requests, "who", who, "size", s.Size)
	p.Outcomes = s.RankOutcomes(st.Outcomes, st.Requests)
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
