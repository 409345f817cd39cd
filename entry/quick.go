package entry

import (
	"bytes"
	"strings"
)

// quickStatement reads a payload of a kind that logs have many of into s, all but
// its id. It reports false for all others, and for whatever is not in order.
func quickStatement(b []byte, s *Statement) bool {
	// The kind stands behind the body that depends on it. No body has a member of
	// that name, and in no text stands a bare quotation mark.
	const mark = `,"kind":"`
	const behind = 512 // is mostly enough for the members from kind on
	name := b[max(0, len(b)-behind):]
	at := bytes.Index(name, []byte(mark))
	if at < 0 {
		name = b
		if at = bytes.Index(name, []byte(mark)); at < 0 {
			return false
		}
	}
	name = name[at+len(mark):]
	end := bytes.IndexByte(name, '"')
	if end < 0 {
		return false
	}
	s.Kind = knownKind(name[:end])
	s.Lane = LaneOf(s.Kind)
	r := reader{b: b}
	r.open()
	r.needPlain("author", &s.Author)
	r.need("body")
	r.open()
	s.Body = r.treeBody(s.Kind)
	r.close()
	r.optPlain("bodyDigest", &s.BodyDigest)
	r.need("kind")
	r.known(string(s.Kind))
	r.need("lane")
	r.known(s.Lane)
	r.needPlain("log", &s.Log)
	r.need("made")
	s.Made = r.time()
	r.optID("prev", &s.Prev)
	r.need("seq")
	s.Seq = r.number()
	if r.has("withheld") {
		r.open()
		r.needPlain("review", &s.Review)
		r.close()
	}
	r.close()
	if r.done() && s.Seq > 0 {
		return true
	}
	*s = Statement{}
	return false
}

// treeBody reads a tree body; it fails for kinds of which logs have few.
func (r *reader) treeBody(kind Kind) TreeBody {
	// The methods are called on their own types, so that the reader need not be
	// on the heap.
	switch kind {
	case KindRequest:
		b := new(Request)
		b.read(r)
		return b
	case KindDecision:
		b := new(Decision)
		b.read(r)
		return b
	case KindAttestation:
		b := new(Attestation)
		b.read(r)
		return b
	case KindSlot:
		b := new(Slot)
		b.read(r)
		return b
	case KindOpen:
		b := new(Open)
		b.read(r)
		return b
	case KindCorrect:
		b := new(Correct)
		b.read(r)
		return b
	case KindChallenge:
		b := new(Challenge)
		b.read(r)
		return b
	case KindReply:
		b := new(Reply)
		b.read(r)
		return b
	}
	r.failed = true
	return nil
}

// knownKind returns the kind of that name without a copy of it; "" if there is
// none.
func knownKind(name []byte) Kind {
	for _, k := range Kinds {
		if string(k) == string(name) {
			return k
		}
	}
	return ""
}

func (b *Request) read(r *reader) {
	r.optPlain("disclosure", &b.Disclosure)
	r.needPlain("received", &b.Received)
	r.optID("slot", &b.Slot)
}

func (b *Decision) read(r *reader) {
	r.optPlain("date", &b.Date)
	r.optCodes("grounds", &b.Grounds)
	r.optPlain("outcome", &b.Outcome)
	r.needID("request", &b.Request)
	r.optPlain("scope", &b.Scope)
}

func (b *Attestation) read(r *reader) {
	r.optCodes("clauses", &b.Clauses)
	r.needPlain("covers", &b.Covers)
	r.optPlain("lateReason", &b.LateReason)
	r.need("logged")
	r.open()
	if r.has("outcomes") {
		b.Logged.Outcomes = make(map[string]uint64)
		r.names(func(name string) { b.Logged.Outcomes[name] = r.number() })
	}
	r.need("total")
	b.Logged.Total = r.number()
	r.close()
	r.need("period")
	var err error
	if b.Period, err = ParsePeriod(r.plain()); err != nil {
		r.failed = true
	}
	r.need("received")
	r.open()
	if r.has("outcomes") {
		b.Received.Outcomes = make(map[string]Claim)
		r.names(func(name string) { b.Received.Outcomes[name] = r.claim() })
	}
	r.need("total")
	b.Received.Total = r.claim()
	r.close()
}

func (r *reader) claim() Claim {
	switch {
	case r.peek('"'):
		r.known(cannotSay)
		return CannotSay()
	case r.peek('{'):
		r.open()
		r.need("max")
		most := r.number()
		r.need("min")
		least := r.number()
		r.close()
		if least >= most {
			r.failed = true
		}
		return Between(least, most)
	}
	return Exactly(r.number())
}

