package tamper_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A ruleBreak is a statement that an operator who skips the checks logs although a
// rule forbids it. It makes the statement, or nil where the place has nothing to make
// it of.
type ruleBreak struct {
	name   string
	make   func(p *place) *generator.Statement
	reason entry.Code // why it is rejected, from the protocol
}

// signatory draws a signatory in good standing.
func (p *place) signatory() string {
	id, _ := anyOf(p, p.authors(entry.RoleSignatory, active))
	return id
}

// two draws two different ones.
func (p *place) two() (a, b string) {
	ids := p.authors(entry.RoleSignatory, active)
	if len(ids) < 2 {
		return "", ""
	}
	i := p.rand.IntN(len(ids))
	return ids[i], ids[(i+1)%len(ids)]
}

// edited is a request that somebody changes before it is signed.
func edited(change func(p *place, a string, st *generator.Statement)) func(p *place) *generator.Statement {
	return func(p *place) *generator.Statement {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		change(p, a, st)
		return st
	}
}

// payload is a request whose payload somebody changes before it is signed.
func payload(change func(b string) string) func(p *place) *generator.Statement {
	return edited(func(p *place, a string, st *generator.Statement) {
		signers := st.Signers
		st.Encode()
		st.SetPayload([]byte(change(string(st.Payload))))
		st.SignWith(signers...)
	})
}

func swap(old, new string) func(string) string {
	return func(b string) string {
		if !strings.Contains(b, old) {
			panic("tamper: a payload lacks " + old)
		}
		return strings.Replace(b, old, new, 1)
	}
}

// own draws one of a signatory's statements of a kind.
func (p *place) own(kinds ...entry.Kind) *entry.Statement {
	var all []*entry.Statement
	for _, a := range p.authors(entry.RoleSignatory, active) {
		all = append(all, p.said(a, ofKind(kinds...))...)
	}
	st, _ := anyOf(p, all)
	return st
}

// secretariat is a statement of its, signed by new keys too.
func (p *place) secretariat(kind entry.Kind, tree entry.TreeBody, new ...*generator.Key) *generator.Statement {
	st := p.draft(entry.AuthorSecretariat, tree, kind, nil)
	st.Signers = append(slices.Clone(st.Signers), new...)
	return st
}

// admission is one of a newcomer, or of somebody by another mode.
func (p *place) admission(mode string, like *entry.Admit, keys ...*generator.Key) *generator.Statement {
	a := entry.Admit{Country: "XD", ID: fmt.Sprintf("newcomer-%d", p.rand.IntN(1e6)), Mode: mode, Name: "Newcomer Works", Role: entry.RoleSignatory, Threshold: 1, Website: "https://newcomer.example/"}
	if like != nil {
		a.ID, a.Role, a.Country, a.Name, a.Website = like.ID, like.Role, like.Country, like.Name, like.Website
	}
	for _, k := range keys {
		a.Keys = append(a.Keys, k.Public)
	}
	return p.secretariat(entry.KindAdmit, &a, keys...)
}

func (p *place) status(id string) pledge.Status {
	st, _ := p.s.Status(id, p.now())
	return st
}

func (p *place) keysChange(a string, reason string, doubtful entry.ID, keys ...*generator.Key) *generator.Statement {
	b := &entry.Keys{Reason: reason, Threshold: 1, Doubtful: doubtful}
	for _, k := range keys {
		b.Keys = append(b.Keys, k.Public)
	}
	st := p.draft(a, b, entry.KindKeys, nil)
	st.Signers = append(slices.Clone(st.Signers), keys...)
	return st
}

// slotOf is a slot of an author for the period that runs, with a place for each
// disclosure.
func (p *place) slotFor(a string, period entry.SlotPeriod) *generator.Statement {
	b := &entry.Slot{Period: period.String()}
	for range entry.SlotPlaces {
		b.Digests = append(b.Digests, entry.Digest([]byte(p.salt())))
	}
	slices.Sort(b.Digests)
	return p.draft(a, b, entry.KindSlot, nil)
}

