package intake

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"filippo.io/edwards25519"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// A draft is what is submitted, in its bytes: anything may be wrong with them.
type draft struct {
	name        string
	st          *generator.Statement // for the books
	envelope    []byte
	body        []byte
	disclosures []string
	more        string       // further members of the submission
	differs     []entry.Code // differences of the table that may be there

	index  uint64
	booked bool
}

func (x *draft) String() string { return x.name }

// id is the entry id; zero when the envelope is none.
func (x *draft) id() entry.ID {
	env, err := entry.ParseEnvelope(x.envelope)
	if err != nil {
		return entry.ID{}
	}
	return env.ID()
}

func (x *draft) submission() []byte {
	b := fmt.Appendf(nil, `{"statement":%s`, x.envelope)
	if x.body != nil {
		b = fmt.Appendf(b, `,"body":%s`, x.body)
	}
	if x.disclosures != nil {
		list, err := json.Marshal(x.disclosures)
		if err != nil {
			panic(err)
		}
		b = fmt.Appendf(b, `,"disclosures":%s`, list)
	}
	return append(append(b, x.more...), '}')
}

// A way is one in which a statement is wrong, or not. Before the statement is encoded
// it may change what the statement says, after that its bytes. It returns false when it
// is not one for that statement.
type way struct {
	name    string
	before  func(l *lawyer, st *generator.Statement) bool
	after   func(l *lawyer, x *draft) bool
	differs []entry.Code
}

func (l *lawyer) draft(k kind, w way) *draft {
	st := k.draft(l)
	if st == nil {
		return nil
	}
	if w.before != nil && !w.before(l, st) {
		return nil
	}
	sub := st.Submission()
	x := &draft{name: k.name + ", " + w.name, st: st, envelope: st.Envelope.Marshal(), body: sub.Body, differs: w.differs}
	for _, d := range sub.Disclosures {
		x.disclosures = append(x.disclosures, d.Text())
	}
	if st.Kind == entry.KindOpen {
		// What it opens may have been erased, or is not what it should be: then nobody
		// is to be served it.
		x.differs = append(slices.Clone(x.differs), CodeTextErased)
		switch k.name {
		case "open what is no body":
			x.differs = append(x.differs, entry.CodeMemberMissing, entry.CodeBodyElsewhere)
		case "open what does not fit":
			x.differs = append(x.differs, entry.CodeDisclosureDiffers)
		}
	}
	if w.after != nil && !w.after(l, x) {
		return nil
	}
	return x
}

// sign signs the payload anew, as it is now.
func (x *draft) sign(keys ...*generator.Key) {
	x.st.SignWith(keys...)
	x.envelope = x.st.Envelope.Marshal()
}

// edit changes the payload, and signs it.
func (x *draft) edit(change func(m map[string]any)) {
	x.replace(func(b []byte) []byte { return generator.Edit(b, change) })
}

func (x *draft) replace(change func([]byte) []byte) {
	signers := x.st.Signers
	x.st.SetPayload(change(bytes.Clone(x.st.Payload)))
	x.sign(signers...)
}

// rewrite puts another body in place, and its digest into the statement.
func (x *draft) rewrite(change func([]byte) []byte) bool {
	if x.body == nil || x.st.BodyDigest == "" {
		return false
	}
	x.body = change(bytes.Clone(x.body))
	was := x.st.BodyDigest
	x.st.Body, x.st.BodyDigest = x.body, entry.Digest(x.body)
	x.replace(func(b []byte) []byte { return bytes.Replace(b, []byte(was), []byte(x.st.BodyDigest), 1) })
	return true
}

func saying(name string, do func(l *lawyer, st *generator.Statement) bool, differs ...entry.Code) way {
	return way{name: name, before: do, differs: differs}
}

func bytewise(name string, do func(l *lawyer, x *draft) bool, differs ...entry.Code) way {
	return way{name: name, after: do, differs: differs}
}

