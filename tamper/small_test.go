package tamper_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// A small log has just what a statement of each kind needs in front of it, so that
// the forms of statements, of which there are many, can be broken one by one.
type small struct {
	*place
	a, b  string // signatories
	fresh string // was admitted and has not pledged
	by    string // a challenger

	request, later, quiet, slot, challenge *generator.Statement
	place0                                 entry.Disclosure // of a place of slot, which commits to committed
	committed                              []byte
	amendFrom                              string
}

// smallSize is how many entries it has.
const smallSize = 15

// newSmall makes the small log.
func newSmall(tb testing.TB) *small {
	tb.Helper()
	o := generator.EveryKindOptions()
	o.Seed, o.Mixed = 11, false
	w := generator.New(o)
	w.Log(w.Found())
	g := &good{w: w, entries: slices.Clone(w.Logged), ring: pledge.NewKeyring()}
	it := pledge.Read(0, g.entries[0].Leaf)
	g.ring.Learn(it.Statement)
	g.ring.Try(it)
	g.items = []*pledge.Item{it}
	s := &small{place: &place{good: g, rand: rand.New(rand.NewPCG(11, 11)), k: 1, base: make(map[string]bool)}}
	p := s.place
	p.begin()
	s.a, s.b = p.newcomer(nil), p.newcomer(nil)
	ad := p.admission(entry.AdmitNew, nil, p.freshKey(entry.UseStatement))
	s.fresh = ad.Statement.Body.(*entry.Admit).ID
	p.say(ad)
	ch := p.admission(entry.AdmitNew, nil, p.freshKey(entry.UseStatement))
	ch.Statement.Body.(*entry.Admit).Role = entry.RoleChallenger
	s.by = ch.Statement.Body.(*entry.Admit).ID
	p.say(ch)
	period := p.s.PeriodAt(p.now())
	s.request = p.say(p.request(s.a))
	s.later = p.say(p.request(s.a))
	s.quiet = p.request(s.a)
	s.quiet.Review = date(p.now() + 300*aDay)
	p.say(s.quiet)
	// A slot that commits to a request.
	month, ok := p.firstSlot()
	if !ok {
		panic("no slots")
	}
	p.waitUntil(month.Start() + 3600)
	s.committed = p.request(s.a).Body
	s.slot = p.slotFor(s.a, month)
	d, err := entry.NewDisclosure(p.salt(), entry.SlotName, []byte(`"`+entry.Digest(s.committed)+`"`))
	if err != nil {
		panic(err)
	}
	s.place0 = d
	b := s.slot.Statement.Body.(*entry.Slot)
	b.Digests[0] = d.Digest()
	slices.Sort(b.Digests)
	p.say(s.slot)
	s.challenge = p.say(p.challenge(s.by, &entry.Challenge{Against: s.a}))
	p.waitUntil(period.End() + 3600)
	p.list()
	g.entries = append(g.entries, p.before...)
	p.before, p.at = nil, 0
	p.k = len(g.entries)
	if p.k != smallSize {
		tb.Fatalf("the small log has %d entries", p.k)
	}
	s.amendFrom = entry.FormatTime(entry.PeriodAt(entry.HalfYear, p.now()).End())
	for i, e := range g.entries[1:] {
		it := pledge.Read(uint64(i+1), e.Leaf)
		g.ring.Learn(it.Statement)
		g.ring.Try(it)
		g.items = append(g.items, it)
	}
	for _, f := range p.audit(p.with()).Findings {
		p.base[key(f)] = true
	}
	return s
}

// detached is the text of a statement by an author with some more members.
func (s *small) detached(author, kind, more string) []byte {
	return fmt.Appendf(nil, `{"author":%q,"kind":%q,"log":%q%s,"salt":%q}`, author, kind, s.w.Options.Origin, more, s.salt())
}

