package lint

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A Remark is about members that do not go together, or of which one is missing that
// readers will look for. None of it is against the protocol.
type Remark struct {
	Code string // stable, such as gag-but-public
	Path string // of the member that it is about
	Text string // one sentence for who signs
}

// Combinations looks at what a statement says as a whole. Detached is its detached
// body with what is under its seals put back (entry.Unseal), nil when it has none.
func Combinations(st *entry.Statement, detached entry.Detached) []Remark {
	var out []Remark
	add := func(code, path, text string) { out = append(out, Remark{code, path, text}) }
	switch b := st.Body.(type) {
	case *entry.Request:
		if d, ok := detached.(*entry.RequestBody); ok {
			requestRemarks(add, st, d)
		}
	case *entry.Decision:
		d, _ := detached.(*entry.DecisionBody)
		decisionRemarks(add, b, d)
	case *entry.Attestation:
		attestationRemarks(add, b)
	case *entry.Reply:
		d, _ := detached.(*entry.ReplyBody)
		if (b.Answer == entry.AnswerDisputed || b.Answer == entry.AnswerAccepted) && (d == nil || len(d.Narrative) == 0) {
			add("answer-without-words", "narrative", "the reply is "+b.Answer+" without a word of why: the challenge beside it has its whole case")
		}
	}
	return out
}

func requestRemarks(add func(code, path, text string), st *entry.Statement, d *entry.RequestBody) {
	bound := d.Gag == "statutory" || d.Gag == "ordered"
	sealed := len(d.Seals()) > 0
	if bound && !st.IsWithheld() && !sealed {
		add("gag-but-public", "gag", "it says that secrecy is required, and publishes all of it")
	}
	if slices.Contains([]string{"none", "lifted", "expired"}, d.Gag) && st.IsWithheld() {
		add("withheld-without-gag", "gag", "it says that nothing forbids to tell of it, and withholds its text")
	}
	if (bound || d.Gag == "partial") && d.GagReview == "" {
		add("gag-review-missing", "gagReview", "it says that secrecy is required, and not when that is looked at again")
	}
	if (d.Corroboration == "document" || d.Corroboration == "court-record") && len(d.Documents) == 0 {
		add("document-missing", "documents", "it says that a document supports it, and names none")
	}
	if d.Compulsion == "compelled" && slices.Contains([]string{"", "informal", "contract"}, d.Instrument) {
		add("compelled-by-nothing", "instrument", "it says that help was compelled, and names nothing that compels")
	}
	if d.Compulsion == "voluntary" && !slices.Contains([]string{"", "informal", "contract", entry.Withheld, "unknown", "other"}, d.Instrument) {
		add("voluntary-by-order", "compulsion", "it says that help was asked for as voluntary, and names an instrument that compels")
	}
	if d.Instrument == "other-statute" && d.Statute == "" {
		add("statute-missing", "statute", "it says that a statute was relied on which has no code here, and does not cite it")
	}
}

func decisionRemarks(add func(code, path, text string), b *entry.Decision, d *entry.DecisionBody) {
	outcome, scope, grounds, court := b.Outcome, b.Scope, b.Grounds, ""
	if d != nil {
		court = d.Court
		if outcome == "" {
			outcome, scope, grounds = d.Outcome, d.Scope, d.Grounds
		}
	}
	if slices.Contains([]string{"refused", "challenged", "narrowed"}, outcome) && len(grounds) == 0 {
		add("grounds-missing", "grounds", "it says "+outcome+" and gives no ground")
	}
	if (outcome == "complied" || outcome == "partly-complied") && scope == "in" {
		add("complied-in-scope", "scope", "it says that help was given which falls under the pledge")
	}
	if (outcome == "upheld" || outcome == "quashed") && court == "" {
		add("court-missing", "court", "it tells of a court's decision and does not name the court")
	}
	if scope == "out" && slices.Contains(grounds, "pledge") {
		add("pledge-out-of-scope", "grounds", "it refers to the pledge, and says that the request does not fall under it")
	}
}

func attestationRemarks(add func(code, path, text string), b *entry.Attestation) {
	total := b.Received.Total
	if b.Covers == entry.CoversAll && total.CannotSay {
		add("all-but-cannot-say", "received.total", "it says that the count covers all requests, and that the count cannot be said")
	}
	if len(b.Clauses) == 0 {
		add("clauses-missing", "clauses", "it affirms no clause of the pledge")
	}
}