// withSlot draws a signatory that has a slot key and, if told so, has or has not
// logged the slot of the running period.
func (p *place) withSlot(has bool) (string, entry.SlotPeriod) {
	kind := p.s.Terms(p.now()).Slots
	if kind == entry.SlotsNone {
		return "", entry.SlotPeriod{}
	}
	period := entry.SlotPeriodAt(kind, p.now())
	if p.s.Terms(period.Start()).Slots != kind {
		return "", entry.SlotPeriod{}
	}
	var ids []string
	for _, a := range p.authors(entry.RoleSignatory, active) {
		if len(p.signers(a, true)) == 0 {
			continue
		}
		logged := len(p.said(a, func(st *entry.Statement) bool {
			b, ok := st.Body.(*entry.Slot)
			return ok && b.Period == period.String()
		})) > 0
		if logged == has {
			ids = append(ids, a)
		}
	}
	id, _ := anyOf(p, ids)
	return id, period
}

// asked is a request of an author's own, whose text is withheld or public.
func (p *place) asked(withheld bool) *entry.Statement {
	state := pledge.TextPublic
	if withheld {
		state = pledge.TextWithheld
	}
	var all []*entry.Statement
	for _, a := range p.authors(entry.RoleSignatory, active) {
		all = append(all, p.said(a, func(st *entry.Statement) bool {
			return st.Kind == entry.KindRequest && p.s.TextOf(st.ID, st.BodyDigest) == state
		})...)
	}
	st, _ := anyOf(p, all)
	return st
}

func (p *place) correctable() *entry.Statement {
	var all []*entry.Statement
	for _, a := range p.authors(entry.RoleSignatory, active) {
		all = append(all, p.said(a, func(st *entry.Statement) bool {
			_, done := p.s.Correction(st.ID)
			return st.Kind == entry.KindRequest && !done
		})...)
	}
	st, _ := anyOf(p, all)
	return st
}

func (p *place) erasure(entryID entry.ID, digest string) *generator.Statement {
	return p.draft(entry.AuthorOperator, &entry.Erasure{Basis: entry.BasisSafety, Date: entry.FormatTime(p.now())[:10], Digest: digest, Entry: entryID, Reference: "T-1"}, entry.KindErasure, nil)
}

func (p *place) directory(change func(b *entry.Directory)) *generator.Statement {
	root, err := pledge.DirectoryRoot(p.s.Directory())
	if err != nil {
		panic(err)
	}
	b := &entry.Directory{Root: root, Size: p.s.Size()}
	change(b)
	return p.draft(entry.AuthorOperator, b, entry.KindDirectory, nil)
}

func date(unix int64) string { return entry.FormatTime(unix)[:10] }

