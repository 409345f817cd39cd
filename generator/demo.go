package generator

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// A Scene is one statement of the demo.
type Scene struct {
	At        int64 // Unix seconds, when it is made and logged
	Statement *Statement
	// Answers is the place among the scenes of the request that a decision is
	// about; -1 for other kinds.
	Answers int
}

// DemoEnd is where the demo stands still: after the last deadline that its story
// has.
var DemoEnd = time.Date(2026, 8, 5, 12, 0, 0, 0, time.UTC)

// Demo plays the story that scripts/demo shows: ten companies over six quarters,
// from the first of 2025 to the second of 2026. What happens, and when, is
// written down in this package; only salts and keys come from the seed. It
// returns every statement in order, and logs them all in w, which must be new
// and have ten signatories (see DemoOptions).
//
// In it one demand is quashed by a court and one upheld; one company complied
// and says so; some attestations come late, one never comes; one company's
// requests are more than it attested; one request waits for its answer.
func (w *World) Demo() []Scene {
	d := &demo{w: w, used: make(map[string]int)}
	for i, a := range w.Signatories {
		a.lang = demoLanguages[i%len(demoLanguages)]
	}
	d.founding()
	for i := range demoRequests {
		d.request(&demoRequests[i])
	}
	d.attestations()
	return d.play()
}

// DemoOptions make the world that Demo wants.
func DemoOptions() Options {
	return Options{Signatories: 10, Start: at("2025-01-13 09:30"), OperatorKeys: 1}
}

// A demo collects what is to happen, and then lets it happen in order.
type demo struct {
	w      *World
	todo   []happening
	scenes []Scene
	used   map[string]int // how often a text was used
}

type happening struct {
	at int64
	do func()
}

func (d *demo) on(t time.Time, do func()) {
	d.todo = append(d.todo, happening{t.Unix(), do})
}

func (d *demo) play() []Scene {
	slices.SortStableFunc(d.todo, func(a, b happening) int { return cmp.Compare(a.at, b.at) })
	for _, h := range d.todo {
		d.w.moveTo(h.at)
		h.do()
	}
	return d.scenes
}

// say logs a statement and notes the scene. It returns its place.
func (d *demo) say(st *Statement, answers int) (int, *Filed) {
	f := d.w.Log(st)
	d.scenes = append(d.scenes, Scene{At: d.w.now, Statement: st, Answers: answers})
	return len(d.scenes) - 1, f
}

// at reads a moment such as 2025-03-04 10:15.
func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic("generator: " + err.Error())
	}
	return t
}

func (d *demo) founding() {
	w := d.w
	d.on(at("2025-01-13 09:30"), func() { d.say(w.Found(), -1) })
	for i, a := range w.Signatories {
		j := demoJoins[i]
		d.on(at(j.admitted), func() {
			st := w.Admit(a)
			// Not always the same members of the secretariat are at hand.
			members := slices.Concat(w.Secretariat.Keys[i%3:], w.Secretariat.Keys[:i%3])
			st.Signers = join(members[:w.Secretariat.Threshold], a.Keys)
			d.say(st, -1)
		})
		d.on(at(j.pledged), func() { d.say(w.Pledge(a), -1) })
	}
}

func (d *demo) request(r *demoRequest) {
	w := d.w
	a := w.Signatories[r.who]
	place, filed := -1, (*Filed)(nil)
	if start, _, err := entry.ParseSpan(r.received); err != nil {
		panic("generator: " + err.Error())
	} else if !r.overlooked {
		a.note(w.PeriodAt(start))
	}
	d.on(at(r.logged), func() { place, filed = d.say(w.Request(a, r.received, d.requestBody(a, r)), -1) })
	for _, ans := range r.answers {
		d.on(at(ans.logged), func() { d.say(d.decision(filed, r, ans), place) })
	}
}

func (d *demo) requestBody(a *Author, r *demoRequest) *entry.RequestBody {
	who := Authority{Country: r.country, Code: entry.Withheld}
	if r.authority >= 0 {
		who = AuthoritiesOf(r.country)[r.authority]
	}
	b := &entry.RequestBody{
		Agency: who.Name, Authority: who.Code, Assist: sorted(strings.Fields(r.assist), same), Country: who.Country,
		Instrument: r.instrument, Compulsion: r.compulsion, Gag: r.gag, Targets: sorted(strings.Fields(r.targets), same),
		Corroboration: cmp.Or(r.corroboration, "none"), Products: []string{a.Company.Product},
	}
	if b.Instrument == "other-statute" {
		b.Statute = "Act on Networks (" + d.w.countryName(r.country) + "), section " + r.section
	}
	if b.Corroboration == "document" || b.Corroboration == "court-record" {
		b.Documents = []entry.Document{{MediaType: "application/pdf", Name: "letter-" + r.received + ".pdf", SHA256: d.w.digest()}}
	}
	if slices.Contains(b.Assist, "other") {
		b.Other = map[string]string{"assist": "to lend a badge and a desk to a person whose name the paper leaves out"}
	}
	b.Narrative = d.narrative(a, "request", b.Assist[0], NarrativesFor("request", b.Assist[0], "en"), a.lang, cmp.Or(who.Name, "an authority"), r.received)
	return b
}

