package generator

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// A Scene is one thing that somebody does in the demo: a statement is made and
// logged, or a request is kept for the next slot.
type Scene struct {
	At        int64      // Unix seconds
	Statement *Statement // nil when a request is kept
	Kept      *Committed // that is kept, or that Statement publishes
}

// DemoEnd is where the demo stands still: after the last deadline that its story
// has.
var DemoEnd = time.Date(2026, 8, 5, 12, 0, 0, 0, time.UTC)

// Demo plays the story that scripts/demo shows: ten companies over six quarters,
// from the first of 2025 to the second of 2026. What happens, and when, is
// written down in this package; only salts and keys come from the seed. It
// returns every scene in order, and logs what they log in w, which must be new
// and of DemoOptions. The directories that the operator makes in between are
// logged too and are no scenes.
//
// In it one demand is quashed by a court and one upheld; one company complied
// and says so, and is suspended for a while; some attestations come late, one never
// comes; one company's requests are more than it attested, which a challenger asks
// about; one request waits for its answer. One answer is told months later, and so
// are the name of one authority and one request that was in a slot. One request was
// logged twice, one company changes its keys, one takes another's place, and a text
// is erased.
func (w *World) Demo() []Scene {
	d := &demo{w: w, used: make(map[string]int), kept: make(map[*Author][]*Committed), said: make(map[string]*Statement)}
	for i, a := range w.Signatories {
		a.lang = demoLanguages[i%len(demoLanguages)]
	}
	d.founding()
	for i := range demoRequests {
		d.request(&demoRequests[i])
	}
	d.attestations()
	d.slots()
	d.members()
	d.disputes()
	return d.play()
}

// DemoOptions make the world that Demo wants.
func DemoOptions() Options {
	return Options{Signatories: 10, Challengers: 1, Start: at("2025-01-13 09:30"), OperatorKeys: 1, SlotKeys: true}
}

// A demo collects what is to happen, and then lets it happen in order.
type demo struct {
	w      *World
	todo   []happening
	scenes []Scene
	used   map[string]int // how often a text was used
	kept   map[*Author][]*Committed
	said   map[string]*Statement // what others name, by author and when it was logged
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
	d.w.moveTo(DemoEnd.Unix())
	return d.scenes
}

// say logs a statement and notes the scene.
func (d *demo) say(st *Statement) *Filed {
	f := d.w.Log(st)
	d.scenes = append(d.scenes, Scene{At: d.w.now, Statement: st})
	d.said[st.Author+" "+time.Unix(d.w.now, 0).UTC().Format("2006-01-02 15:04")] = st
	return f
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
	d.on(at("2025-01-13 09:30"), func() { d.say(w.Found()) })
	for i, a := range w.Signatories {
		j := demoJoins[i]
		d.on(at(j.admitted), func() {
			st := w.Admit(a)
			// Not always the same members of the secretariat are at hand.
			members := slices.Concat(w.Secretariat.Keys[i%3:], w.Secretariat.Keys[:i%3])
			st.Signers = join(members[:w.Secretariat.Threshold], a.Ring().All())
			d.say(st)
		})
		d.on(at(j.pledged), func() { d.say(w.Pledge(a)) })
	}
}

func (d *demo) request(r *demoRequest) {
	w := d.w
	a := w.Signatories[r.who]
	if start, _, err := entry.ParseSpan(r.received); err != nil {
		panic("generator: " + err.Error())
	} else if !r.overlooked {
		a.note(w.PeriodAt(start))
	}
	var kept *Committed
	if r.kept != "" {
		d.on(at(r.kept), func() {
			kept = w.Commit(a, r.received, d.requestBody(a, r))
			d.kept[a] = append(d.kept[a], kept)
			d.scenes = append(d.scenes, Scene{At: w.now, Kept: kept})
		})
	}
	var filed *Filed
	var st *Statement
	d.on(at(r.logged), func() {
		if kept != nil {
			filed = d.say(w.Publish(kept))
			d.scenes[len(d.scenes)-1].Kept = kept
			return
		}
		st = w.Request(a, r.received, d.requestBody(a, r))
		if r.sealed != "" {
			w.Seal(st, Seal{Member: "agency", Reason: "secrecy-law", Law: "other-statute", Review: r.sealed})
		}
		filed = d.say(st)
	})
	if r.unsealed != "" {
		d.on(at(r.unsealed), func() { d.say(w.OpenText(st, "permission", "agency")) })
	}
	for _, ans := range r.answers {
		var said *Statement
		d.on(at(ans.logged), func() {
			said = d.decision(filed, r, ans)
			d.say(said)
		})
		if ans.opened != "" {
			d.on(at(ans.opened), func() { d.say(w.OpenText(said, "order-expired")) })
		}
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
	if ans.review != "" {
		// Not even the outcome stands in the tree.
		b.Date, b.Grounds, b.Outcome, b.Scope = tree.Date, tree.Grounds, tree.Outcome, tree.Scope
		tree.Date, tree.Grounds, tree.Outcome, tree.Scope = "", nil, "", ""
		st.Withhold(ans.review)
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
			d.on(when, func() { d.say(d.attestation(a, p, days)) })
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