// ruleBreaks are about the statement itself, its author and its signatures, about
// members and terms; laterBreaks about what is said of earlier statements.
var ruleBreaks = []ruleBreak{
	// What the payload says of itself.
	{"payload: another member", payload(swap(`{"author"`, `{"aaa":1,"author"`)), "member-unknown"},
	{"payload: a member twice", payload(swap(`{"author"`, `{"author":"x","author"`)), "member-duplicate"},
	{"payload: a member left out", payload(func(b string) string {
		i := strings.Index(b, `"made"`)
		return b[:i] + b[i+len(`"made":"2025-01-01T00:00:00Z",`):]
	}), "member-missing"},
	{"payload: white space", payload(func(b string) string { return b + " " }), "not-canonical"},
	{"payload: members in another order", payload(swap(`"kind":"request","lane":"main"`, `"lane":"main","kind":"request"`)), "not-canonical"},
	{"payload: not JSON", payload(func(b string) string { return b[:len(b)-1] }), "not-json"},
	{"payload: a number with a fraction", payload(func(b string) string { i := strings.LastIndex(b, `}`); return b[:i] + `.5}` }), "number-out-of-range"},
	{"payload: null", payload(swap(`"lane":"main"`, `"lane":null`)), "not-canonical"},
	{"payload: a kind that is none", payload(swap(`"kind":"request"`, `"kind":"requests"`)), "kind-unknown"},
	{"payload: a lane that is none", payload(swap(`"lane":"main"`, `"lane":"side"`)), "lane-unknown"},
	{"payload: a request in the lane of slots", payload(swap(`"lane":"main"`, `"lane":"slot"`)), "lane-unknown"},
	{"payload: a date that is none", payload(func(b string) string { i := strings.Index(b, `"made":"`) + 8; return b[:i] + "2025-02-30" + b[i+10:] }), "time-malformed"},
	{"payload: a period that is none", edited(func(p *place, _ string, st *generator.Statement) {
		st.Statement.Body.(*entry.Request).Received = "2025-Q5"
	}), "period-malformed"},
	{"payload: a text in the tree", edited(func(_ *place, _ string, st *generator.Statement) {
		st.RawBody = []byte(`{"narrative":"Somebody came.","received":"withheld"}`)
	}), "member-unknown"},
	{"payload: a request without its text", edited(func(_ *place, _ string, st *generator.Statement) { st.Body, st.BodyDigest = nil, "" }), "member-missing"},
	{"payload: a digest that is none", edited(func(_ *place, _ string, st *generator.Statement) { st.BodyDigest = strings.Repeat("=", 43) }), "digest-malformed"},
	{"payload: author's name in capitals", payload(func(b string) string { return strings.Replace(b, `{"author":"`, `{"author":"A`, 1) }), "author-malformed"},
	{"payload: withheld, and no text", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		st := p.attestation(a, period, 0)
		st.Review = date(p.now() + 30*86400)
		return st
	}, "member-malformed"},
	{"payload: larger than its kind may be", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		st := p.attestation(a, period, 0)
		b := attested(st)
		b.Received.Outcomes = make(map[string]entry.Claim)
		for i := range 700 {
			b.Received.Outcomes[fmt.Sprintf("outcome-%032d", i)] = entry.CannotSay()
		}
		return st
	}, "leaf-too-large"},
	{"payload: counts that do not add up", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		st := p.attestation(a, period, 1)
		attested(st).Logged.Total = 2
		return st
	}, "sum-differs"},
	{"payload: a key for which anybody can sign", func(p *place) *generator.Statement {
		key := p.freshKey(entry.UseStatement)
		st := p.admission(entry.AdmitNew, nil, key)
		// A point of small order: by ZIP 215 every statement has a signature for it that
		// needs no secret.
		der, err := base64.StdEncoding.DecodeString(key.Public.SPKI)
		if err != nil {
			panic(err)
		}
		weak := append(der[:len(der)-32:len(der)-32], 1)
		weak = append(weak, make([]byte, 31)...)
		b := st.Statement.Body.(*entry.Admit)
		b.Keys[0].SPKI = base64.StdEncoding.EncodeToString(weak)
		st.Signers = st.Signers[:len(st.Signers)-1]
		st.Encode().Sign()
		st.Envelope.Sign(sha256.Sum256(weak), append([]byte{1}, make([]byte, 63)...))
		return st
	}, "key-weak"},
	// Whose it is, and its place.
	{"for another log", edited(func(_ *place, _ string, st *generator.Statement) { st.Log = "other.example/2025" }), "origin-mismatch"},
	{"by nobody", edited(func(_ *place, _ string, st *generator.Statement) {
		st.Author, st.Seq, st.Prev = "nobody", 1, entry.ID{}
	}), "author-unknown"},
	{"a second charter", func(p *place) *generator.Statement {
		c := *p.w.Terms
		st := p.draft(entry.AuthorSecretariat, &c, entry.KindCharter, p.w.Said[0].Body)
		st.Seq, st.Prev, st.Signers = 1, entry.ID{}, nil
		for _, set := range []entry.KeySet{c.Secretariat, c.Recovery, c.Operator} {
			for _, k := range set.Keys {
				parsed, _ := k.Parse()
				st.Signers = append(st.Signers, p.w.KeyOf(parsed.ID))
			}
		}
		return st
	}, "charter-misplaced"},
	{"a number left out", edited(func(_ *place, _ string, st *generator.Statement) { st.Seq += 1 + uint64(len(st.Author)) }), "seq-gap"},
	{"a number again, to block its author's next", edited(func(p *place, a string, st *generator.Statement) {
		st.Seq, st.Prev = 1, entry.ID{}
	}), "seq-taken"},
	{"after something else", edited(func(p *place, a string, st *generator.Statement) {
		other, _ := anyOf(p, p.said("", func(o *entry.Statement) bool { return o.ID != st.Prev }))
		st.Prev = other.ID
	}), "prev-mismatch"},
	{"after another author's last", func(p *place) *generator.Statement {
		a, b := p.two()
		if a == "" {
			return nil
		}
		st := p.request(a)
		_, st.Prev, _ = p.s.Head(b)
		return st
	}, "prev-mismatch"},
	{"a signatory's text under another statement", edited(func(p *place, a string, st *generator.Statement) {
		old, _ := anyOf(p, p.said(a, func(o *entry.Statement) bool { return o.BodyDigest != "" }))
		if old == nil {
			return
		}
		st.Body, st.BodyDigest = nil, old.BodyDigest
	}), "digest-reused"},
	// Signatures.
	{"signed by another company, to frame it", func(p *place) *generator.Statement {
		a, b := p.two()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Signers = p.signers(b, false)
		return st
	}, "signature-not-called-for"},
	{"signed by the operator", edited(func(p *place, _ string, st *generator.Statement) { st.Signers = p.signers(entry.AuthorOperator, false) }), "signature-not-called-for"},
	{"signed by the secretariat for a company", edited(func(p *place, _ string, st *generator.Statement) {
		st.Signers = p.signers(entry.AuthorSecretariat, false)
	}), "signature-not-called-for"},
	{"signed by a slot key", func(p *place) *generator.Statement {
		a, _ := p.withSlot(true)
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Signers = p.signers(a, true)
		return st
	}, "signature-not-called-for"},
	{"a signature too many", func(p *place) *generator.Statement {
		a, b := p.two()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Signers = append(slices.Clone(st.Signers), p.signers(b, false)...)
		return st
	}, "signature-not-called-for"},
	{"a signature over other bytes", edited(func(p *place, a string, st *generator.Statement) {
		st.Encode().Sign()
		sig := st.Envelope.Signatures[0].Sig
		other := p.request(a)
		other.Encode().Sign()
		copy(sig, other.Envelope.Signatures[0].Sig)
		if len(sig) != len(other.Envelope.Signatures[0].Sig) {
			sig[0] ^= 1
		}
	}), "signature-invalid"},
	{"a bit of a signature", edited(func(p *place, _ string, st *generator.Statement) {
		st.Encode().Sign()
		sig := st.Envelope.Signatures[p.rand.IntN(len(st.Envelope.Signatures))].Sig
		sig[p.rand.IntN(len(sig))] ^= 1 << p.rand.IntN(8)
	}), "signature-invalid"},
	{"short of the threshold", func(p *place) *generator.Statement {
		id, _ := anyOf(p, p.authors(entry.RoleSignatory, func(st pledge.Status) bool { return active(st) && st.Keys.Threshold > 1 }))
		if id == "" {
			return nil
		}
		st := p.request(id)
		st.Signers = st.Signers[1:]
		return st
	}, "signatures-too-few"},
	// Who may do what.
	{"a challenger files a request", func(p *place) *generator.Statement {
		id, _ := anyOf(p, p.authors(entry.RoleChallenger, active))
		if id == "" {
			return nil
		}
		return p.request(id)
	}, "kind-not-allowed"},
	{"a signatory admits", func(p *place) *generator.Statement {
		a := p.signatory()
		key := p.freshKey(entry.UseStatement)
		st := p.admission(entry.AdmitNew, nil, key)
		st.Author = a
		st.Seq, st.Prev, _ = p.s.Head(a)
		st.Seq++
		st.Signers = append(p.signers(a, false), key)
		return st
	}, "kind-not-allowed"},
	{"the secretariat erases", func(p *place) *generator.Statement {
		old := p.asked(false)
		if old == nil {
			return nil
		}
		e := p.erasure(old.ID, old.BodyDigest)
		return p.secretariat(entry.KindErasure, e.Statement.Body)
	}, "kind-not-allowed"},
	{"the operator speaks for nobody's log", func(p *place) *generator.Statement {
		return p.draft(entry.AuthorOperator, &entry.Standing{Reason: "other", Standing: entry.StandingRemoved, Who: p.signatory()}, entry.KindStanding, nil)
	}, "kind-not-allowed"},
	{"who has left files a request", func(p *place) *generator.Statement {
		id, _ := anyOf(p, p.authors(entry.RoleSignatory, func(st pledge.Status) bool {
			return (st.Standing == pledge.Withdrawn || st.Standing == entry.StandingRemoved || st.Standing == pledge.Succeeded) && st.KeysWaiting == nil && st.KeysChanged == nil
		}))
		if id == "" {
			return nil
		}
		return p.request(id)
	}, "standing-ended"},
	{"a request before the pledge", func(p *place) *generator.Statement {
		key := p.freshKey(entry.UseStatement)
		ad := p.admission(entry.AdmitNew, nil, key)
		p.before = []*generator.Entry{p.logged(ad)}
		id := ad.Statement.Body.(*entry.Admit).ID
		st := p.request(id)
		st.Seq, st.Prev, st.Signers = 1, entry.ID{}, []*generator.Key{key}
		return st
	}, "pledge-first"},
	// Membership.
	{"an admission over a member", func(p *place) *generator.Statement {
		return p.admission(entry.AdmitNew, p.status(p.signatory()).Admit, p.freshKey(entry.UseStatement))
	}, "author-taken"},
	{"an admission with a member's key", func(p *place) *generator.Statement {
		return p.admission(entry.AdmitNew, nil, p.signers(p.signatory(), false)[0])
	}, "key-taken"},
	{"an admission short of the secretariat's threshold", func(p *place) *generator.Statement {
		st := p.admission(entry.AdmitNew, nil, p.freshKey(entry.UseStatement))
		st.Signers = st.Signers[1:]
		return st
	}, "signatures-too-few"},
	{"an admission without the newcomer's word", func(p *place) *generator.Statement {
		st := p.admission(entry.AdmitNew, nil, p.freshKey(entry.UseStatement))
		st.Signers = st.Signers[:len(st.Signers)-1]
		return st
	}, "signatures-too-few"},
	{"a rekey that steals a voice at once", func(p *place) *generator.Statement {
		a := p.signatory()
		key := p.freshKey(entry.UseStatement)
		p.before = []*generator.Entry{p.logged(p.admission(entry.AdmitRekey, p.status(a).Admit, key))}
		st := p.request(a)
		st.Signers = []*generator.Key{key}
		return st
	}, "signature-not-called-for"},
	{"keys of last resort confirmed by others of last resort", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		first, k1 := p.rekeyed(a)
		p.say(first)
		p.wait(15 * aDay)
		second, _ := p.rekeyed(a)
		p.say(second)
		p.wait(15 * aDay)
		st := p.keysChange(a, entry.KeysRotation, entry.ID{}, p.freshKey(entry.UseStatement))
		st.Signers = append(st.Signers, k1)
		return st
	}, "signature-not-called-for"},
	{"a rekey of nobody", func(p *place) *generator.Statement {
		return p.admission(entry.AdmitRekey, nil, p.freshKey(entry.UseStatement))
	}, "author-unknown"},
	{"a rekey into another role", func(p *place) *generator.Statement {
		like := *p.status(p.signatory()).Admit
		like.Role = entry.RoleChallenger
		return p.admission(entry.AdmitRekey, &like, p.freshKey(entry.UseStatement))
	}, "role-differs"},
	{"a readmission of a member", func(p *place) *generator.Statement {
		return p.admission(entry.AdmitReadmit, p.status(p.signatory()).Admit, p.freshKey(entry.UseStatement))
	}, "standing-conflict"},
	{"reinstated for nothing", func(p *place) *generator.Statement {
		id, _ := anyOf(p, p.authors(entry.RoleSignatory, func(st pledge.Status) bool { return st.Standing == pledge.InStanding }))
		return p.secretariat(entry.KindStanding, &entry.Standing{Reason: "other", Standing: entry.StandingReinstated, Who: id})
	}, "standing-conflict"},
	{"standing of nobody", func(p *place) *generator.Statement {
		return p.secretariat(entry.KindStanding, &entry.Standing{Reason: "other", Standing: entry.StandingSuspended, Who: "nobody"})
	}, "author-unknown"},
	{"standing of the operator", func(p *place) *generator.Statement {
		return p.secretariat(entry.KindStanding, &entry.Standing{Reason: "other", Standing: entry.StandingSuspended, Who: entry.AuthorOperator})
	}, "author-unknown"},
	{"succeeded by a challenger", func(p *place) *generator.Statement {
		c, _ := anyOf(p, p.authors(entry.RoleChallenger, nil))
		return p.secretariat(entry.KindSucceed, &entry.Succeed{From: p.signatory(), To: c})
	}, "author-unknown"},
	{"succeeded after it had left", func(p *place) *generator.Statement {
		p.begin()
		to, from := p.newcomer(nil), p.newcomer(nil)
		p.say(p.draft(from, &entry.Withdraw{}, entry.KindWithdraw, nil))
		return p.secretariat(entry.KindSucceed, &entry.Succeed{From: from, To: to})
	}, "standing-conflict"},
	{"keys without the old ones", func(p *place) *generator.Statement {
		key := p.freshKey(entry.UseStatement)
		st := p.keysChange(p.signatory(), entry.KeysRotation, entry.ID{}, key)
		st.Signers = []*generator.Key{key}
		return st
	}, "signatures-too-few"},
	{"keys without the new one's word", func(p *place) *generator.Statement {
		st := p.keysChange(p.signatory(), entry.KeysRotation, entry.ID{}, p.freshKey(entry.UseStatement))
		st.Signers = st.Signers[:len(st.Signers)-1]
		return st
	}, "signatures-too-few"},
	{"keys of another company", func(p *place) *generator.Statement {
		a, b := p.two()
		if a == "" {
			return nil
		}
		return p.keysChange(a, entry.KeysRotation, entry.ID{}, p.signers(b, false)[0])
	}, "key-taken"},
	{"another's entry called doubtful", func(p *place) *generator.Statement {
		a, b := p.two()
		if a == "" {
			return nil
		}
		other, _ := anyOf(p, p.said(b, func(*entry.Statement) bool { return true }))
		return p.keysChange(a, entry.KeysCompromise, other.ID, p.freshKey(entry.UseStatement))
	}, "reference-unknown"},
	// Terms.
	{"an amend that looks back", func(p *place) *generator.Statement {
		return p.secretariat(entry.KindAmend, &entry.Amend{From: entry.FormatTime(p.now() - 1), GraceDays: 300})
	}, "amend-from"},
	{"an amend of terms by recovery", func(p *place) *generator.Statement {
		st := p.secretariat(entry.KindAmend, &entry.Amend{From: entry.FormatTime(p.now() + 86400), GraceDays: 300})
		in, _ := p.s.KeysOf(entry.AuthorSecretariat, p.now())
		st.Signers = p.private(in.Recovery, false)
		return st
	}, "signature-not-called-for"},
	{"a recovery key made the secretariat's", func(p *place) *generator.Statement {
		in, _ := p.s.KeysOf(entry.AuthorSecretariat, p.now())
		set := in.Recovery
		st := p.secretariat(entry.KindAmend, &entry.Amend{Secretariat: &set})
		for _, k := range set.Keys {
			parsed, _ := k.Parse()
			st.Signers = append(st.Signers, p.w.KeyOf(parsed.ID))
		}
		return st
	}, "key-taken"},
	{"half-years from the middle of one", func(p *place) *generator.Statement {
		end := entry.PeriodAt(entry.HalfYear, p.now()).End()
		return p.secretariat(entry.KindAmend, &entry.Amend{From: entry.FormatTime(end + 86400), Attestation: entry.HalfYear})
	}, "amend-from"},
	{"after the end of the log", func(p *place) *generator.Statement {
		p.before = []*generator.Entry{p.logged(p.secretariat(entry.KindAmend, &entry.Amend{From: entry.FormatTime(p.now()), Ends: &entry.End{}}))}
		a := p.signatory()
		if a == "" {
			return nil
		}
		return p.request(a)
	}, "log-ended"},
	{"a key of the log that is a member's", func(p *place) *generator.Statement {
		p.begin()
		signer, err := log.NewSigner(p.w.Options.Origin, p.signers(p.newcomer(nil), false)[0].Private().Seed())
		if err != nil {
			panic(err)
		}
		return p.secretariat(entry.KindAmend, &entry.Amend{LogKeys: []string{signer.Key().String()}})
	}, "key-taken"},
}

// alike is another digest with the same first half.
func alike(digest string) string {
	b, err := base64.RawURLEncoding.DecodeString(digest)
	if err != nil {
		panic(err)
	}
	b[len(b)-1] ^= 1
	return base64.RawURLEncoding.EncodeToString(b)
}

// challenge is one with a case.
func (p *place) challenge(by string, b *entry.Challenge) *generator.Statement {
	raw := fmt.Sprintf(`{"author":%q,"kind":"challenge","log":%q,"narrative":{"en":"Please explain."},"salt":%q}`, by, p.w.Options.Origin, p.salt())
	return p.draft(by, b, entry.KindChallenge, []byte(raw))
}
