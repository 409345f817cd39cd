package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
)

// A column is one of the table of an export. Lists are separated by ";".
type column struct {
	name string
	cell func(*index.Entry) string
}

// columns are those of export.csv, in this order. Further ones are added at the end.
// docs/api.md says what each is.
var columns = []column{
	{"index", func(e *index.Entry) string { return strconv.FormatUint(e.Index, 10) }},
	{"entry", func(e *index.Entry) string { return idText(e.ID) }},
	{"logged", func(e *index.Entry) string { return timeText(e.Logged) }},
	{"simulated_time", func(e *index.Entry) string {
		if entry.IsDemonstration(e.View.Origin) {
			return "yes"
		}
		return ""
	}},
	{"verdict", func(e *index.Entry) string { return string(e.Verdict.Kind) }},
	{"verdict_code", func(e *index.Entry) string { return string(e.Verdict.Code) }},
	ofStatement("author", func(st *entry.Statement) string { return st.Author }),
	ofStatement("kind", func(st *entry.Statement) string { return string(st.Kind) }),
	ofStatement("lane", func(st *entry.Statement) string { return st.Lane }),
	ofStatement("seq", func(st *entry.Statement) string { return strconv.FormatUint(st.Seq, 10) }),
	ofStatement("made", func(st *entry.Statement) string { return timeText(st.Made) }),
	{"about", func(e *index.Entry) string {
		if len(e.Refers) == 0 {
			return ""
		}
		return e.Refers[0].ID.String()
	}},
	{"corrected", func(e *index.Entry) string {
		if e.Correction == nil {
			return ""
		}
		return e.Correction.How
	}},
	{"corrected_by", func(e *index.Entry) string {
		if e.Correction == nil || e.Correction.By == nil {
			return ""
		}
		return e.Correction.By.ID.String()
	}},
	{"in_place_of", func(e *index.Entry) string {
		if e.InPlaceOf == nil {
			return ""
		}
		return e.InPlaceOf.ID.String()
	}},
	{"text_state", func(e *index.Entry) string { return string(e.BodyState) }},
	{"erased_by", func(e *index.Entry) string {
		var by []string
		for _, t := range e.Erasures {
			by = append(by, t.Entry.String())
		}
		return join(by)
	}},
	{"sealed", func(e *index.Entry) string {
		if e.Detached == nil {
			return ""
		}
		var members []string
		for _, s := range e.Detached.Seals() {
			members = append(members, s.Member)
		}
		return join(members)
	}},
	{"received", func(e *index.Entry) string {
		if b, ok := e.Detached.(*entry.RequestBody); ok && b.Received != "" {
			return b.Received
		}
		if e.Statement != nil {
			if b, ok := e.Statement.Body.(*entry.Request); ok {
				return b.Received
			}
		}
		return ""
	}},
	ofRequest("country", func(b *entry.RequestBody) string { return b.Country }),
	ofRequest("agency", func(b *entry.RequestBody) string { return b.Agency }),
	ofRequest("authority", func(b *entry.RequestBody) string { return b.Authority }),
	ofRequest("instrument", func(b *entry.RequestBody) string { return b.Instrument }),
	ofRequest("statute", func(b *entry.RequestBody) string { return b.Statute }),
	ofRequest("assist", func(b *entry.RequestBody) string { return join(b.Assist) }),
	ofRequest("products", func(b *entry.RequestBody) string { return join(b.Products) }),
	ofRequest("targets", func(b *entry.RequestBody) string { return join(b.Targets) }),
	ofRequest("compulsion", func(b *entry.RequestBody) string { return b.Compulsion }),
	ofRequest("gag", func(b *entry.RequestBody) string { return b.Gag }),
	ofRequest("gag_review", func(b *entry.RequestBody) string { return b.GagReview }),
	ofRequest("corroboration", func(b *entry.RequestBody) string { return b.Corroboration }),
	ofDecision("outcome", func(d decision) string { return d.outcome }),
	ofDecision("decision_date", func(d decision) string { return d.date }),
	ofDecision("grounds", func(d decision) string { return join(d.grounds) }),
	ofDecision("scope", func(d decision) string { return d.scope }),
	ofDecision("court", func(d decision) string { return d.court }),
	ofAttestation("period", func(a *entry.Attestation) string { return a.Period.String() }),
	ofAttestation("covers", func(a *entry.Attestation) string { return a.Covers }),
	ofAttestation("logged_total", func(a *entry.Attestation) string { return strconv.FormatUint(a.Logged.Total, 10) }),
	ofAttestation("received_total", func(a *entry.Attestation) string { return a.Received.Total.String() }),
	{"narrative_languages", func(e *index.Entry) string { return join(slices.Sorted(maps.Keys(entry.Narrative(e.Detached)))) }},
	{"narrative", func(e *index.Entry) string {
		n := entry.Narrative(e.Detached)
		if text, ok := n["en"]; ok {
			return text
		}
		for _, lang := range slices.Sorted(maps.Keys(n)) {
			return n[lang]
		}
		return ""
	}},
}

func columnNames() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

func ofStatement(name string, of func(*entry.Statement) string) column {
	return column{name, func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		return of(e.Statement)
	}}
}

func ofRequest(name string, of func(*entry.RequestBody) string) column {
	return column{name, func(e *index.Entry) string {
		b, ok := e.Detached.(*entry.RequestBody)
		if !ok {
			return ""
		}
		return of(b)
	}}
}

// A decision is one wherever it is told: in the tree, or in a text that was withheld.
type decision struct {
	outcome, date, scope, court string
	grounds                     []string
}

func ofDecision(name string, of func(decision) string) column {
	return column{name, func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		b, ok := e.Statement.Body.(*entry.Decision)
		if !ok {
			return ""
		}
		d := decision{b.Outcome, b.Date, b.Scope, "", b.Grounds}
		if t, ok := e.Detached.(*entry.DecisionBody); ok {
			if d.outcome == "" {
				d = decision{t.Outcome, t.Date, t.Scope, "", t.Grounds}
			}
			d.court = t.Court
		}
		return of(d)
	}}
}

func ofAttestation(name string, of func(*entry.Attestation) string) column {
	return column{name, func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		a, ok := e.Statement.Body.(*entry.Attestation)
		if !ok {
			return ""
		}
		return of(a)
	}}
}

func idText(id entry.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func timeText(unix int64) string {
	if unix == 0 {
		return ""
	}
	return entry.FormatTime(unix)
}

func join(list []string) string { return strings.Join(list, ";") }

// inert returns a cell that a spreadsheet takes as text: one that begins as a formula
// does has an apostrophe before it.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
