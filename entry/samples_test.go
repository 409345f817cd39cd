package entry

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
)

const testOrigin = "log.accord.example/2026"

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func testPub(name string) Key {
	return NewKey(testKey(name).Public().(ed25519.PublicKey), UseStatement)
}

var testSalt = base64.RawURLEncoding.EncodeToString([]byte("sixteen bytes!!!"))

// samples has one statement of each kind that is in order, with its body.
func samples() map[Kind]*Submission {
	out := make(map[Kind]*Submission)
	prev := ID(sha256.Sum256([]byte("prev")))
	clauses := map[string]string{"no-help": "We will not help.", "protect": "We will protect users."}
	charter := &Charter{Accord: "An accord", Attestation: Quarter, DecisionDays: 90, FileDays: 30, GraceDays: 30, ReplyDays: 30, ReviewDays: 365, Slots: "none",
		Clauses:     []Clause{{"no-help", Digest([]byte(clauses["no-help"]))}, {"protect", Digest([]byte(clauses["protect"]))}},
		LogKeys:     []string{testOrigin + "+01234567+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		Secretariat: KeySet{[]Key{testPub("s1"), testPub("s2"), testPub("s3")}, 2},
		Recovery:    KeySet{[]Key{testPub("r1")}, 1}, Operator: KeySet{[]Key{testPub("o1")}, 1}}
	out[KindCharter] = sample(Statement{Author: "secretariat", Seq: 1, Kind: KindCharter, Body: charter},
		&CharterBody{Author: "secretariat", Clauses: clauses, Kind: KindCharter, Log: testOrigin, Salt: testSalt}, "s1", "s2", "s3", "r1", "o1")
	out[KindAdmit] = sample(Statement{Author: "secretariat", Seq: 2, Prev: prev, Kind: KindAdmit, Body: &Admit{Country: "XA", Entities: []string{"Acme Cloud"}, ID: "acme-corp", Keys: []Key{testPub("a1")},
		LEI: "9999PLEDGELOGACME088", Mode: AdmitNew, Name: "Acme Corp", Role: RoleSignatory, Threshold: 1, Website: "https://acme.example/", CarveOuts: []string{"us-nsl"}}}, nil, "s1", "s2", "a1")
	out[KindPledge] = sample(Statement{Author: "acme-corp", Seq: 1, Kind: KindPledge, Body: &Pledge{Charter: prev, Clauses: []string{"no-help", "protect"}}}, nil, "a1")
	out[KindRequest] = sample(Statement{Author: "acme-corp", Seq: 2, Prev: prev, Kind: KindRequest, Body: &Request{Received: "2026-Q2"}},
		&RequestBody{Assist: []string{"backdoor", "other"}, Author: "acme-corp", Authority: "intelligence", Compulsion: "pressured", Corroboration: "none", Country: "XB", Gag: "none", GagReview: "2027-01-01",
			Documents:  []Document{{MediaType: "application/pdf", Name: "letter.pdf", SHA256: Digest([]byte("letter")), URL: "https://acme.example/letter.pdf"}},
			Instrument: "informal", Kind: KindRequest, Log: testOrigin, Narrative: map[string]string{"en": "A letter came.\nIt was read.", "zh-Hant": "來函。"}, Other: map[string]string{"assist": "a thing of another kind"},
			Products: []string{"cloud"}, Received: "2026-05", Salt: testSalt, Statute: "Art. 1", Targets: []string{"media"}, Agency: "The agency"}, "a1")
	out[KindDecision] = sample(Statement{Author: "acme-corp", Seq: 3, Prev: prev, Kind: KindDecision, Body: &Decision{Date: "2026-05-09", Grounds: []string{"pledge", "unlawful"}, Outcome: "refused", Request: prev, Scope: "in"}},
		&DecisionBody{Author: "acme-corp", Court: "High Court", Kind: KindDecision, Log: testOrigin, Narrative: map[string]string{"en": "We refused."}, Salt: testSalt}, "a1")
	period, _ := ParsePeriod("2026-Q2")
	out[KindAttestation] = sample(Statement{Author: "acme-corp", Seq: 4, Prev: prev, Kind: KindAttestation, Body: &Attestation{Clauses: []string{"no-help"}, Covers: CoversAll, LateReason: "illness", Period: period,
		Logged: Counts{Outcomes: map[string]uint64{"refused": 2, "pending": 1}, Total: 3}, Received: Claims{Outcomes: map[string]Claim{"refused": Exactly(0), "pending": CannotSay()}, Total: Between(0, 249)}}},
		&AttestationBody{Author: "acme-corp", Kind: KindAttestation, Log: testOrigin, Salt: testSalt}, "a1")

	en := func(text string) map[string]string { return map[string]string{"en": text} }
	out[KindAmend] = sample(Statement{Author: "secretariat", Seq: 3, Prev: prev, Kind: KindAmend, Body: &Amend{Attestation: HalfYear, Clauses: charter.Clauses[:1], DecisionDays: 60, Ends: &End{Successor: "log.second.example"}, FileDays: 20,
		From: "2027-01-01T00:00:00Z", GraceDays: 40, LogKeys: []string{testOrigin + "+89abcdef+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, Operator: &KeySet{[]Key{testPub("o2")}, 1}, Recovery: &KeySet{[]Key{testPub("r2")}, 1},
		ReplyDays: 14, ReviewDays: 180, Secretariat: &KeySet{[]Key{testPub("s1"), testPub("s4")}, 2}, Slots: SlotsWeek}},
		&AmendBody{Author: "secretariat", Clauses: map[string]string{"no-help": clauses["no-help"]}, Kind: KindAmend, Log: testOrigin, Narrative: en("Half-years are enough."), Salt: testSalt}, "s1", "s2")
	out[KindStanding] = sample(Statement{Author: "secretariat", Seq: 4, Prev: prev, Kind: KindStanding, Body: &Standing{Reason: "attestation-missed", Standing: StandingProposed, Who: "acme-corp"}}, nil, "s1", "s2")
	out[KindSucceed] = sample(Statement{Author: "secretariat", Seq: 5, Prev: prev, Kind: KindSucceed, Body: &Succeed{From: "acme-corp", To: "acme-group"}}, nil, "s1", "s2")
	out[KindKeys] = sample(Statement{Author: "acme-corp", Seq: 5, Prev: prev, Kind: KindKeys, Body: &Keys{Doubtful: prev, Keys: []Key{testPub("a2"), testSlotPub("a3")}, Reason: KeysCompromise, Threshold: 1}}, nil, "a1", "a2")
	slot := &Slot{Period: "2026-W33"}
	for i := range SlotPlaces {
		slot.Digests = append(slot.Digests, Digest([]byte{byte(i)}))
	}
	slices.Sort(slot.Digests)
	out[KindSlot] = sample(Statement{Author: "acme-corp", Seq: 1, Kind: KindSlot, Body: slot}, nil, "a3")

	// A withheld request is opened, and with it its sealed agency.
	opened, disclosures := sealed(out[KindRequest].Body, Seal{Member: "agency", Law: "us-nsl", Reason: "secrecy-law", Review: "2027-01-01"})
	digests := []string{Digest(opened), disclosures[0].Digest()}
	slices.Sort(digests)
	out[KindOpen] = sample(Statement{Author: "acme-corp", Seq: 6, Prev: prev, Kind: KindOpen, Body: &Open{Digests: digests, Entry: prev, Why: "order-lifted"}}, nil, "a1")
	out[KindOpen].Body, out[KindOpen].Disclosures = opened, disclosures
	out[KindCorrect] = sample(Statement{Author: "acme-corp", Seq: 7, Prev: prev, Kind: KindCorrect, Body: &Correct{By: ID{1}, Entry: prev, How: CorrectSuperseded}},
		&CorrectBody{Author: "acme-corp", Kind: KindCorrect, Log: testOrigin, Narrative: en("The month was wrong."), Salt: testSalt}, "a1")
	out[KindWithdraw] = sample(Statement{Author: "acme-corp", Seq: 8, Prev: prev, Kind: KindWithdraw, Body: &Withdraw{}},
		&WithdrawBody{Author: "acme-corp", Kind: KindWithdraw, Log: testOrigin, Narrative: en("We leave."), Salt: testSalt}, "a1")
	letter := []Document{{MediaType: "application/pdf", Name: "letter.pdf", SHA256: Digest([]byte("letter"))}}
	out[KindChallenge] = sample(Statement{Author: "watchers", Seq: 1, Kind: KindChallenge, Body: &Challenge{Against: "acme-corp", Entry: prev, Finding: "contradicted", Period: "2026-Q2"}},
		&ChallengeBody{Author: "watchers", Documents: letter, Kind: KindChallenge, Log: testOrigin, Narrative: en("Two statements differ."), Salt: testSalt}, "w1")
	out[KindReply] = sample(Statement{Author: "acme-corp", Seq: 9, Prev: prev, Kind: KindReply, Body: &Reply{Answer: AnswerDisputed, Entry: prev, Finding: "contradicted", Period: "2026-Q2"}},
		&ReplyBody{Author: "acme-corp", Documents: letter, Kind: KindReply, Log: testOrigin, Narrative: en("They do not."), Salt: testSalt}, "a1")
	out[KindErasure] = sample(Statement{Author: "operator", Seq: 1, Kind: KindErasure, Body: &Erasure{Basis: BasisCourtOrder, Date: "2026-05-01", Digest: Digest([]byte("x")), Entry: prev, Reference: "4-O-12/26"}}, nil, "o1")
	out[KindDirectory] = sample(Statement{Author: "operator", Seq: 2, Prev: prev, Kind: KindDirectory, Body: &Directory{Root: Digest([]byte("root")), Size: 12}}, nil, "o1")
	return out
}

func testSlotPub(name string) Key { return NewKey(testKey(name).Public().(ed25519.PublicKey), UseSlot) }

// sealed seals members of a body, with salts that are the same at each run.
func sealed(body []byte, seals ...Seal) ([]byte, []Disclosure) {
	out, disclosures, err := SealMembers(rand.NewChaCha8([32]byte{}), body, seals)
	if err != nil {
		panic(err)
	}
	return out, disclosures
}

func sample(s Statement, body Detached, signers ...string) *Submission {
	s.Log, s.Lane, s.Made = testOrigin, LaneOf(s.Kind), 1780000000
	sub := &Submission{Envelope: &Envelope{}}
	if body != nil {
		raw, err := Marshal(body)
		if err != nil {
			panic(err)
		}
		sub.Body, s.BodyDigest = raw, Digest(raw)
	}
	payload, err := s.Payload()
	if err != nil {
		panic(fmt.Sprintf("%s: %v", s.Kind, err))
	}
	sub.Envelope.Payload = payload
	for _, name := range signers {
		k := testKey(name)
		sub.Envelope.Sign(KeyIDOf(k.Public().(ed25519.PublicKey)), ed25519.Sign(k, sub.Envelope.PAE()))
	}
	return sub
}