// draftOf makes the next statement of a kind, in one of its forms. It is in order.
func (s *small) draftOf(form string) *generator.Statement {
	p := s.place
	period := entry.PeriodAt(entry.HalfYear, p.now()-20*aDay)
	words := `,"narrative":{"en":"We say so."}`
	switch form {
	case "charter":
		return p.charter()
	case "amend": // of terms
		return p.secretariat(entry.KindAmend, &entry.Amend{From: s.amendFrom, GraceDays: 40})
	case "amend of clauses":
		st := p.secretariat(entry.KindAmend, &entry.Amend{From: s.amendFrom, Clauses: []entry.Clause{{ID: "one", Text: entry.Digest([]byte("We promise."))}, {ID: "two", Text: entry.Digest([]byte("Twice."))}}})
		st.Body = fmt.Appendf(nil, `{"author":"secretariat","clauses":{"one":"We promise.","two":"Twice."},"kind":"amend","log":%q,"salt":%q}`, p.w.Options.Origin, p.salt())
		return st
	case "amend of keys":
		k1, k2 := p.freshKey(entry.UseStatement), p.freshKey(entry.UseStatement)
		sec, op := entry.KeySet{Keys: []entry.Key{k1.Public}, Threshold: 1}, entry.KeySet{Keys: []entry.Key{k2.Public}, Threshold: 1}
		return p.secretariat(entry.KindAmend, &entry.Amend{Secretariat: &sec, Operator: &op}, k1, k2)
	case "amend of a slot key":
		k1, k2 := p.freshKey(entry.UseStatement), p.freshKey(entry.UseSlot)
		return p.secretariat(entry.KindAmend, &entry.Amend{Secretariat: &entry.KeySet{Keys: []entry.Key{k1.Public, k2.Public}, Threshold: 1}}, k1, k2)
	case "amend of one key":
		k := p.freshKey(entry.UseStatement)
		set := entry.KeySet{Keys: []entry.Key{k.Public}, Threshold: 1}
		return p.secretariat(entry.KindAmend, &entry.Amend{Recovery: &set, Operator: &set}, k)
	case "amend with reasons":
		st := p.secretariat(entry.KindAmend, &entry.Amend{From: s.amendFrom, GraceDays: 40})
		st.Body = s.detached(entry.AuthorSecretariat, "amend", words)
		return st
	case "amend of log keys":
		return p.secretariat(entry.KindAmend, &entry.Amend{LogKeys: []string{p.w.Signer.Key().String()}})
	case "end":
		return p.secretariat(entry.KindAmend, &entry.Amend{From: s.amendFrom, Ends: &entry.End{Successor: "next.example/2030"}})
	case "admit":
		st := p.admission(entry.AdmitNew, nil, p.freshKey(entry.UseStatement), p.freshKey(entry.UseStatement))
		a := st.Statement.Body.(*entry.Admit)
		a.LEI, a.Entities, a.CarveOuts = "NEWCOMERWORKS0000178", []string{"Newcomer Labs"}, []string{"us-nsl", "us-order"}
		return st
	case "admit of many":
		var keys []*generator.Key
		for range entry.MaxSignatures + 1 {
			keys = append(keys, p.freshKey(entry.UseStatement))
		}
		return p.admission(entry.AdmitNew, nil, keys...)
	case "standing":
		return p.secretariat(entry.KindStanding, &entry.Standing{Reason: "other", Standing: entry.StandingSuspended, Who: s.b})
	case "succeed":
		return p.secretariat(entry.KindSucceed, &entry.Succeed{From: s.b, To: s.a})
	case "keys":
		return p.keysChange(s.a, entry.KeysRotation, entry.ID{}, p.freshKey(entry.UseStatement), p.freshKey(entry.UseStatement))
	case "keys of the operator":
		return p.keysChange(entry.AuthorOperator, entry.KeysRotation, entry.ID{}, p.freshKey(entry.UseStatement))
	case "compromise":
		return p.keysChange(s.a, entry.KeysCompromise, s.request.ID, p.freshKey(entry.UseStatement))
	case "pledge":
		return p.pledge(s.a)
	case "first":
		return p.pledge(s.fresh)
	case "request":
		return p.requestOf(s.a, period)
	case "request with other":
		st := p.requestOf(s.a, period)
		st.Body = generator.Edit(st.Body, func(m map[string]any) {
			m["gag"], m["other"] = "other", map[string]any{"gag": "They asked us to be kind."}
			m["documents"] = []any{map[string]any{"mediaType": "text/plain", "name": "The letter", "sha256": entry.Digest(nil), "url": "https://letters.example/1"}}
			m["gagReview"] = date(p.now() + 30*aDay)
			m["narrative"] = map[string]any{"en": "Somebody came."}
		})
		return st
	case "request, sealed":
		st := p.requestOf(s.a, period)
		st.Body = generator.Edit(st.Body, func(m map[string]any) {
			for _, name := range []string{"narrative", "agency"} {
				m[name] = map[string]any{"law": "us-nsl", "reason": "other", "review": date(p.now() + 300*aDay), "sealed": entry.Digest([]byte(name))}
			}
		})
		return st
	case "request, withheld":
		st := p.requestOf(s.a, period)
		st.Review = date(p.now() + 30*aDay)
		return st
	case "request out of a slot":
		st := p.requestOf(s.a, period)
		st.Body = s.committed
		b := st.Statement.Body.(*entry.Request)
		b.Slot, b.Disclosure = s.slot.ID, s.place0.Text()
		return st
	case "decision":
		st := p.draft(s.a, &entry.Decision{Date: date(p.now()), Outcome: "refused", Grounds: []string{"pledge", "rights"}, Scope: "in", Request: s.request.ID}, entry.KindDecision, s.detached(s.a, "decision", words))
		return st
	case "decision, withheld":
		st := p.draft(s.a, &entry.Decision{Request: s.request.ID}, entry.KindDecision, s.detached(s.a, "decision", words))
		st.Review = date(p.now() + 30*aDay)
		return st
	case "attestation":
		st := p.attestation(s.a, period, 4)
		b := attested(st)
		b.LateReason = "other"
		b.Received.Outcomes = map[string]entry.Claim{"refused": entry.CannotSay(), "complied": entry.Between(0, 249)}
		st.Body = s.detached(s.a, "attestation", words)
		return st
	case "slot":
		return p.slotFor(s.a, entry.SlotPeriodAt(entry.SlotsMonth, p.now()))
	case "open":
		st := p.draft(s.a, &entry.Open{Digests: []string{s.quiet.BodyDigest}, Entry: s.quiet.ID, Why: "other"}, entry.KindOpen, nil)
		st.Opens = []generator.Text{{Digest: s.quiet.BodyDigest, Bytes: s.quiet.Body}}
		return st
	case "open of a field":
		return s.openOf("products", array(`"products",["app"]`))
	case "review":
		return p.draft(s.a, &entry.Open{Entry: s.quiet.ID, Review: date(p.now() + 30*aDay), Why: "other"}, entry.KindOpen, nil)
	case "correct":
		st := p.draft(s.a, &entry.Correct{Entry: s.request.ID, How: entry.CorrectVoid}, entry.KindCorrect, s.detached(s.a, "correct", words))
		return st
	case "superseded":
		return p.draft(s.a, &entry.Correct{Entry: s.request.ID, By: s.later.ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil)
	case "withdraw":
		return p.draft(s.b, &entry.Withdraw{}, entry.KindWithdraw, s.detached(s.b, "withdraw", words))
	case "challenge":
		return p.challenge(s.by, &entry.Challenge{Against: s.b, Finding: "slot-missed", Period: period.String()})
	case "reply":
		return p.draft(s.a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: s.challenge.ID}, entry.KindReply, s.detached(s.a, "reply", words))
	case "reply to a finding":
		return p.draft(s.a, &entry.Reply{Answer: entry.AnswerDisputed, Entry: s.request.ID, Finding: "decision-outstanding", Period: period.String()}, entry.KindReply, nil)
	case "erasure":
		return p.erasure(s.request.ID, s.request.BodyDigest)
	case "directory":
		return p.directory(func(*entry.Directory) {})
	}
	panic("no form " + form)
}

