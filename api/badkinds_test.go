package api_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// kindCases are submissions of every kind, each wrong in one way, to a log in which
// much was said already.
func kindCases(s *server) []badCase {
	w := s.world
	var cases []badCase
	raw := func(name string, body []byte, status int, code entry.Code) {
		cases = append(cases, badCase{name: name, body: body, status: status, code: code})
	}
	add := func(name string, st *generator.Statement, code entry.Code) {
		status := 422
		switch code {
		case "author-unknown", "kind-not-allowed", "standing-ended", "log-ended", "signatures-too-few", "signature-not-called-for", "signature-invalid":
			status = 403
		case "seq-taken", "seq-gap", "prev-mismatch":
			status = 409
		case "member-missing", "member-malformed", "member-unknown", "not-canonical":
			status = 400
		}
		raw(name, st.Submission().Marshal(), status, code)
	}
	a, b, out := s.member(0), s.member(1), s.member(2)
	stranger, ng := w.Signatories[3], w.Challengers[0]
	s.mustSubmit(w.Admit(ng))
	review := day(w.Now() + 86400)
	request := s.request(a)
	s.mustSubmit(request)
	kept := w.Seal(s.request(a), generator.Seal{Member: "country", Reason: "withheld", Review: review}).Withhold(review)
	s.mustSubmit(kept)
	opened := w.Seal(s.request(a), generator.Seal{Member: "country", Reason: "withheld", Review: review})
	s.mustSubmit(opened)
	s.mustSubmit(w.OpenText(opened, "permission", "country"))
	week := entry.SlotPeriodAt(entry.SlotsWeek, w.Now())
	committed := w.Commit(a, lastMonth(w), nil)
	slot := w.Slot(a, week, committed)
	s.mustSubmit(slot)
	challenge := w.Challenge(ng, a, nil, nil)
	s.mustSubmit(challenge)
	voided := s.request(a)
	s.mustSubmit(voided)
	s.mustSubmit(w.Correct(voided, nil, nil))
	s.mustSubmit(w.Withdraw(out, nil))
	s.mustSubmit(w.Standing(b, entry.StandingSuspended, "not-reachable"))
	gone := s.request(b)
	s.mustSubmit(gone)
	s.mustSubmit(w.Erase(gone, gone.BodyDigest, entry.BasisSafety, "s-1"))

	// Amend.
	add("amend of nothing", w.Amend(&entry.Amend{}, generator.Amended{}, nil), "member-missing")
	add("amend without a moment", w.Amend(&entry.Amend{GraceDays: 9}, generator.Amended{}, nil), "member-missing")
	add("amend of the past", w.Amend(&entry.Amend{GraceDays: 9, From: "2025-01-01T00:00:00Z"}, generator.Amended{}, nil), "amend-from")
	add("amend in the middle of a half-year", w.Amend(&entry.Amend{Attestation: entry.HalfYear, From: "2025-08-01T00:00:00Z"}, generator.Amended{}, nil), "amend-from")
	add("amend by a signatory", w.Draft(a, entry.KindAmend, &entry.Amend{GraceDays: 9, From: "2025-08-01T00:00:00Z"}, nil), "member-malformed")
	taken := generator.Ring{Keys: a.Keys, Threshold: 1}
	add("amend with another's keys", w.Amend(&entry.Amend{}, generator.Amended{Operator: &taken}, nil), "key-taken")
	unsigned := w.Amend(&entry.Amend{}, generator.Amended{Operator: &generator.Ring{Keys: w.NewKeys("other operator", 1), Threshold: 1}}, nil)
	add("amend whose new key did not sign", unsigned.SignWith(w.Secretariat.Signers()...), "signatures-too-few")
	recovered := w.Amend(&entry.Amend{GraceDays: 9, From: "2025-08-01T00:00:00Z"}, generator.Amended{}, nil)
	add("amend of terms by recovery", recovered.SignWith(w.Recovery...), "signature-not-called-for")
	ends := w.Amend(&entry.Amend{Ends: &entry.End{Successor: w.Options.Origin}, From: "2025-08-01T00:00:00Z"}, generator.Amended{}, nil)
	add("a log that succeeds itself", ends, "member-malformed")

	// Admit.
	fresh := generator.Ring{Keys: w.NewKeys("fresh", 1), Threshold: 1}
	add("rekey of a stranger", w.Rekey(stranger, fresh), "author-unknown")
	add("readmit of a member", w.Readmit(a, fresh), "standing-conflict")
	add("rekey of who withdrew", w.Rekey(out, fresh), "standing-conflict")
	another := w.Rekey(a, fresh)
	another.Statement.Body.(*entry.Admit).Role = entry.RoleChallenger
	add("rekey in another role", another, "role-differs")
	add("rekey with another's keys", w.Rekey(a, generator.Ring{Keys: b.Keys, Threshold: b.Threshold}), "key-taken")

	// Standing and succeed.
	add("standing of a stranger", w.Standing(stranger, entry.StandingSuspended, "not-reachable"), "author-unknown")
	add("suspended twice", w.Standing(b, entry.StandingSuspended, "not-reachable"), "standing-conflict")
	add("reinstated without cause", w.Standing(a, entry.StandingReinstated, "settled"), "standing-conflict")
	add("removed after withdrawal", w.Standing(out, entry.StandingRemoved, "ceased"), "standing-conflict")
	add("standing of no form", w.Standing(a, "forgiven", "settled"), "member-malformed")
	add("standing for no known reason", w.Standing(a, entry.StandingSuspended, "because"), "vocabulary-code-unknown")
	add("standing by a signatory", w.Draft(a, entry.KindStanding, &entry.Standing{Reason: "settled", Standing: entry.StandingSuspended, Who: b.ID}, nil), "kind-not-allowed")
	add("succession of oneself", w.Succeed(a, a), "member-malformed")
	add("succession of a challenger", w.Succeed(ng, a), "author-unknown")
	add("succession of who withdrew", w.Succeed(out, a), "standing-conflict")

	// Keys.
	add("keys that did not sign", w.Rotate(a, generator.Ring{Keys: w.NewKeys("new a", 1), Threshold: 1}).SignWith(a.Signers()...), "signatures-too-few")
	add("keys of another", w.Rotate(a, generator.Ring{Keys: b.Keys, Threshold: b.Threshold}), "key-taken")
	add("keys doubtful from nowhere", w.Compromised(a, generator.Ring{Keys: w.NewKeys("new a", 1), Threshold: 1}, entry.ID{1}), "reference-unknown")
	rotation := w.Compromised(a, generator.Ring{Keys: w.NewKeys("new a", 1), Threshold: 1}, request.ID)
	rotation.Statement.Body.(*entry.Keys).Reason = entry.KeysRotation
	add("doubt about a rotation", rotation, "member-malformed")

	// Slots and what was in them.
	add("slot of the same week", w.Slot(a, week), "slot-repeated")
	add("slot to come", w.Slot(a, week.Next()), "slot-early")
	add("slot of a month", w.Slot(a, entry.SlotPeriodAt(entry.SlotsMonth, w.Now())), "period-of-another-kind")
	few := w.Slot(b, week)
	few.Statement.Body.(*entry.Slot).Digests = few.Statement.Body.(*entry.Slot).Digests[1:]
	add("slot of 63 places", few, "member-malformed")
	twice := w.Slot(b, week)
	twice.Statement.Body.(*entry.Slot).Digests[1] = twice.Statement.Body.(*entry.Slot).Digests[0]
	add("slot with a digest twice", twice, "member-malformed")
	add("slot signed by a statement key", w.Slot(b, week).SignWith(b.Keys[0]), "signature-not-called-for")
	main := w.Slot(b, week)
	main.Lane = entry.LaneMain
	add("slot in lane main", main, "lane-unknown")
	lane := s.request(a)
	lane.Lane = entry.LaneSlot
	add("request in lane slot", lane, "lane-unknown")
	late := w.Slot(a, week.Next())
	late.Seq, late.Prev = 1, entry.ID{}
	add("seq that is taken in lane slot", late, "seq-taken")
	mix := w.Slot(a, week.Next())
	mix.Seq, mix.Prev = a.Seq+1, a.Head
	add("seq of the other lane", mix, "seq-gap")
	place := func(change func(*entry.Request)) *generator.Statement {
		st := w.Publish(committed)
		change(st.Statement.Body.(*entry.Request))
		return st
	}
	add("a place of no slot", place(func(r *entry.Request) { r.Slot = entry.ID{7} }), "reference-unknown")
	add("a slot without its disclosure", place(func(r *entry.Request) { r.Disclosure = "" }), "member-missing")
	elsewhere, err := entry.NewDisclosure(base64.RawURLEncoding.EncodeToString(make([]byte, 16)), entry.SlotName, []byte(`"`+committed.Digest+`"`))
	if err != nil {
		s.t.Fatal(err)
	}
	add("a place that is not in the slot", place(func(r *entry.Request) { r.Disclosure = elsewhere.Text() }), "disclosure-not-in-slot")
	add("a disclosure of no form", place(func(r *entry.Request) { r.Disclosure = "no base64url" }), "disclosure-malformed")
	other := w.Publish(committed)
	other.Body = generator.Edit(other.Body, func(m map[string]any) { m["salt"] = w.Salt() })
	add("a place of another request", other, "disclosure-differs")

	// Open.
	add("opening of nothing", w.Draft(a, entry.KindOpen, &entry.Open{Entry: entry.ID{3}, Why: "permission", Review: review}, nil), "reference-unknown")
	add("opening of another's", w.Draft(b, entry.KindOpen, &entry.Open{Entry: kept.ID, Why: "permission", Review: review}, nil), "reference-unknown")
	add("review of what is public", w.Extend(request, review, "still-forbidden"), "open-not-withheld")
	add("review of long ago", w.Extend(kept, "2024-12-31", "still-forbidden"), "review-out-of-range")
	add("review in a far future", w.Extend(kept, "2099-12-31", "still-forbidden"), "review-out-of-range")
	add("opened for no known reason", w.Extend(kept, review, "because"), "vocabulary-code-unknown")
	sealed := w.OpenText(kept, "permission", "country")
	only := sealed.Statement.Body.(*entry.Open)
	disclosure := kept.Disclosures["country"]
	only.Digests, sealed.Opens = []string{disclosure.Digest()}, []generator.Text{{Digest: disclosure.Digest(), Bytes: []byte(disclosure.Text())}}
	add("a sealed member before its body", sealed, "body-not-opened-yet")
	add("opened twice", w.OpenText(opened, "permission", "country"), "already-opened")
	both := w.OpenText(kept, "permission")
	both.Statement.Body.(*entry.Open).Review = review
	add("opened and kept", both, "member-missing")
	bare := w.OpenText(kept, "permission")
	bare.Opens = nil
	add("an opening without its text", bare, "body-missing")
	wrong := w.OpenText(kept, "permission").Submission()
	wrong.Body = bytes.Replace(wrong.Body, []byte(`"salt":"`), []byte(`"salt":"A`), 1)
	raw("an opening with another text", wrong.Marshal(), 422, "body-digest-mismatch")
	swapped := w.OpenText(kept, "permission", "country").Submission()
	swapped.Disclosures = []entry.Disclosure{elsewhere}
	raw("an opening with another disclosure", swapped.Marshal(), 422, "disclosure-mismatch")
	raw("disclosures that are none", bytes.Replace(w.OpenText(kept, "permission", "country").Submission().Marshal(), []byte(`"disclosures":["`), []byte(`"disclosures":["!`), 1), 422, "disclosure-malformed")
	raw("disclosures of no form", bytes.Replace(w.OpenText(kept, "permission", "country").Submission().Marshal(), []byte(`"disclosures":["`), []byte(`"disclosures":[1,"`), 1), 400, "member-malformed")
	raw("disclosures with a request", append(bytes.TrimSuffix(s.request(a).Submission().Marshal(), []byte("}")), []byte(`,"disclosures":["`+disclosure.Text()+`"]}`)...), 422, "disclosure-mismatch")
	review2 := w.Extend(kept, review, "still-forbidden").Submission()
	review2.Body = kept.Body
	raw("the text of what stays withheld", review2.Marshal(), 422, "body-not-wanted")

	// Correct.
	add("correction of nothing", w.Correct(&generator.Statement{Statement: entry.Statement{ID: entry.ID{4}, Author: a.ID}}, nil, nil), "reference-unknown")
	foreign := w.Draft(b, entry.KindCorrect, &entry.Correct{Entry: request.ID, How: entry.CorrectVoid}, nil)
	add("correction of another's", foreign, "reference-unknown")
	add("corrected twice", w.Correct(voided, nil, nil), "already-corrected")
	add("superseded by something earlier", w.Correct(opened, request, nil), "correct-conflict")
	add("superseded by what is void", w.Correct(request, voided, nil), "correct-conflict")
	add("correction of a slot", w.Correct(slot, nil, nil), "reference-unknown")
	how := w.Correct(request, nil, nil)
	how.Statement.Body.(*entry.Correct).How = "forgotten"
	add("corrected in no known way", how, "member-malformed")

	// Withdraw.
	add("withdrawn twice", w.Withdraw(out, nil), "standing-ended")
	add("request after withdrawal", s.request(out), "standing-ended")
	add("withdrawal of the secretariat", w.Draft(w.Secretariat, entry.KindWithdraw, &entry.Withdraw{}, nil), "kind-not-allowed")

	// Challenge and reply.
	add("challenge of a stranger", w.Challenge(ng, stranger, nil, nil), "author-unknown")
	add("challenge about nothing", w.Challenge(ng, b, &entry.Challenge{Entry: entry.ID{5}}, nil), "reference-unknown")
	add("a second challenge", w.Challenge(ng, a, nil, nil), "challenge-open")
	add("challenge by a signatory", w.Draft(a, entry.KindChallenge, &entry.Challenge{Against: b.ID}, &entry.ChallengeBody{
		Author: a.ID, Kind: entry.KindChallenge, Log: w.Options.Origin, Salt: w.Salt(), Narrative: map[string]string{"en": "Why?"}}), "kind-not-allowed")
	silent := w.Challenge(ng, b, nil, nil)
	silent.Detached = nil
	add("challenge without a case", silent, "member-missing")
	add("reply to nothing", w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: entry.ID{6}}, nil), "reference-unknown")
	add("reply to another's challenge", w.Reply(b, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: challenge.ID}, nil), "reference-unknown")
	add("reply of no form", w.Reply(a, &entry.Reply{Answer: "perhaps", Challenge: challenge.ID}, &entry.ReplyBody{}), "member-malformed")
	add("reply to two things", w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: challenge.ID, Finding: "filed-late"}, nil), "member-missing")

	// Erasure and directory.
	add("erasure of nothing", w.Erase(&generator.Statement{Statement: entry.Statement{ID: entry.ID{8}}}, gone.BodyDigest, entry.BasisNotice, "n-1"), "reference-unknown")
	add("erasure of what is withheld", w.Erase(kept, kept.BodyDigest, entry.BasisNotice, "n-1"), "digest-unknown")
	add("erasure of another's text", w.Erase(request, gone.BodyDigest, entry.BasisNotice, "n-1"), "digest-unknown")
	add("erased twice", w.Erase(gone, gone.BodyDigest, entry.BasisNotice, "n-1"), "already-erased")
	add("erased on a whim", w.Erase(request, request.BodyDigest, "whim", "n-1"), "member-malformed")
	add("erased with prose", w.Erase(request, request.BodyDigest, entry.BasisNotice, "for Mrs Smith"), "member-malformed")
	add("erasure by a signatory", w.Draft(a, entry.KindErasure, w.Erase(request, request.BodyDigest, entry.BasisNotice, "n-1").Statement.Body, nil), "kind-not-allowed")
	add("directory of another size", w.Draft(w.Host, entry.KindDirectory, &entry.Directory{Root: generator.DirectoryRoot(w.Rows()), Size: w.Size() - 1}, nil), "directory-size")
	rows := w.Rows()
	rows[0].Seq++
	add("false directory", w.Draft(w.Host, entry.KindDirectory, &entry.Directory{Root: generator.DirectoryRoot(rows), Size: w.Size()}, nil), "directory-root")
	add("directory by the secretariat", w.Draft(w.Secretariat, entry.KindDirectory, w.Directory().Statement.Body, nil), "kind-not-allowed")
	return cases
}