// ofBody changes the detached body, whose digest follows.
func ofBody(name string, change func(l *lawyer, m map[string]any), differs ...entry.Code) way {
	return bytewise(name, func(l *lawyer, x *draft) bool {
		return x.rewrite(func(b []byte) []byte { return generator.Edit(b, func(m map[string]any) { change(l, m) }) })
	}, differs...)
}

// ofRequest does so with the body of a request.
func ofRequest(name string, change func(l *lawyer, m map[string]any), differs ...entry.Code) way {
	return bytewise(name, func(l *lawyer, x *draft) bool {
		return x.st.Kind == entry.KindRequest && x.rewrite(func(b []byte) []byte { return generator.Edit(b, func(m map[string]any) { change(l, m) }) })
	}, differs...)
}

// ofEnvelope replaces a part of the envelope's bytes.
func ofEnvelope(name, old, new string) way {
	return bytewise(name, func(_ *lawyer, x *draft) bool {
		was := x.envelope
		x.envelope = bytes.Replace(x.envelope, []byte(old), []byte(new), 1)
		return !bytes.Equal(was, x.envelope)
	})
}

// ofPayload replaces a part of the payload's bytes, and signs them.
func ofPayload(name, old, new string) way {
	return bytewise(name, func(_ *lawyer, x *draft) bool {
		was := x.st.Payload
		x.replace(func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) })
		return !bytes.Equal(was, x.st.Payload)
	})
}

// member draws one member of a tree body.
func member(l *lawyer, m map[string]any) (body map[string]any, name string) {
	body, _ = m["body"].(map[string]any)
	names := slices.Sorted(maps.Keys(body))
	if len(names) == 0 {
		return map[string]any{}, "x"
	}
	return body, choose(l, "member", names)
}

