package entry

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The draws of what statements are made of.

func drawCode(t *rapid.T) string { return rapid.StringMatching(`[a-z0-9-]{1,40}`).Draw(t, "code") }
func drawAuthor(t *rapid.T) string {
	return rapid.StringMatching(`[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}`).Draw(t, "author")
}
func drawText(t *rapid.T) string {
	s := rapid.StringOfN(rapid.Rune(), 1, 60, -1).Filter(func(s string) bool { return checkText("", s, 200, false) == nil })
	return s.Draw(t, "text")
}
func drawDigest(t *rapid.T) string {
	return Digest(rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "digested"))
}
func drawID(t *rapid.T) ID {
	id := ID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "id"))
	id[0] |= 1 // never zero
	return id
}
func drawDate(t *rapid.T) string {
	return FormatTime(rapid.Int64Range(0, MaxLogged).Draw(t, "date"))[:10]
}
func drawPeriod(t *rapid.T) Period {
	kind := rapid.SampledFrom([]PeriodKind{Quarter, HalfYear}).Draw(t, "kind of period")
	return PeriodAt(kind, rapid.Int64Range(0, MaxLogged).Draw(t, "moment"))
}
func drawSlotPeriod(t *rapid.T) SlotPeriod {
	kind := rapid.SampledFrom([]string{SlotsDay, SlotsWeek, SlotsMonth}).Draw(t, "kind of slot period")
	return SlotPeriodAt(kind, rapid.Int64Range(0, MaxLogged-8*86400).Draw(t, "moment"))
}
func drawSorted(t *rapid.T, one func(*rapid.T) string, least, most int) []string {
	list := rapid.SliceOfNDistinct(rapid.Custom(one), least, most, rapid.ID).Draw(t, "list")
	slices.Sort(list)
	if len(list) == 0 {
		return nil
	}
	return list
}
func maybe[T any](t *rapid.T, draw func(*rapid.T) T) T {
	var zero T
	if rapid.Bool().Draw(t, "is there") {
		return draw(t)
	}
	return zero
}
func drawKeys(t *rapid.T, use string) KeySet {
	n := rapid.IntRange(1, 3).Draw(t, "keys")
	var set KeySet
	for i := range n {
		k := testPub(rapid.StringMatching(`[a-z]{8}`).Draw(t, "key") + string(rune('0'+i)))
		set.Keys = append(set.Keys, k)
	}
	set.Threshold = uint64(rapid.IntRange(1, n).Draw(t, "threshold"))
	if use == UseSlot {
		set.Keys = append(set.Keys, testSlotPub("slot"))
	}
	return set
}
func drawCount(t *rapid.T) Claim {
	switch rapid.IntRange(0, 2).Draw(t, "claim") {
	case 0:
		return CannotSay()
	case 1:
		low := rapid.Uint64Range(0, 1000).Draw(t, "min")
		return Between(low, low+rapid.Uint64Range(1, 1000).Draw(t, "over"))
	}
	return Exactly(rapid.Uint64Range(0, MaxInteger).Draw(t, "count"))
}