// TestBadInputOfEveryKind is TestBadInput for the kinds that build on others.
func TestBadInputOfEveryKind(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 12, Signatories: 4, Challengers: 1, Slots: entry.SlotsWeek, NoDirectories: true}, apitest.Start)
	cases := kindCases(s)
	a := s.world.Signatories[0]
	before := s.size()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ans := s.post(client.TypeJSON, c.body)
			p := ans.problem(t)
			if p.Code != c.code || p.Status != c.status {
				t.Errorf("%d %s (%s), want %d %s", p.Status, p.Code, p.Detail, c.status, c.code)
			}
			if c.status == 409 && (p.Head == nil || p.Head.Seq != a.SlotSeq || p.Head.ID != a.SlotHead) {
				t.Errorf("head %+v, want that of the lane: %d %s", p.Head, a.SlotSeq, a.SlotHead)
			}
			lines := s.stream(string(c.body) + "\n")
			if len(lines) != 1 || lines[0].Problem == nil || lines[0].Problem.Code != c.code || lines[0].Status != c.status {
				t.Errorf("as a line: %+v", lines)
			}
		})
	}
	if after := s.size(); after != before {
		t.Errorf("the log grew from %d to %d", before, after)
	}
	// Nothing that was refused is kept, and the log takes what is right.
	kept := slices.IndexFunc(s.world.Logged, func(e *generator.Entry) bool { return e.Digest != "" && e.Body == nil })
	if ans := s.get("/bodies/" + s.world.Logged[kept].Digest); ans.StatusCode != 404 {
		t.Errorf("a withheld text is served: %d", ans.StatusCode)
	}
	s.mustSubmit(s.world.Directory())
	if strings.Contains(s.Log(), "salt") {
		t.Error("the server's log has a salt")
	}
}
