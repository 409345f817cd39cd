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
	name        string
	kind        kind
	description string // as a row of the table in docs/api.md, Markdown
	cell        func(*index.Entry) string
}

// A kind is what the cells of a column are, in the words of a Frictionless table schema.
// Every cell may be empty.
type kind string

const (
	text    kind = "string"
	integer kind = "integer"
	moment  kind = "datetime" // YYYY-MM-DDThh:mm:ssZ
	day     kind = "date"     // YYYY-MM-DD
)

// columns are those of export.csv, in this order, and the one place that says what they
// are: docs/api.md, the data package and the codebook have it from here. Further ones are
// added at the end.
var columns = []column{
	{"index", integer, "place in the log, from 0", func(e *index.Entry) string { return strconv.FormatUint(e.Index, 10) }},
	{"entry", text, "entry id; empty when the leaf could not be read", func(e *index.Entry) string { return idText(e.ID) }},
	{"logged", moment, "when it was logged, UTC, by the operator's word", func(e *index.Entry) string { return timeText(e.Logged) }},
	{"simulated_time", text, "`yes` in a demonstration log", func(e *index.Entry) string {
		if entry.IsDemonstration(e.View.Origin) {
			return "yes"
		}
		return ""
	}},
	{"verdict", text, "`accepted`, `rejected`, `duplicate` or `malformed`; count accepted ones only", func(e *index.Entry) string { return string(e.Verdict.Kind) }},
	{"verdict_code", text, "why it was not accepted", func(e *index.Entry) string { return string(e.Verdict.Code) }},
	{"author", text, "who stated it", ofStatement(func(st *entry.Statement) string { return st.Author })},
	{"kind", text, "the kind of statement", ofStatement(func(st *entry.Statement) string { return string(st.Kind) })},
	{"lane", text, "`main` or `slot`", ofStatement(func(st *entry.Statement) string { return st.Lane })},
	{"seq", integer, "its number in its author's chain of that lane", ofStatement(func(st *entry.Statement) string { return strconv.FormatUint(st.Seq, 10) })},
	{"made", moment, "when it was made, UTC, by its author's clock", ofStatement(func(st *entry.Statement) string { return timeText(st.Made) })},
	{"about", text, "entry id of what it is about: the request of a decision, what is corrected, opened, challenged or replied to", func(e *index.Entry) string {
		if len(e.Refers) == 0 {
			return ""
		}
		return e.Refers[0].ID.String()
	}},
	{"corrected", text, "`void` or `superseded`, by an entry below `size`: leave these out of counts", func(e *index.Entry) string {
		if e.Correction == nil {
			return ""
		}
		return e.Correction.How
	}},
	{"corrected_by", text, "entry id of what stands in its place", func(e *index.Entry) string {
		if e.Correction == nil || e.Correction.By == nil {
			return ""
		}
		return e.Correction.By.ID.String()
	}},
	{"in_place_of", text, "entry id of the corrected statement in whose place it stands", func(e *index.Entry) string {
		if e.InPlaceOf == nil {
			return ""
		}
		return e.InPlaceOf.ID.String()
	}},
	{"text_state", text, "`bodyState` of \"An entry\". `withheld` and `erased` are no answer: infer nothing from an empty cell", func(e *index.Entry) string { return string(e.BodyState) }},
	{"erased_by", text, "entry ids of the tombstones of its texts", func(e *index.Entry) string {
		var by []string
		for _, t := range e.Erasures {
			by = append(by, t.Entry.String())
		}
		return join(by)
	}},
	{"sealed", text, "members of its text that are sealed: their cells are empty", func(e *index.Entry) string {
		if e.Detached == nil {
			return ""
		}
		var members []string
		for _, s := range e.Detached.Seals() {
			members = append(members, s.Member)
		}
		return join(members)
	}},
	{"received", text, "of a request: when its author states that it was received; the period, where the text does not say more", func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		return entry.Received(e.Statement, e.Detached)
	}},
	{"country", text, "of a request, as its author codes it, and so are the next ones: ISO 3166-1 code of the country that asked", ofRequest(func(b *entry.RequestBody) string { return b.Country })},
	{"agency", text, "name of the authority that asked", ofRequest(func(b *entry.RequestBody) string { return b.Agency })},
	{"authority", text, "kind of authority", ofRequest(func(b *entry.RequestBody) string { return b.Authority })},
	{"instrument", text, "by which instrument", ofRequest(func(b *entry.RequestBody) string { return b.Instrument })},
	{"statute", text, "under which statute", ofRequest(func(b *entry.RequestBody) string { return b.Statute })},
	{"assist", text, "kinds of help asked for", ofRequest(func(b *entry.RequestBody) string { return join(b.Assist) })},
	{"products", text, "products that are concerned", ofRequest(func(b *entry.RequestBody) string { return join(b.Products) })},
	{"targets", text, "who was to be attacked", ofRequest(func(b *entry.RequestBody) string { return join(b.Targets) })},
	{"compulsion", text, "whether it was asked or ordered", ofRequest(func(b *entry.RequestBody) string { return b.Compulsion })},
	{"gag", text, "whether telling of it was forbidden", ofRequest(func(b *entry.RequestBody) string { return b.Gag })},
	{"gag_review", day, "day by which that is looked at again", ofRequest(func(b *entry.RequestBody) string { return b.GagReview })},
	{"corroboration", text, "who else confirmed it", ofRequest(func(b *entry.RequestBody) string { return b.Corroboration })},
	{"outcome", text, "of a decision: what its author states that it did", ofDecision(func(d entry.Decision) string { return d.Outcome })},
	{"decision_date", day, "of a decision", ofDecision(func(d entry.Decision) string { return d.Date })},
	{"grounds", text, "of a decision", ofDecision(func(d entry.Decision) string { return join(d.Grounds) })},
	{"scope", text, "of a decision: whether its author holds that it falls under the pledge", ofDecision(func(d entry.Decision) string { return d.Scope })},
	{"court", text, "of a decision", func(e *index.Entry) string {
		if b, ok := e.Detached.(*entry.DecisionBody); ok {
			return b.Court
		}
		return ""
	}},
	{"period", text, "of an attestation", ofAttestation(func(a *entry.Attestation) string { return a.Period.String() })},
	{"covers", text, "of an attestation: `all` or `disclosable`", ofAttestation(func(a *entry.Attestation) string { return a.Covers })},
	{"logged_total", integer, "of an attestation: requests that its author had logged", ofAttestation(func(a *entry.Attestation) string { return strconv.FormatUint(a.Logged.Total, 10) })},
	{"received_total", text, "of an attestation: requests that its author states it received, a number, a band or `cannot-say`", ofAttestation(func(a *entry.Attestation) string { return a.Received.Total.String() })},
	{"narrative_languages", text, "languages of its author's words", func(e *index.Entry) string { return join(slices.Sorted(maps.Keys(entry.Narrative(e.Detached)))) }},
	{"narrative", text, "its author's words in English, else in the first of these languages", func(e *index.Entry) string {
		n := entry.Narrative(e.Detached)
		if words, ok := n["en"]; ok {
			return words
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

func ofStatement(of func(*entry.Statement) string) func(*index.Entry) string {
	return func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		return of(e.Statement)
	}
}

func ofRequest(of func(*entry.RequestBody) string) func(*index.Entry) string {
	return func(e *index.Entry) string {
		b, ok := e.Detached.(*entry.RequestBody)
		if !ok {
			return ""
		}
		return of(b)
	}
}

// ofDecision is of what a decision tells, in the tree or in a text that was withheld.
func ofDecision(of func(entry.Decision) string) func(*index.Entry) string {
	return func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		told, _ := entry.Decided(e.Statement, e.Detached)
		return of(told)
	}
}

func ofAttestation(of func(*entry.Attestation) string) func(*index.Entry) string {
	return func(e *index.Entry) string {
		if e.Statement == nil {
			return ""
		}
		a, ok := e.Statement.Body.(*entry.Attestation)
		if !ok {
			return ""
		}
		return of(a)
	}
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