// forms are those of draftOf.
var formsOfStatements = []string{
	"charter", "amend", "amend of clauses", "amend of keys", "amend of log keys", "end", "admit", "standing", "succeed", "keys", "compromise", "pledge", "first",
	"request", "request with other", "request, sealed", "request, withheld", "request out of a slot", "decision", "decision, withheld", "attestation", "slot",
	"open", "review", "correct", "superseded", "withdraw", "challenge", "reply", "reply to a finding", "erasure", "directory",
}

// openOf logs a request of which a member is sealed by a disclosure, and returns the
// open that publishes it.
func (s *small) openOf(member, text string) *generator.Statement {
	st := s.request1()
	st.Body = generator.Edit(st.Body, func(m map[string]any) {
		m[member] = map[string]any{"reason": "other", "review": date(s.now() + 300*aDay), "sealed": entry.Digest([]byte(text))}
	})
	s.say(st)
	o := s.draft(s.a, &entry.Open{Digests: []string{entry.Digest([]byte(text))}, Entry: st.ID, Why: "other"}, entry.KindOpen, nil)
	o.Opens = []generator.Text{{Digest: entry.Digest([]byte(text)), Bytes: []byte(text)}}
	return o
}

// request1 is one of the period before.
func (s *small) request1() *generator.Statement {
	return s.requestOf(s.a, entry.PeriodAt(entry.HalfYear, s.now()-20*aDay))
}

// charter is that of the log, to be logged as its first entry.
func (p *place) charter() *generator.Statement {
	c := *p.w.Terms
	st := &generator.Statement{Body: p.w.Said[0].Body}
	st.Log, st.Author, st.Lane, st.Seq, st.Made, st.Kind, st.Statement.Body = p.w.Options.Origin, entry.AuthorSecretariat, entry.LaneMain, 1, p.w.Said[0].Made, entry.KindCharter, &c
	for _, set := range []entry.KeySet{c.Secretariat, c.Recovery, c.Operator} {
		for _, k := range set.Keys {
			parsed, _ := k.Parse()
			st.Signers = append(st.Signers, p.w.KeyOf(parsed.ID))
		}
	}
	return st
}

// refusals are the findings that say that something is not in its form, or is not
// accepted.
var refusals = []string{"leaf-malformed", "statement-rejected", "directory-false", "body-invalid", "disclosure-invalid"}

// TestSmallLog: a statement of each form is in order, so that what is refused is so
// for its damage.
func TestSmallLog(t *testing.T) {
	s := newSmall(t)
	for _, form := range formsOfStatements {
		c := formCase{form: form}
		f, p := c.files(s)
		for _, found := range p.audit(f).Findings {
			if slices.Contains(refusals, string(found.Code)) {
				t.Errorf("%s: %s %s", form, key(found), found.Text)
			}
		}
	}
}