func (d *demo) decision(f *Filed, r *demoRequest, ans demoAnswer) *Statement {
	w := d.w
	who := "an authority"
	if r.authority >= 0 {
		who = AuthoritiesOf(r.country)[r.authority].Name
	}
	fit := NarrativesFor("decision", ans.outcome, "en")
	own := f.By.lang
	switch {
	case ans.text > 0:
		fit, own = fit[ans.text-1:][:1], ""
	case ans.outcome != "refused":
	case own != "en":
		fit = fit[:1] // this one has been translated
	default:
		fit = fit[:2] // the others give reasons
	}
	b := &entry.DecisionBody{Narrative: d.narrative(f.By, "decision", ans.outcome, fit, own, who, month(w.now))}
	switch ans.outcome {
	case "challenged", "quashed", "upheld":
		b.Court = "Administrative Court (" + w.countryName(r.country) + ")"
		if ans.outcome != "challenged" {
			b.Documents = []entry.Document{{MediaType: "application/pdf", Name: "judgment-" + month(w.now) + ".pdf", SHA256: w.digest()}}
		}
	}
	st := w.Decision(f, ans.outcome, b)
	tree := st.Statement.Body.(*entry.Decision)
	tree.Scope = cmp.Or(ans.scope, "in")
	if ans.grounds != "" {
		tree.Grounds = sorted(strings.Fields(ans.grounds), same)
	}
	return st
}

// narrative takes the English text of these that was used least so far, and the
// one in the company's own language where there is one. Of several in that
// language the first claims least: it fits whatever the English one says.
func (d *demo) narrative(a *Author, kind, code string, english []Narrative, own, who, month string) map[string]string {
	n := slices.MinFunc(english, func(a, b Narrative) int { return cmp.Compare(d.used[a.Text], d.used[b.Text]) })
	d.used[n.Text]++
	texts := map[string]string{"en": n.Fill(a.Name, who, month)}
	if translated := NarrativesFor(kind, code, own); own != "en" && len(translated) > 0 {
		texts[own] = translated[0].Fill(a.Name, who, month)
	}
	return texts
}

// attestations has every company attest every period since its pledge, as
// demoPeriods says when and how.
func (d *demo) attestations() {
	for i, a := range d.w.Signatories {
		for n, days := range demoAttests[i] {
			if days == 0 {
				continue // nothing to attest yet, or it never comes
			}
			p := entry.PeriodAt(entry.Quarter, at("2025-01-01 00:00").AddDate(0, 3*n, 0).Unix())
			// Each company has its own hour, so that no two speak at once.
			when := time.Unix(p.End(), 0).UTC().AddDate(0, 0, days).Add(8*time.Hour + time.Duration(37*i)*time.Minute)
			for when.Weekday() == time.Saturday || when.Weekday() == time.Sunday {
				when = when.AddDate(0, 0, -1)
			}
			d.on(when, func() { d.say(d.attestation(a, p, days), -1) })
		}
	}
}

func (d *demo) attestation(a *Author, p entry.Period, days int) *Statement {
	w := d.w
	st := w.Attestation(a, p)
	tree := st.Statement.Body.(*entry.Attestation)
	body := st.Detached.(*entry.AttestationBody)
	english := NarrativesFor("attestation", "", "en")
	text := english[int(a.Seq+uint64(a.LastMade/dayLong))%4]
	switch how := demoClaims[a.ID+" "+p.String()]; {
	case how == "cannot-say":
		tree.Received.Total, tree.Covers = entry.CannotSay(), entry.CoversDisclosable
		text = english[1]
	case how == "band":
		tree.Received.Total = entry.Between(0, 249)
		text = english[5]
	case how == "disclosable":
		tree.Covers = entry.CoversDisclosable
		text = english[1]
	case how != "":
		tree.LateReason = how
		text = english[4]
	}
	body.Narrative = map[string]string{"en": text.Fill(a.Name, "", p.String())}
	if own := NarrativesFor("attestation", "", a.lang); a.lang != "en" && len(own) > 0 && days%2 == 0 {
		body.Narrative[a.lang] = own[0].Fill(a.Name, "", p.String())
	}
	return st
}
