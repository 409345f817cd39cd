package generator

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A weighted list is drawn from by weight.
type weighted []struct {
	code   string
	weight int
}

func (w *World) draw(list weighted) string {
	sum := 0
	for _, c := range list {
		sum += c.weight
	}
	n := w.dice.IntN(sum)
	for _, c := range list {
		if n -= c.weight; n < 0 {
			return c.code
		}
	}
	panic("generator: empty list")
}

// The distributions are invented: they only have to be uneven, as real ones are,
// and to use every code. Instruments leave out the laws of real countries, which
// the invented ones do not have.
var (
	assists = weighted{
		{"access", 14}, {"vulnerability-info", 13}, {"targeting", 11}, {"intercept-capability", 9}, {"keys", 8},
		{"suppression", 7}, {"update-channel", 7}, {"exploit", 6}, {"backdoor", 6}, {"fix-delay", 5}, {"infrastructure", 4},
		{"traffic-redirect", 3}, {"staff", 3}, {"interdiction", 2}, {"disruption", 2}, {"cover", 1}, {"other", 1},
	}
	instruments = weighted{
		{"informal", 30}, {"court-order", 18}, {"other-statute", 20}, {"licence-condition", 9}, {"contract", 8}, {"mlat", 5},
		{"unknown", 4}, {"withheld", 3},
	}
	compulsions = weighted{{"pressured", 35}, {"compelled", 30}, {"voluntary", 22}, {"contested", 13}}
	gags        = weighted{{"none", 45}, {"requested", 22}, {"lifted", 10}, {"expired", 8}, {"partial", 8}, {"statutory", 3}, {"ordered", 2}, {"cannot-say", 2}}
	targets     = weighted{
		{"unspecified", 26}, {"individual", 20}, {"enterprise", 12}, {"media", 8}, {"civil-society", 8}, {"political", 7},
		{"vendor", 5}, {"critical-infrastructure", 5}, {"mass", 4}, {"government", 3}, {"military", 1}, {"non-state-group", 1},
	}
	corroborations = weighted{{"none", 70}, {"document", 18}, {"court-record", 6}, {"requester-acknowledged", 4}, {"other-signatory", 2}}
	firstOutcomes  = weighted{
		{"refused", 58}, {"challenged", 12}, {"narrowed", 8}, {"partly-complied", 5}, {"complied", 4},
		{"withdrawn-by-requester", 5}, {"lapsed", 4}, {"pending", 3}, {"exited", 1},
	}
	laterOutcomes = weighted{{"quashed", 40}, {"upheld", 30}, {"withdrawn-by-requester", 15}, {"narrowed", 15}}
	replyAnswers  = weighted{{entry.AnswerDisputed, 50}, {entry.AnswerAccepted, 30}, {entry.AnswerCannotComment, 20}}
	lateReasons   = weighted{{"awaiting-counsel", 4}, {"legal-review", 3}, {"merger", 1}, {"clerical-error", 2}, {"system-failure", 1}}
)

// groundsOf are the grounds that go with an outcome.
var groundsOf = map[string][]string{
	"refused": {"pledge"}, "challenged": {"pledge", "unlawful"}, "narrowed": {"rights"}, "partly-complied": {"out-of-scope"},
	"quashed": {"unlawful"}, "exited": {"pledge", "rights"},
}

// requestBody makes up what was asked.
func (w *World) requestBody(a *Author, received string) *entry.RequestBody {
	if w.lifelike != nil {
		return w.lifelikeRequest(a, received)
	}
	country := pick(w, Countries).Code
	if w.roll(400) { // those at home ask more
		country = a.Company.Country
	}
	authority := pick(w, AuthoritiesOf(country))
	assist := w.draw(assists)
	b := &entry.RequestBody{
		Agency: authority.Name, Assist: []string{assist}, Authority: authority.Code, Compulsion: w.draw(compulsions),
		Corroboration: w.draw(corroborations), Country: country, Gag: w.draw(gags), Instrument: w.draw(instruments),
		Targets: []string{w.draw(targets)},
	}
	if a.Company.Product != "" {
		b.Products = []string{a.Company.Product}
	}
	if second := w.draw(assists); w.roll(120) && second != assist {
		b.Assist = sorted([]string{assist, second}, same)
	}
	if slices.Contains(b.Assist, "other") {
		b.Other = map[string]string{"assist": "to lend a badge and a desk to a person whose name the paper leaves out"}
	}
	if b.Instrument == "other-statute" {
		b.Statute = fmt.Sprintf("Act on Networks (%s), section %d", w.countryName(country), w.between(2, 40))
	}
	if b.Corroboration == "document" || b.Corroboration == "court-record" {
		b.Documents = []entry.Document{{MediaType: "application/pdf", Name: "letter-" + received + ".pdf", SHA256: w.digest()}}
	}
	switch w.dice.IntN(40) {
	case 0:
		b.Country, b.Authority, b.Agency = entry.Withheld, entry.Withheld, ""
	case 1:
		b.Agency = ""
	}
	who := cmp.Or(b.Agency, "an authority")
	fitting := NarrativesFor("request", assist, "en")
	b.Narrative = w.narrative(a, "request", pick(w, fitting), who, received)
	return b
}

// decisionBody makes up the words beside an answer.
func (w *World) decisionBody(f *Filed, outcome string) *entry.DecisionBody {
	who := "the sender"
	if f.asked != nil && f.asked.Agency != "" {
		who = f.asked.Agency
	}
	b := &entry.DecisionBody{}
	switch outcome {
	case "challenged", "quashed", "upheld":
		country := f.By.Company.Country
		if f.asked != nil && f.asked.Country != entry.Withheld {
			country = f.asked.Country
		}
		b.Court = "Administrative Court (" + w.countryName(country) + ")"
		if outcome != "challenged" {
			b.Documents = []entry.Document{{MediaType: "application/pdf", Name: "judgment-" + month(w.now) + ".pdf", SHA256: w.digest()}}
		}
	}
	b.Narrative = w.narrative(f.By, "decision", pick(w, NarrativesFor("decision", outcome, "en")), who, month(w.now))
	return b
}

// narrative is a text in English and often also in the author's own language.
func (w *World) narrative(a *Author, kind string, english Narrative, who, month string) map[string]string {
	if w.lifelike != nil {
		return w.lifelikeNarrative(a, kind, english, who, month)
	}
	texts := map[string]string{"en": english.Fill(a.Name, who, month)}
	if a.lang == "" || a.lang == "en" || !w.roll(600) {
		return texts
	}
	// Beside requests and attestations, only refusals have been translated.
	if own := NarrativesFor(kind, english.Code, a.lang); len(own) > 0 {
		texts[a.lang] = pick(w, own).Fill(a.Name, who, month)
	}
	return texts
}

// digest is that of a document which nobody has.
func (w *World) digest() string { return entry.Digest([]byte(w.Salt())) }

// countryName is the name of a country in the world.
func (w *World) countryName(code string) string {
	name, _ := entry.CountryName(w.Options.Origin, code)
	return name
}

func same(s string) string { return s }

// sorted lists a member of each element, sorted.
func sorted[T any](list []T, member func(T) string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = member(e)
	}
	slices.Sort(out)
	return out
}