// drawBody draws a tree body of a kind; withheld says whether the detached body
// is, and digest is it.
func drawBody(t *rapid.T, kind Kind, withheld bool, digest string) TreeBody {
	switch kind {
	case KindAmend:
		b := &Amend{DecisionDays: maybe(t, func(t *rapid.T) uint64 { return rapid.Uint64Range(1, maxDays).Draw(t, "days") })}
		if rapid.Bool().Draw(t, "secretariat") || b.DecisionDays == 0 {
			set := drawKeys(t, UseStatement)
			b.Secretariat = &set
		}
		b.Slots = maybe(t, func(*rapid.T) string { return SlotsWeek })
		b.Ends = maybe(t, func(t *rapid.T) *End { return &End{Successor: maybe(t, drawAuthor)} })
		if b.IsTimed() {
			b.From = FormatTime(rapid.Int64Range(0, MaxLogged).Draw(t, "from"))
		}
		return b
	case KindAdmit:
		set := drawKeys(t, UseSlot)
		return &Admit{CarveOuts: drawSorted(t, drawCode, 0, 3), Country: rapid.StringMatching(`[A-Z]{2}`).Draw(t, "country"), ID: "x" + drawAuthor(t), Keys: set.Keys, Threshold: set.Threshold,
			Entities: maybe(t, func(t *rapid.T) []string { return []string{drawText(t)} }), Mode: rapid.SampledFrom([]string{AdmitNew, AdmitRekey, AdmitReadmit}).Draw(t, "mode"),
			Name: drawText(t), Role: rapid.SampledFrom([]string{RoleSignatory, RoleChallenger}).Draw(t, "role"), Website: "https://" + drawAuthor(t) + ".example/"}
	case KindStanding:
		return &Standing{Reason: drawCode(t), Standing: rapid.SampledFrom([]string{StandingSuspended, StandingReinstated, StandingProposed, StandingRemoved}).Draw(t, "standing"), Who: drawAuthor(t)}
	case KindSucceed:
		from := drawAuthor(t)
		return &Succeed{From: from, To: "x" + from}
	case KindKeys:
		set := drawKeys(t, UseSlot)
		b := &Keys{Keys: set.Keys, Threshold: set.Threshold, Reason: KeysRotation}
		if b.Doubtful = maybe(t, drawID); !b.Doubtful.IsZero() {
			b.Reason = KeysCompromise
		}
		return b
	case KindPledge:
		return &Pledge{Charter: drawID(t), Clauses: drawSorted(t, drawCode, 1, 5)}
	case KindRequest:
		b := &Request{Received: maybe(t, drawPeriod).String()}
		if b.Received == "" {
			b.Received = Withheld
		}
		if rapid.Bool().Draw(t, "out of a slot") {
			b.Slot, b.Disclosure = drawID(t), mustDisclose(SlotName, `"`+digest+`"`)
		}
		return b
	case KindDecision:
		if withheld && rapid.Bool().Draw(t, "nothing in the tree") {
			return &Decision{Request: drawID(t)}
		}
		return &Decision{Date: drawDate(t), Grounds: drawSorted(t, drawCode, 0, 4), Outcome: drawCode(t), Request: drawID(t), Scope: maybe(t, drawCode)}
	case KindAttestation:
		b := &Attestation{Clauses: drawSorted(t, drawCode, 0, 3), Covers: CoversAll, LateReason: maybe(t, drawCode), Period: drawPeriod(t), Received: Claims{Total: drawCount(t)}}
		for _, code := range drawSorted(t, drawCode, 0, 4) {
			if b.Logged.Outcomes == nil {
				b.Logged.Outcomes, b.Received.Outcomes = make(map[string]uint64), make(map[string]Claim)
			}
			n := rapid.Uint64Range(1, 1000).Draw(t, "count")
			b.Logged.Outcomes[code], b.Received.Outcomes[code] = n, drawCount(t)
			b.Logged.Total += n
		}
		return b
	case KindSlot:
		slot, _, err := NewSlot(rand.NewChaCha8([32]byte{rapid.Byte().Draw(t, "seed")}), drawSlotPeriod(t), drawSorted(t, drawDigest, 0, 9))
		if err != nil {
			t.Fatal(err)
		}
		return slot
	case KindOpen:
		if rapid.Bool().Draw(t, "later") {
			return &Open{Entry: drawID(t), Review: drawDate(t), Why: drawCode(t)}
		}
		return &Open{Digests: drawSorted(t, drawDigest, 1, MaxOpened), Entry: drawID(t), Why: drawCode(t)}
	case KindCorrect:
		b := &Correct{Entry: drawID(t), How: CorrectVoid}
		if b.By = maybe(t, drawID); b.By == b.Entry {
			b.By = ID{}
		}
		if !b.By.IsZero() {
			b.How = CorrectSuperseded
		}
		return b
	case KindWithdraw:
		return &Withdraw{}
	case KindChallenge:
		return &Challenge{Against: drawAuthor(t), Entry: maybe(t, drawID), Finding: maybe(t, drawCode), Period: maybe(t, drawPeriod).String()}
	case KindReply:
		b := &Reply{Answer: rapid.SampledFrom([]string{AnswerAccepted, AnswerDisputed, AnswerCannotComment}).Draw(t, "answer"), Challenge: maybe(t, drawID)}
		if b.Challenge.IsZero() {
			b.Finding, b.Entry, b.Period = drawCode(t), maybe(t, drawID), maybe(t, drawPeriod).String()
		}
		return b
	case KindErasure:
		return &Erasure{Basis: rapid.SampledFrom([]string{BasisCourtOrder, BasisDataSubject, BasisSafety, BasisNotice}).Draw(t, "basis"), Date: drawDate(t), Digest: drawDigest(t), Entry: drawID(t),
			Reference: rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9./:-]{0,79}`).Draw(t, "reference")}
	case KindDirectory:
		return &Directory{Root: drawDigest(t), Size: rapid.Uint64Range(1, MaxInteger).Draw(t, "size")}
	}
	return nil
}

// TestLawStatements: whatever statement is made, its payload, envelope and leaf
// are read back to the same bytes and values, for every kind but the charter, which
// has its tables.
func TestLawStatements(t *testing.T) {
	for _, kind := range Kinds[1:] {
		t.Run(string(kind), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := Statement{Log: drawAuthor(t) + ".example", Author: "x" + drawAuthor(t), Lane: LaneOf(kind), Seq: rapid.Uint64Range(1, MaxInteger).Draw(t, "seq"),
					Made: rapid.Int64Range(0, MaxLogged).Draw(t, "made"), Kind: kind}
				if s.Seq > 1 {
					s.Prev = drawID(t)
				}
				if kind == KindAmend {
					s.Author = AuthorSecretariat
				}
				if HasDetached(kind) && (kind == KindRequest || kind == KindChallenge || rapid.Bool().Draw(t, "body")) {
					s.BodyDigest = drawDigest(t)
					if MayWithhold(kind) {
						s.Review = maybe(t, drawDate)
					}
				}
				s.Body = drawBody(t, kind, s.IsWithheld(), s.BodyDigest)
				payload, err := s.Payload()
				if err != nil {
					t.Fatalf("%v: %+v", err, s.Body)
				}
				env := &Envelope{Payload: payload}
				for range rapid.IntRange(1, MaxSignatures).Draw(t, "signatures") {
					env.Sign(KeyID(drawID(t)), rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "signature"))
				}
				raw := (&Leaf{Logged: rapid.Int64Range(0, MaxLogged).Draw(t, "logged"), Statement: env}).Marshal()
				leaf, err := ParseLeaf(raw)
				if err != nil || !bytes.Equal(leaf.Marshal(), raw) {
					t.Fatalf("leaf %q became %q (%v)", raw, leaf.Marshal(), err)
				}
				got, err := ParseStatement(leaf.Statement)
				if err != nil {
					t.Fatal(err)
				}
				again, err := got.Payload()
				if err != nil || !bytes.Equal(again, payload) {
					t.Fatalf("payload %q became %q (%v)", payload, again, err)
				}
				body, want := got.Body, s.Body
				got.Body, s.Body, s.ID = nil, nil, env.ID()
				if *got != s {
					t.Fatalf("statement %+v became %+v", s, *got)
				}
				a, _ := Marshal(body)
				b, _ := Marshal(want)
				if !bytes.Equal(a, b) {
					t.Fatalf("body %s became %s", b, a)
				}
			})
		})
	}
}

// TestLawSeals: whatever members are sealed, in whatever parts and order they are
// opened, the end is the body as if it had always been open; and what is not yet
// opened is listed.
func TestLawSeals(t *testing.T) {
	all := samples()
	kinds := []Kind{KindRequest, KindDecision, KindAttestation, KindCorrect, KindWithdraw, KindChallenge, KindReply}
	rapid.Check(t, func(t *rapid.T) {
		sub := all[rapid.SampledFrom(kinds).Draw(t, "kind")]
		var names []string
		for _, m := range membersOf(sub.Body) {
			if !slices.Contains([]string{"author", "kind", "log", "salt"}, m.name) && rapid.Bool().Draw(t, m.name) {
				names = append(names, m.name)
			}
		}
		raw, disclosures, err := SealMembers(rand.NewChaCha8([32]byte{rapid.Byte().Draw(t, "seed")}), sub.Body, sealOf(names...))
		if err != nil {
			t.Fatal(err)
		}
		st, err := ParseStatement(sub.Envelope)
		if err != nil {
			t.Fatal(err)
		}
		shuffled := rapid.Permutation(disclosures).Draw(t, "order")
		opened := rapid.IntRange(0, len(shuffled)).Draw(t, "opened")
		st.BodyDigest = Digest(raw)
		part, err := Unseal(st, raw, shuffled[:opened])
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, s := range part.Seals() {
			left = append(left, s.Member)
		}
		var want []string
		for _, d := range shuffled[opened:] {
			want = append(want, d.Name)
		}
		slices.Sort(want)
		if !slices.Equal(left, want) {
			t.Fatalf("sealed are %v, want %v", left, want)
		}
		b, err := Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		st.BodyDigest = Digest(b)
		whole, err := Unseal(st, b, shuffled[opened:])
		if err != nil {
			t.Fatal(err)
		}
		if b, err = Marshal(whole); err != nil || !bytes.Equal(b, sub.Body) {
			t.Fatalf("the body became %s (%v)", b, err)
		}
	})
}

// TestLawDisclosures: a disclosure of any canonical value is read back.
func TestLawDisclosures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		salt := base64.RawURLEncoding.EncodeToString(rapid.SliceOfN(rapid.Byte(), MinSalt, 40).Draw(t, "salt"))
		value, err := Marshal(map[string]any{drawCode(t): []string{drawText(t)}, "sealed?": rapid.Uint64Range(0, MaxInteger).Draw(t, "number")})
		if err != nil {
			t.Fatal(err)
		}
		name := drawText(t)
		d, err := NewDisclosure(salt, name, value)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDisclosure(d.Text())
		if err != nil || again.Salt != salt || again.Name != name || !bytes.Equal(again.Value, value) || again.Digest() != Digest([]byte(d.Text())) {
			t.Fatalf("disclosure %v became %v (%v)", d, again, err)
		}
	})
}

// TestLawDamage: a payload with one byte changed is refused, or is another
// statement that is written back as it stands. Nothing is mended on the way.
func TestLawDamage(t *testing.T) {
	all := samples()
	rapid.Check(t, func(t *rapid.T) {
		sub := all[rapid.SampledFrom(Kinds).Draw(t, "kind")]
		payload := bytes.Clone(sub.Envelope.Payload)
		at := rapid.IntRange(0, len(payload)-1).Draw(t, "at")
		with := []byte(rapid.SampledFrom([]string{"", " ", "0", "a", `"`, "\\", "{", "}", "[", "]", ",", ":", "null", "-", "\x00", "\xff", "é"}).Draw(t, "with"))
		if rapid.Bool().Draw(t, "in place") {
			payload = slices.Replace(payload, at, at+1, with...)
		} else {
			payload = slices.Insert(payload, at, with...)
		}
		st, err := ParseStatement(&Envelope{Payload: payload})
		if err != nil {
			if CodeOf(err) == "" || strings.HasSuffix(err.Error(), ".") {
				t.Fatalf("an error without a code, or with a full stop: %v", err)
			}
			return
		}
		if again, err := st.Payload(); err != nil || !bytes.Equal(again, payload) {
			t.Fatalf("payload %q became %q (%v)", payload, again, err)
		}
	})
}