var ways = []way{
	// Whose it is, and where it stands.
	saying("seq too high", func(_ *lawyer, st *generator.Statement) bool {
		st.Seq, st.Prev = st.Seq+1, entry.ID{1}
		return true
	}),
	saying("seq 1", func(_ *lawyer, st *generator.Statement) bool { st.Seq, st.Prev = 1, entry.ID{}; return true }),
	saying("another prev", func(_ *lawyer, st *generator.Statement) bool { st.Prev[7] ^= 1; return true }),
	saying("another log", func(_ *lawyer, st *generator.Statement) bool { st.Log = "log.other.example/1"; return true }),
	saying("an unknown author", func(_ *lawyer, st *generator.Statement) bool { st.Author = "nobody-here"; return true }),
	saying("another's place", func(l *lawyer, st *generator.Statement) bool {
		other := l.someone()
		st.Author, st.Seq, st.Prev = other.ID, other.Seq+1, other.Head
		return true
	}),
	saying("the secretariat's", func(l *lawyer, st *generator.Statement) bool {
		s := l.World.Secretariat
		st.Author, st.Seq, st.Prev, st.Signers = s.ID, s.Seq+1, s.Head, s.Signers()
		return true
	}),
	saying("another lane", func(_ *lawyer, st *generator.Statement) bool { st.Lane = "side"; return true }),
	saying("another kind", func(l *lawyer, st *generator.Statement) bool {
		st.Kind = choose(l, "kind", entry.Kinds)
		return true
	}),
	saying("a review of today", func(l *lawyer, st *generator.Statement) bool {
		st.Review = day(l.World.Now())
		return entry.MayWithhold(st.Kind) && st.Detached != nil
	}),
	saying("a review too far", func(l *lawyer, st *generator.Statement) bool {
		st.Review = day(l.World.Now() + 731*86400)
		return entry.MayWithhold(st.Kind) && st.Detached != nil
	}),

	// Times and dates that only a server minds.
	saying("made 600 s ahead", func(l *lawyer, st *generator.Statement) bool { st.Made = l.World.Now() + 600; return true }),
	saying("made 601 s ahead", func(l *lawyer, st *generator.Statement) bool { st.Made = l.World.Now() + 601; return true }, CodeMadeAhead),
	saying("made before", func(l *lawyer, st *generator.Statement) bool {
		last := l.state.LastMade(st.Author, st.Lane)
		st.Made = last - 1
		return last > 0
	}, CodeMadeDecreases),
	saying("dated the day after tomorrow", func(l *lawyer, st *generator.Statement) bool {
		at := day(l.World.Now() + 2*86400)
		switch b := st.Statement.Body.(type) {
		case *entry.Decision:
			b.Date = at
		case *entry.Erasure:
			b.Date = at
		default:
			return false
		}
		return true
	}, CodeDateAhead),
	saying("received in the next quarter", func(l *lawyer, st *generator.Statement) bool {
		b, ok := st.Statement.Body.(*entry.Request)
		body, plain := st.Detached.(*entry.RequestBody)
		if !ok || !plain || st.Body != nil {
			return false
		}
		next := entry.PeriodAt(entry.Quarter, l.World.Now()).Next()
		b.Received, body.Received = next.String(), day(next.Start())
		return true
	}, CodeReceivedAhead),

	// What the tree says.
	bytewise("a member left out", func(l *lawyer, x *draft) bool {
		x.edit(func(m map[string]any) { body, name := member(l, m); delete(body, name) })
		return true
	}),
	bytewise("a member too many", func(_ *lawyer, x *draft) bool {
		x.edit(func(m map[string]any) { m["body"].(map[string]any)["colour"] = "red" })
		return true
	}),
	bytewise("a member of another form", func(l *lawyer, x *draft) bool {
		x.edit(func(m map[string]any) {
			body, name := member(l, m)
			body[name] = choose(l, "value", []any{7, "Not so!", []any{}, map[string]any{}, true, "x", "2025-13-01", []any{"b", "a"}})
		})
		return true
	}, entry.CodeVocabulary, CodeDateAhead),
	bytewise("a member of the statement left out", func(l *lawyer, x *draft) bool {
		x.edit(func(m map[string]any) { delete(m, choose(l, "member", slices.Sorted(maps.Keys(m)))) })
		return true
	}, entry.CodeBodyNotWanted, entry.CodeBodyMissing),
	bytewise("another reference", func(l *lawyer, x *draft) bool {
		found := false
		x.edit(func(m map[string]any) {
			body, _ := m["body"].(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(body)) {
				if s, ok := body[name].(string); ok && len(s) == 64 {
					body[name], found = choose(l, "statement", l.own).ID.String(), true
				}
			}
		})
		return found
	}, CodeTextErased, entry.CodeBodyDigest, entry.CodeDisclosure, entry.CodeDisclosureMismatch, entry.CodeBodyElsewhere, entry.CodeBodyMissing, entry.CodeBodyNotWanted),
	bytewise("a code that nobody knows", func(l *lawyer, x *draft) bool {
		found := false
		x.edit(func(m map[string]any) {
			body := m["body"].(map[string]any)
			for name, value := range map[string]any{"outcome": "laughed-at", "why": "whim", "scope": "sideways", "reason": "whim", "country": "ZZ", "lateReason": "weather", "carveOuts": []any{"zz-law"}} {
				if _, has := body[name]; has && !(name == "reason" && x.st.Kind == entry.KindKeys) {
					body[name], found = value, true
				}
			}
		})
		return found
	}, entry.CodeVocabulary),
	ofPayload("white space", `"kind":`, `"kind": `),
	ofPayload("a member twice", `"kind":`, `"kind":"request","kind":`),
	ofPayload("null", `"kind":`, `"gone":null,"kind":`),
	ofPayload("seq of 2^53", `,"seq":`, `,"seq":9007199254740992,"seq2":`),
	ofPayload("too deep", `"kind":`, `"deep":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]],"kind":`),
	ofPayload("made without a zone", `Z","`, `","`),
	ofPayload("a digest of another form", `"bodyDigest":"`, `"bodyDigest":"=`),
	bytewise("cut short", func(_ *lawyer, x *draft) bool {
		x.replace(func(b []byte) []byte { return b[:len(b)-1] })
		return true
	}),
	bytewise("an empty payload", func(_ *lawyer, x *draft) bool {
		x.replace(func([]byte) []byte { return nil })
		return true
	}),
	bytewise("very large", func(_ *lawyer, x *draft) bool {
		x.edit(func(m map[string]any) { m["log"] = strings.Repeat("x", 40000) })
		return true
	}, entry.CodeLeafTooLarge),

	// The envelope.
	ofEnvelope("white space in the envelope", `,"payload":`, `, "payload":`),
	ofEnvelope("another payload type", `statement.v1+json`, `statement.v2+json`),
	ofEnvelope("base64 of URLs", `"payload":"eyJ`, `"payload":"ey_`),
	ofEnvelope("a line break in base64", `"payload":"`, `"payload":"\n`),
	ofEnvelope("a member twice in the envelope", `,"payload":`, `,"payload":"e30=","payload":`),
	ofEnvelope("a keyid of upper case", `"keyid":"`, `"keyid":"A`),
	ofEnvelope("an empty signature", `"sig":"`, `"sig":"","was":"`),
	bytewise("no signature", func(_ *lawyer, x *draft) bool {
		i := bytes.Index(x.envelope, []byte(`"signatures":[`))
		x.envelope = append(x.envelope[:i:i], `"signatures":[]}`...)
		return true
	}),
	bytewise("signatures not sorted", func(_ *lawyer, x *draft) bool {
		if len(x.st.Envelope.Signatures) < 2 {
			return false
		}
		env := *x.st.Envelope
		env.Signatures = slices.Clone(env.Signatures)
		slices.Reverse(env.Signatures)
		x.envelope = env.Marshal()
		return true
	}),

	// Who signs.
	bytewise("a signature that fails", func(l *lawyer, x *draft) bool {
		sigs := x.st.Envelope.Signatures
		s := &sigs[l.pick("signature", len(sigs))]
		s.Sig = bytes.Clone(s.Sig)
		s.Sig[l.pick("byte", len(s.Sig))] ^= 1
		x.envelope = x.st.Envelope.Marshal()
		return true
	}),
	bytewise("a signature cut short", func(_ *lawyer, x *draft) bool {
		s := &x.st.Envelope.Signatures[0]
		s.Sig = s.Sig[:len(s.Sig)-1]
		x.envelope = x.st.Envelope.Marshal()
		return true
	}),
	bytewise("a signature less", func(_ *lawyer, x *draft) bool {
		env := x.st.Envelope
		env.Signatures = env.Signatures[1:]
		x.envelope = env.Marshal()
		return len(env.Signatures) > 0
	}),
	bytewise("a signature too many", func(l *lawyer, x *draft) bool {
		keys := slices.Concat(x.st.Signers, l.someone().Signers(), l.challenger.Signers())
		slices.SortFunc(keys, func(a, b *generator.Key) int { return bytes.Compare(a.ID[:], b.ID[:]) })
		x.st.SetPayload(x.st.Payload)
		x.sign(slices.Compact(keys)...)
		return true
	}),
	bytewise("signed by another", func(l *lawyer, x *draft) bool {
		x.st.SetPayload(x.st.Payload)
		x.sign(l.challenger.Signers()...)
		return true
	}),
	bytewise("signed by a stranger", func(l *lawyer, x *draft) bool {
		x.st.SetPayload(x.st.Payload)
		x.sign(l.NewKey("stranger" + l.Salt()))
		return true
	}),
	bytewise("R of small order", func(_ *lawyer, x *draft) bool {
		for i, s := range x.st.Envelope.Signatures {
			for _, k := range x.st.Signers {
				if _, ok := k.Signer().(ed25519.PrivateKey); ok && k.ID == s.KeyID {
					x.st.Envelope.Signatures[i].Sig = smallR(k.Private(), x.st.Envelope.PAE())
					x.envelope = x.st.Envelope.Marshal()
					return true
				}
			}
		}
		return false
	}, entry.CodeSignatureNotStrict),

	// Texts.
	bytewise("no texts", func(_ *lawyer, x *draft) bool {
		had := x.body != nil || x.disclosures != nil
		x.body, x.disclosures = nil, nil
		return had
	}, entry.CodeBodyMissing),
	bytewise("another body", func(_ *lawyer, x *draft) bool {
		if x.body == nil {
			return false
		}
		x.body = generator.Edit(x.body, func(m map[string]any) { m["salt"] = "AAAAAAAAAAAAAAAAAAAAAA" })
		return true
	}, entry.CodeBodyDigest),
	bytewise("a body that is not wanted", func(_ *lawyer, x *draft) bool {
		if x.body != nil || x.st.Kind == entry.KindOpen {
			return false
		}
		x.body = []byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAA"}`)
		if x.st.Body != nil {
			x.body = x.st.Body // it was withheld
		}
		return true
	}, entry.CodeBodyNotWanted, entry.CodeBodyDigest),
	ofBody("another's body", func(_ *lawyer, m map[string]any) { m["author"] = "somebody-else" }, entry.CodeBodyElsewhere),
	ofBody("a short salt", func(_ *lawyer, m map[string]any) { m["salt"] = "c2FsdA" }, entry.CodeSaltShort),
	ofBody("a member too many in the body", func(_ *lawyer, m map[string]any) { m["zeal"] = "x" }, entry.CodeMemberUnknown),
	ofBody("a fraction in the body", func(_ *lawyer, m map[string]any) { m["salt"] = 1.5 }, entry.CodeNumberRange),
	ofBody("too deep a body", func(_ *lawyer, m map[string]any) {
		var deep any = "x"
		for range 17 {
			deep = []any{deep}
		}
		m["zeal"] = deep
	}, entry.CodeTooDeep),
	ofBody("a number in the body", func(_ *lawyer, m map[string]any) { m["salt"] = 7 }, entry.CodeMemberMalformed),
	ofBody("words for nobody", func(_ *lawyer, m map[string]any) { m["narrative"] = map[string]any{"english": "x"} }, entry.CodeMemberMalformed, entry.CodeMemberUnknown),
	ofBody("a very large body", func(_ *lawyer, m map[string]any) {
		words := map[string]any{}
		for _, lang := range []string{"de", "en", "fr", "it", "ja", "ko"} {
			words[lang] = strings.Repeat("x", 49000)
		}
		m["narrative"] = words
	}, entry.CodeBodyTooLarge),
	bytewise("white space in the body", func(_ *lawyer, x *draft) bool {
		return x.rewrite(func(b []byte) []byte { return bytes.Replace(b, []byte(`"salt":`), []byte(`"salt": `), 1) })
	}, entry.CodeNotCanonical),
	bytewise("a member twice in the body", func(_ *lawyer, x *draft) bool {
		return x.rewrite(func(b []byte) []byte { return bytes.Replace(b, []byte(`"salt":`), []byte(`"salt":"x","salt":`), 1) })
	}, entry.CodeMemberDuplicate),
	bytewise("a body cut short", func(_ *lawyer, x *draft) bool {
		return x.rewrite(func(b []byte) []byte { return b[:len(b)-2] })
	}, entry.CodeNotJSON),
	ofRequest("assist is missing", func(_ *lawyer, m map[string]any) { delete(m, "assist"); delete(m, "other") }, entry.CodeMemberMissing),
	ofRequest("assist in prose", func(_ *lawyer, m map[string]any) { m["assist"] = []any{"Everything!"}; delete(m, "other") }, entry.CodeCodeMalformed),
	ofRequest("gagReview is no date", func(_ *lawyer, m map[string]any) { m["gagReview"] = "soon" }, entry.CodeDateMalformed),
	ofRequest("a document without digest", func(_ *lawyer, m map[string]any) {
		m["documents"] = []any{map[string]any{"mediaType": "text/plain", "name": "x", "sha256": "y"}}
	}, entry.CodeDigestMalformed),
	ofRequest("received in another period", func(_ *lawyer, m map[string]any) { m["received"] = "2024-02" }, entry.CodeReceivedDiffers),
	ofRequest("assist that nobody knows", func(_ *lawyer, m map[string]any) { m["assist"] = []any{"telepathy"}; delete(m, "other") }, entry.CodeVocabulary),
	ofRequest("a country that is none", func(_ *lawyer, m map[string]any) { m["country"] = "ZZ" }, entry.CodeVocabulary),
	ofRequest("a seal of today", func(l *lawyer, m map[string]any) {
		m["country"] = map[string]any{"reason": "withheld", "review": day(l.World.Now()), "sealed": entry.Digest([]byte("x"))}
	}, pledge.CodeReviewRange),
	ofRequest("a seal for too long", func(l *lawyer, m map[string]any) {
		m["country"] = map[string]any{"reason": "withheld", "review": day(l.World.Now() + 800*86400), "sealed": entry.Digest([]byte("x"))}
	}, pledge.CodeReviewRange),
	bytewise("other clauses' texts", func(_ *lawyer, x *draft) bool {
		b, ok := x.st.Statement.Body.(*entry.Amend)
		return ok && b.Clauses != nil && x.rewrite(func(b []byte) []byte {
			return generator.Edit(b, func(m map[string]any) { m["clauses"] = map[string]any{"report": "We log nothing."} })
		})
	}, entry.CodeClauseDigest),
	bytewise("another disclosure", func(l *lawyer, x *draft) bool {
		if len(x.disclosures) == 0 {
			return false
		}
		d, err := entry.NewDisclosure(l.Salt(), "country", []byte(`"XB"`))
		if err != nil {
			panic(err)
		}
		x.disclosures[0] = d.Text()
		return true
	}, entry.CodeDisclosureMismatch),
	bytewise("a disclosure that is none", func(_ *lawyer, x *draft) bool {
		if len(x.disclosures) == 0 {
			return false
		}
		x.disclosures[0] = base64.RawURLEncoding.EncodeToString([]byte(`["c2FsdA","country"]`))
		return true
	}, entry.CodeDisclosure),
	bytewise("a disclosure that is not wanted", func(l *lawyer, x *draft) bool {
		x.disclosures = append(x.disclosures, choose(l, "sealed", l.sealed).Disclosures["country"].Text())
		return true
	}, entry.CodeDisclosureMismatch, entry.CodeMemberMalformed),
	bytewise("a member too many in the submission", func(_ *lawyer, x *draft) bool { x.more = `,"please":true`; return true }, entry.CodeMemberUnknown),
	bytewise("signers", func(_ *lawyer, x *draft) bool { x.more = `,"signers":{}`; return true }, entry.CodeMemberUnknown),

	// Again.
	bytewise("again", func(l *lawyer, x *draft) bool {
		old := choose(l, "statement", l.requests)
		x.st, x.envelope, x.body, x.disclosures, x.booked = old, old.Envelope.Marshal(), old.Body, nil, true
		return true
	}),
	bytewise("an old digest", func(l *lawyer, x *draft) bool {
		old := choose(l, "statement", l.requests)
		if x.st.BodyDigest == "" || old.Kind != x.st.Kind || old.Author != x.st.Author || x.body == nil {
			return false
		}
		return x.rewrite(func([]byte) []byte { return old.Body })
	}),
}

// smallR is a signature whose R is the identity: Go's verifier and ZIP 215 take it,
// others do not (see entry.TestStrictRefusesSmallR).
func smallR(key ed25519.PrivateKey, msg []byte) []byte {
	h := sha512.Sum512(key.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		panic(err)
	}
	r := edwards25519.NewIdentityPoint().Bytes()
	kh := sha512.Sum512(slices.Concat(r, key.Public().(ed25519.PublicKey), msg))
	k, err := edwards25519.NewScalar().SetUniformBytes(kh[:])
	if err != nil {
		panic(err)
	}
	return append(r, edwards25519.NewScalar().Multiply(k, a).Bytes()...)
}