func (b *Slot) read(r *reader) {
	r.optDigests("digests", &b.Digests)
	r.needPlain("period", &b.Period)
}

func (b *Open) read(r *reader) {
	r.optDigests("digests", &b.Digests)
	r.needID("entry", &b.Entry)
	r.optPlain("review", &b.Review)
	r.needPlain("why", &b.Why)
}

func (b *Correct) read(r *reader) {
	r.optID("by", &b.By)
	r.needID("entry", &b.Entry)
	r.needPlain("how", &b.How)
}

func (b *Challenge) read(r *reader) {
	r.needPlain("against", &b.Against)
	r.optID("entry", &b.Entry)
	r.optPlain("finding", &b.Finding)
	r.optPlain("period", &b.Period)
}

func (b *Reply) read(r *reader) {
	r.needPlain("answer", &b.Answer)
	r.optID("challenge", &b.Challenge)
	r.optID("entry", &b.Entry)
	r.optPlain("finding", &b.Finding)
	r.optPlain("period", &b.Period)
}

// quickDetached reads a detached body of a kind that logs have many of. It returns
// nil as quickStatement does false.
func quickDetached(kind Kind, raw []byte) Detached {
	// Most of a body is text, so that its texts share one copy. Seals are kept when the
	// rest is not.
	r := reader{b: raw, all: string(raw), sealable: true}
	r.open()
	var d Detached
	switch kind {
	case KindRequest:
		b := new(RequestBody)
		b.read(&r)
		d = b
	case KindDecision:
		b := new(DecisionBody)
		b.read(&r)
		d = b
	case KindAttestation:
		b := new(AttestationBody)
		b.read(&r)
		d = b
	case KindReply:
		b := new(ReplyBody)
		b.read(&r)
		d = b
	}
	r.close()
	if d == nil || !r.done() || checkSeals(r.seals) != nil {
		return nil
	}
	for i, s := range r.seals {
		r.seals[i] = Seal{Member: s.Member, Digest: strings.Clone(s.Digest), Reason: strings.Clone(s.Reason), Law: strings.Clone(s.Law), Review: strings.Clone(s.Review)}
	}
	d.setSeals(r.seals)
	return d
}

func (r *reader) needKind(to *Kind) {
	r.need("kind")
	*to = Kind(r.plain())
}

func (b *RequestBody) read(r *reader) {
	r.optText("agency", &b.Agency)
	r.optCodes("assist", &b.Assist)
	r.needPlain("author", &b.Author)
	r.optPlain("authority", &b.Authority)
	r.optPlain("compulsion", &b.Compulsion)
	r.optPlain("corroboration", &b.Corroboration)
	r.needPlainOrSeal("country", &b.Country)
	r.optDocuments("documents", &b.Documents)
	r.optPlain("gag", &b.Gag)
	r.optPlain("gagReview", &b.GagReview)
	r.optPlain("instrument", &b.Instrument)
	r.needKind(&b.Kind)
	r.needPlain("log", &b.Log)
	r.optTexts("narrative", &b.Narrative)
	r.optTexts("other", &b.Other)
	r.optCodes("products", &b.Products)
	r.needPlainOrSeal("received", &b.Received)
	r.needPlain("salt", &b.Salt)
	r.optText("statute", &b.Statute)
	r.optCodes("targets", &b.Targets)
}

func (b *DecisionBody) read(r *reader) {
	r.needPlain("author", &b.Author)
	r.optText("court", &b.Court)
	r.optPlain("date", &b.Date)
	r.optDocuments("documents", &b.Documents)
	r.optCodes("grounds", &b.Grounds)
	r.needKind(&b.Kind)
	r.needPlain("log", &b.Log)
	r.optTexts("narrative", &b.Narrative)
	r.optPlain("outcome", &b.Outcome)
	r.needPlain("salt", &b.Salt)
	r.optPlain("scope", &b.Scope)
}

func (b *AttestationBody) read(r *reader) {
	r.needPlain("author", &b.Author)
	r.needKind(&b.Kind)
	r.needPlain("log", &b.Log)
	r.optTexts("narrative", &b.Narrative)
	r.needPlain("salt", &b.Salt)
}

func (b *ReplyBody) read(r *reader) {
	r.needPlain("author", &b.Author)
	r.optDocuments("documents", &b.Documents)
	r.needKind(&b.Kind)
	r.needPlain("log", &b.Log)
	r.optTexts("narrative", &b.Narrative)
	r.needPlain("salt", &b.Salt)
}
