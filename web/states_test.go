package web_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
)

// states is a small log in which each kind of statement, and each author, stands in
// every way that a page has words for.
type states struct {
	*generator.World
	said map[string]*generator.Statement // by the name that the tests give it
}

func (x *states) log(name string, st *generator.Statement) *generator.Statement {
	x.Log(st)
	x.Advance(time.Hour)
	x.said[name] = st
	return st
}

func (x *states) day(after int64) string { return entry.FormatTime(x.Now() + after*86400)[:10] }

func words(s string) map[string]string { return map[string]string{"en": s} }

// hush are words that stand in texts which are withheld, erased, sealed or held.
const hush = "lighthouse"

func newStates() *states {
	w := generator.New(generator.Options{Seed: 41, Signatories: 9, Challengers: 4, Slots: entry.SlotsMonth})
	x := &states{w, make(map[string]*generator.Statement)}
	x.log("charter", w.Found())
	for _, a := range append(w.Signatories[:9:9], w.Challengers...) {
		x.log("admit", w.Admit(a))
	}
	for _, a := range w.Signatories[:8] {
		x.log("pledge", w.Pledge(a))
	}
	x.requests()
	x.slots()
	w.SetNow(time.Date(2025, 4, 2, 9, 0, 0, 0, time.UTC).Unix())
	x.accounts()
	x.terms()
	x.disputes()
	x.membership()
	return x
}

func (x *states) requests() {
	w := x.World
	a, b, c := w.Signatories[0], w.Signatories[1], w.Signatories[2]
	plain := w.Request(a, "2025-01", &entry.RequestBody{Agency: "Office Nine", Assist: []string{"keys"}, Country: "XB", Narrative: words("They wanted our signing keys.")})
	filed := w.Log(plain)
	x.said["plain"] = plain
	x.log("first", w.Decision(filed, "pending", nil))
	x.log("second", w.Decision(filed, "refused", nil))
	x.log("superseding", w.Correct(x.said["first"], x.said["second"], words("We had decided already.")))

	// The third answer stands in the place of the first: the second is the last.
	tangled := w.Log(x.draft("tangled", w.Request(a, "2025-01", &entry.RequestBody{Assist: []string{"keys"}, Country: "XB"})))
	early := x.log("early", w.Decision(tangled, "pending", nil))
	x.log("middle", w.Decision(tangled, "challenged", nil))
	x.log("untangling", w.Correct(early, x.log("late", w.Decision(tangled, "narrowed", nil)), nil))

	sealed := x.log("sealed", w.Seal(w.Request(a, "2025-01", &entry.RequestBody{Agency: hush, Assist: []string{"access"}, Country: "XB", GagReview: "2025-12-31", Gag: "ordered", Narrative: words(hush)}),
		generator.Seal{Member: "agency", Reason: "safety", Review: x.day(200)},
		generator.Seal{Member: "country", Law: "other-statute", Reason: "secrecy-law", Review: x.day(200)},
		generator.Seal{Member: "narrative", Law: entry.Withheld, Reason: entry.Withheld, Review: x.day(10)},
		generator.Seal{Member: "assist", Reason: "proceedings", Review: x.day(200)}))
	x.log("opened-field", w.OpenText(sealed, "permission", "assist"))

	withheld := x.log("withheld", w.Request(b, "2025-01", &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: words(hush)}).Withhold(x.day(20)))
	x.log("extended", w.Extend(withheld, x.day(150), "still-forbidden"))
	hidden := w.Request(b, "2025-01", &entry.RequestBody{Assist: []string{"targeting"}, Country: "XD", Narrative: words("Now it may be told.")}).Withhold(x.day(60))
	late := w.Log(hidden)
	x.said["hidden"] = hidden
	answer := w.Decision(late, "refused", nil)
	tree, body := answer.Statement.Body.(*entry.Decision), answer.Detached.(*entry.DecisionBody)
	body.Date, body.Outcome, body.Grounds, body.Scope = tree.Date, tree.Outcome, tree.Grounds, tree.Scope
	tree.Date, tree.Outcome, tree.Grounds, tree.Scope = "", "", nil, ""
	x.log("hidden-answer", answer.Withhold(x.day(60)))
	unsaid := w.Log(x.draft("unsaid", w.Request(b, "2025-01", nil)))
	silent := w.Decision(unsaid, "complied", &entry.DecisionBody{Narrative: words(hush)})
	tree = silent.Statement.Body.(*entry.Decision)
	tree.Date, tree.Outcome, tree.Grounds, tree.Scope = "", "", nil, ""
	x.log("silent-answer", silent.Withhold(x.day(160)))
	x.log("opening", w.OpenText(hidden, "order-lifted"))
	x.log("opening-answer", w.OpenText(answer, "order-expired"))

	gone := x.log("gone", w.Request(c, "2025-01", &entry.RequestBody{Assist: []string{"staff"}, Country: "XE", Narrative: words(hush)}))
	x.log("erasure", w.Erase(gone, gone.BodyDigest, entry.BasisCourtOrder, "XA-2025/17"))
	field := x.log("field", w.Seal(w.Request(c, "2025-01", &entry.RequestBody{Agency: hush, Assist: []string{"staff"}, Country: "XE"}), generator.Seal{Member: "agency", Reason: "personal-data", Review: x.day(30)}))
	open := x.log("field-open", w.OpenText(field, "own-decision", "agency"))
	x.log("field-erasure", w.Erase(field, open.Opens[0].Digest, entry.BasisDataSubject, "DSR-9"))
	void := x.log("void", w.Request(c, "2025-01", nil))
	x.log("voiding", w.Correct(void, nil, words("It was logged twice.")))
	wrong := x.log("wrong", w.Request(c, "2025-01", &entry.RequestBody{Assist: []string{"cover"}, Country: "XG"}))
	right := x.log("right", w.Request(c, "2025-01", &entry.RequestBody{Assist: []string{"cover"}, Country: "XH"}))
	x.log("righting", w.Correct(wrong, right, nil))
}

func (x *states) draft(name string, st *generator.Statement) *generator.Statement {
	x.said[name] = st
	return st
}

func (x *states) slots() {
	w, d := x.World, x.Signatories[3]
	committed := w.Commit(d, "2025-01", &entry.RequestBody{Assist: []string{"exploit"}, Country: "XF", Narrative: words("It stood in a slot.")})
	x.log("slot", w.Slot(d, entry.SlotPeriodAt(entry.SlotsMonth, w.Now()), committed))
	x.log("empty-slot", w.Slot(x.Signatories[0], entry.SlotPeriodAt(entry.SlotsMonth, w.Now())))
	w.Advance(40 * 24 * time.Hour)
	x.log("from-slot", w.Publish(committed))
}

// accounts are attestations for the first quarter.
func (x *states) accounts() {
	w, a := x.World, x.Signatories[0]
	first := w.Attestation(a, entry.PeriodAt(entry.Quarter, w.Now()-10*86400))
	first.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(1)
	x.log("account", first)
	second := x.log("account-again", w.Attestation(a, entry.PeriodAt(entry.Quarter, w.Now()-10*86400)))
	x.log("account-fixed", w.Correct(first, second, nil))
	held := w.Attestation(x.Signatories[1], entry.PeriodAt(entry.Quarter, w.Now()-10*86400))
	held.Statement.Body.(*entry.Attestation).Received.Total = entry.CannotSay()
	x.log("account-withheld", held.Withhold(x.day(90)))
}

func (x *states) terms() {
	w := x.World
	from := entry.FormatTime(w.Now() + 2*86400)
	x.log("amend-terms", w.Amend(&entry.Amend{DecisionDays: 70, FileDays: 50, From: from, GraceDays: 35, ReplyDays: 20, ReviewDays: 800, Slots: entry.SlotsWeek}, generator.Amended{}, &entry.AmendBody{Narrative: words("The members asked for more time.")}))
	clauses, texts := []entry.Clause{{ID: "care"}}, map[string]string{"care": "We take care of those who rely on us."}
	for _, c := range generator.Clauses {
		clauses, texts[c.ID] = append(clauses, entry.Clause{ID: c.ID}), c.Text
	}
	x.log("amend-clauses", w.Amend(&entry.Amend{Clauses: clauses, From: from}, generator.Amended{}, &entry.AmendBody{Clauses: texts}))
	x.log("amend-attestation", w.Amend(&entry.Amend{Attestation: entry.HalfYear, From: "2025-07-01T00:00:00Z"}, generator.Amended{}, nil))
	x.log("amend-keys", w.Amend(&entry.Amend{}, generator.Amended{Operator: &generator.Ring{Keys: w.NewKeys("operator-second", 1), Threshold: 1}}, nil))
	x.log("recover", w.Recover(generator.Ring{Keys: w.NewKeys("secretariat-second", 3), Threshold: 2}))
	x.log("amend-log-keys", w.Amend(&entry.Amend{LogKeys: []string{w.Signer.Key().String()}}, generator.Amended{}, nil))
	w.Advance(72 * time.Hour)
	x.log("pledge-again", w.Pledge(x.Signatories[1]))
}

func (x *states) disputes() {
	w := x.World
	a, b, e := x.Signatories[0], x.Signatories[1], x.Signatories[4]
	asked := x.log("challenge", w.Challenge(w.Challengers[0], a, &entry.Challenge{Entry: x.said["plain"].ID}, &entry.ChallengeBody{Narrative: words("We were shown another letter."), Documents: []entry.Document{{MediaType: "application/pdf", Name: "letter.pdf", SHA256: entry.Digest([]byte("letter")), URL: "https://open-lantern.example/letter.pdf"}}}))
	x.log("reply", w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, &entry.ReplyBody{Narrative: words("There was one letter.")}))
	x.log("overdue", w.Challenge(w.Challengers[1], b, &entry.Challenge{Finding: "logged-differs", Period: "2025-Q1"}, &entry.ChallengeBody{Narrative: words("What became of the other two?")}))
	taken := x.log("taken-back", w.Challenge(w.Challengers[2], e, nil, nil))
	x.log("taking-back", w.Correct(taken, nil, nil))
	x.log("reply-finding", w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Entry: x.said["account"].ID, Finding: "logged-differs", Period: "2025-Q1"}, nil))
	w.Advance(25 * 24 * time.Hour)
}

// membership leaves each signatory with another standing, or other keys.
func (x *states) membership() {
	w := x.World
	a, c, d, e, f, g, h, i := x.Signatories[0], x.Signatories[2], x.Signatories[3], x.Signatories[4], x.Signatories[5], x.Signatories[6], x.Signatories[7], x.Signatories[8]
	x.log("rotation", w.Rotate(e, generator.Ring{Keys: w.NewKeys("e-second", 2), Threshold: 2}))
	doubtful := x.log("doubtful", w.Request(d, "2025-04", nil))
	x.log("compromise", w.Compromised(d, generator.Ring{Keys: w.NewKeys("d-second", 1), Threshold: 1, Slot: d.SlotKey}, doubtful.ID))
	x.log("proposal", w.Standing(h, entry.StandingProposed, "slots-missed"))
	x.log("suspension", w.Standing(f, entry.StandingSuspended, "keys-lost"))
	f.Name = "Brightwater Instruments"
	x.log("rekey", w.Rekey(f, generator.Ring{Keys: w.NewKeys("f-second", 1), Threshold: 1}))
	w.Advance(20 * 24 * time.Hour)
	x.log("unconfirmed", w.Request(f, "2025-05", nil))
	x.log("removal", w.Standing(h, entry.StandingRemoved, "pledge-not-kept"))
	x.log("removal-at-once", w.Standing(w.Challengers[3], entry.StandingRemoved, "ceased"))
	x.log("proposed", w.Standing(g, entry.StandingProposed, "attestation-missed"))
	x.log("suspended-too", w.Standing(g, entry.StandingSuspended, "not-reachable"))
	x.log("lone-proposal", w.Standing(e, entry.StandingProposed, "reply-missed"))
	x.log("reinstated", w.Standing(e, entry.StandingReinstated, "settled"))
	x.log("proposed-again", w.Standing(e, entry.StandingProposed, "other"))
	x.log("succession", w.Succeed(c, a))
	x.log("withdrawal", w.Withdraw(d, words("We leave the accord.")))
	x.log("challenger-leaves", w.Withdraw(w.Challengers[2], nil))
	x.log("readmission", w.Readmit(w.Challengers[2], w.Challengers[2].Ring()))
	x.log("held", w.Challenge(w.Challengers[0], e, &entry.Challenge{Period: "2025-Q1"}, &entry.ChallengeBody{Narrative: words(hush)}))
	x.log("rekey-waiting", w.Rekey(i, generator.Ring{Keys: w.NewKeys("i-second", 1), Threshold: 1}))
	x.log("end", w.Amend(&entry.Amend{Ends: &entry.End{Successor: "log.lanternhall.example/2030"}, From: entry.FormatTime(w.Now() + 40*86400)}, generator.Amended{}, nil))
	w.Advance(24 * time.Hour)
}

// A look is what a page of the states has to say, and must not.
type look struct {
	page string // name of a statement, or a path
	says []string
	not  []string
}

func (x *states) looks() []look {
	sig := func(i int) string { return "/signatories/" + x.Signatories[i].ID }
	named := func(i int) string { return x.Signatories[i].Name }
	return []look{
		{"charter", []string{"The secretariat set down the charter of the Lanternhall Accord", "Days to reply to a challenge 30 days", "Slots One each month", "Keys of recovery 2, of which 2 sign Their only power is to replace the keys of the secretariat."}, nil},
		{"plain", []string{"a request that it attributes to XB", "Answer Refused", "stands in its place)", "Challenge and reply", "Challenge by " + x.Challengers[0].Name, "We were shown another letter.", "Reply by " + named(0), "There was one letter."}, nil},
		{"tangled", []string{"Answer Challenged , logged"}, nil},
		{"middle", nil, []string{"A later answer is logged"}},
		{"first", []string{"Corrected by its author", "stands in its place. Demonstration", "stands in the place of this one", "(this entry)"}, []string{"A later answer is logged"}},
		{"second", []string{"A correction", "stands in the place of its answer (entry"}, nil},
		{"superseding", []string{"stands in the place of its answer (entry", "What was corrected stays displayed.", "We had decided already.", "Correction Superseded"}, nil},
		{"sealed", []string{
			"Country: Not published; to be reviewed by", "Reason stated: Secrecy by law. Law stated: Other statute. Infer no reason from this.", "Agency: Not published; to be reviewed by", "Reason stated: Safety.",
			"Give access", "Published later", "The words: Not published; to be reviewed by", "No reason is stated. A law is not named.", "Review date of a sealed field passed",
			"a request whose country it does not publish",
		}, nil},
		{"opened-field", []string{"stated that it now publishes 1 field of its request", "Now published Asked for", "Reason stated Permission given"}, nil},
		{"withheld", []string{"a request whose contents it does not publish", "Not published; to be reviewed by", "Infer no reason from this.", "bound to a text that it does not publish"}, []string{"XC"}},
		{"extended", []string{"stated that it does not publish the text of its request", "yet, and looks at it again by", "Still forbidden"}, nil},
		{"hidden", []string{"a request that it attributes to XD", "Now it may be told.", "Text Published", "It was withheld when this was logged", "committed to when this was logged"}, nil},
		{"hidden-answer", []string{"stated that it refused a request that it attributes to XD", "Answer Refused", "Decided"}, nil},
		{"silent-answer", []string{"stated that it decided on a request", "it does not publish the outcome", "Answer Not published; to be reviewed by"}, []string{"complied"}},
		{"opening", []string{"stated that it now publishes the text of its request", "Now published The text", "Order lifted", "Now it may be told."}, nil},
		{"gone", []string{"a request whose text was erased", "Text erased", "The operator stated that it erased the text of this entry on", "Basis: Court order. Reference: XA-2025/17", "Erased, as the operator states", "its digest stays"}, []string{"XE"}},
		{"erasure", []string{"The operator stated that it erased a text of entry", "Basis Court order", "Reference XA-2025/17", "Only the operator states why."}, nil},
		{"field", []string{"Agency: Erased, as the operator states", "erased a field that was opened later", "Basis: Request of a person concerned"}, nil},
		{"field-open", []string{"Now published Agency Erased, as the operator states"}, nil},
		{"void", []string{"Taken back by its author", "entries. Taken back by its author on", "It does not count any more, and stays displayed."}, nil},
		{"voiding", []string{"is void", "It was logged twice.", "(taken back)"}, nil},
		{"wrong", []string{"Corrected by its author"}, nil},
		{"right", []string{"stands in the place of its request", "a request that it attributes to XH"}, nil},
		{"from-slot", []string{"Committed to In the slot for", "logged 8 January 2025", "So its text stood when the slot was logged"}, nil},
		{"slot", []string{"logged its slot for January 2025", "64 digests, the same whether there is anything in it or not", "Named since by Request, entry", "Whether there is anything in it."}, nil},
		{"empty-slot", []string{"64 digests, the same whether there is anything in it or not"}, []string{"Named since by"}},
		{"account", []string{"Corrected by its author", "received 1 request from January to March 2025"}, nil},
		{"account-again", []string{"A correction", "stands in the place of its attestation"}, nil},
		{"account-withheld", []string{"can’t say how many requests it received", "Not published; to be reviewed by"}, nil},
		{"amend-terms", []string{"set down other terms of the Lanternhall Accord, from", "In force From 4 April 2025", "Days to reply to a challenge 20 days", "Slots One each week", "The members asked for more time."}, nil},
		{"amend-clauses", []string{"set down other clauses of the Lanternhall Accord, from", "care We take care of those who rely on us."}, nil},
		{"amend-attestation", []string{"Attestations Every half-year"}, nil},
		{"amend-keys", []string{"set down other keys under the Lanternhall Accord", "Keys of the operator 1, which signs alone In force from the next entry on."}, nil},
		{"recover", []string{"Keys of the secretariat 3, of which 2 sign", "of the secretariat or of its recovery"}, nil},
		{"amend-log-keys", []string{"with which keys the log’s checkpoints are signed", "whoever verifies goes by a policy file"}, nil},
		{"pledge-again", []string{"pledged itself to 6 clauses", "Clauses of Change of terms, entry", "care We take care of those who rely on us."}, nil},
		{"challenge", []string{"stated a challenge to " + named(0) + " over its request", "It is no finding of the accord’s rules.", "letter.pdf", "There was one letter.", "Reply due Before"}, nil},
		{"reply", []string{"disputes a challenge by " + x.Challengers[0].Name, "We were shown another letter.", "There was one letter."}, nil},
		{"reply-finding", []string{"accepts a finding of the accord’s rules (“Count differs from the log”)", "Period January to March 2025"}, nil},
		{"overdue", []string{"over a finding of the accord’s rules", "What became of the other two?", "No reply is logged; it was due before", "This does not say why.", "No reply yet"}, nil},
		{"taken-back", []string{"Taken back by its author.", "No reply is logged. The challenge was taken back."}, nil},
		{"held", []string{"Not shown yet", "A challenge is shown beside its reply.", "No reply is logged yet; due before"}, []string{"bodies/"}},
		{"rotation", []string{"stated that it replaced its keys", "Keys 2, of which 2 sign", "enough of the former ones, and every new one"}, nil},
		{"doubtful", []string{"Called doubtful by its author.", "Doubtful, by its author’s own word", "calls what was signed as its own in entry"}, nil},
		{"compromise", []string{"a key of its own was compromised", "Doubtful from Request, entry"}, nil},
		{"rekey", []string{"stated that it gave Brightwater Instruments new keys", "They count after 14 days, unless"}, nil},
		{"unconfirmed", []string{"Signed with keys that the former ones have not confirmed.", "Keys not confirmed", "rests on the secretariat"}, nil},
		{"proposal", []string{"stated that it proposes to remove " + named(7), "Slots not received"}, nil},
		{"removal", []string{"stated that it removed " + named(7), "Proposed", "20 days before.", "Pledge not kept"}, nil},
		{"removal-at-once", []string{"It had not been proposed before"}, nil},
		{"suspension", []string{"stated that it suspended Brightwater Instruments"}, nil},
		{"reinstated", []string{"stated that it reinstated " + named(4)}, nil},
		{"succession", []string{"stated that " + named(0) + " takes the place of " + named(2)}, nil},
		{"withdrawal", []string{"stated that it withdraws from the Lanternhall Accord", "We leave the accord."}, nil},
		{"readmission", []string{"stated that it admitted " + x.Challengers[2].Name + " again", "They count at once if enough of the former keys"}, nil},
		{"end", []string{"stated that this log ends on", "and that log.lanternhall.example/2030 goes on", "End of the log"}, nil},
		{sig(0), []string{"In standing", "Took the place of " + named(2), "Challenge by " + x.Challengers[0].Name, "Reply by " + named(0), "logged 0 of 5 slots that were due.", "None is logged for", "Corrected"}, nil},
		{sig(1), []string{"withheld 5 texts when they were logged; 2 of 5 are opened", "No reply is logged; it was due before", "Not published; to be reviewed by"}, nil},
		{sig(2), []string{"Succeeded by another", named(0) + " takes the place of " + named(2), "took 1 more back"}, nil},
		{sig(3), []string{"Withdrawn", "stated on", "that it withdraws", "Some statements are doubtful", "Changes of keys"}, nil},
		{sig(4), []string{"Proposed for removal", "less than a day before the newest entry, that it proposes to remove " + named(4), "Its text is shown when a reply is logged"}, nil},
		{sig(5), []string{"Suspended", "All that it states may still be logged", "Keys not confirmed", "Former names " + strings.TrimSpace(x.formerName()) + " Until"}, nil},
		{sig(6), []string{"Suspended, and proposed for removal"}, nil},
		{sig(7), []string{"Removed", "It had proposed that on", "20 days before.", "Reason stated: Pledge not kept."}, nil},
		{sig(8), []string{"New keys are waiting", "The log has no pledge by it yet."}, nil},
		{"/signatories/" + x.Challengers[3].ID, []string{"Removed", "It had not proposed that before."}, nil},
		{"/signatories/" + x.Challengers[0].ID, []string{"to file challenges", "Challenge by " + x.Challengers[0].Name}, nil},
		{"/signatories/operator", []string{"Operator", "It runs this log", "Newest list of last statements", "Changes of keys"}, []string{"None of them is among the operator’s"}},
		{"/signatories/secretariat", []string{"Secretariat", "Changes of keys"}, nil},
		{"/", []string{"The secretariat stated that this log ends on", "It names log.lanternhall.example/2030 as the log that goes on.", "No reply stated yet", "Slots not received", "Keys not confirmed", "Texts erased", "End of the log"}, nil},
		{"/entries?kind=request", []string{"(taken back)", "stands in its place)", "(doubtful, by its author’s own word)", "(keys not confirmed)"}, nil},
		{"/signatories", []string{"Removed", "Withdrawn", "Succeeded by another", "Suspended", "Proposed for removal", "The operator’s statements"}, nil},
	}
}

// formerName is the one under which the sixth signatory was admitted.
func (x *states) formerName() string { return generator.Companies[5].Name }

func (x *states) path(page string) string {
	if strings.HasPrefix(page, "/") {
		return page
	}
	return "/entries/" + x.said[page].ID.String()
}

// TestEveryState reads the page of every kind and every state.
func TestEveryState(t *testing.T) {
	x := newStates()
	h := site(t, x.World, publish(t, x.World))
	looked := make(map[string]bool)
	for _, l := range x.looks() {
		looked[l.page] = true
		if !strings.HasPrefix(l.page, "/") && x.said[l.page] == nil {
			t.Errorf("no statement %s", l.page)
			continue
		}
		b := body(t, h, x.path(l.page))
		text := visible(b)
		for _, s := range l.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not say %q:\n%s", l.page, s, text)
			}
		}
		for _, s := range append([]string{"⟦", hush}, l.not...) {
			if strings.Contains(b, s) {
				t.Errorf("%s says %q", l.page, s)
			}
		}
		if len(b) > maxPage {
			t.Errorf("%s has %d bytes", l.page, len(b))
		}
	}
	for name := range x.said {
		if !looked[name] && body(t, h, x.path(name)) == "" {
			t.Errorf("%s has no page", name)
		}
	}
}

// TestAnswersAreThoseThatAreCounted: the answer on a request's page is the one by
// which its author's requests are counted, corrections and all.
func TestAnswersAreThoseThatAreCounted(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed = 23
	w := generator.New(o)
	if err := w.EveryKind(650); err != nil {
		t.Fatal(err)
	}
	dir := publish(t, w)
	h, x := site(t, w, dir), indexOf(t, w, dir)
	counted, shown := make(map[string]uint64), make(map[string]uint64)
	roll, err := x.Signatories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range roll.Statuses {
		for code, n := range st.Outcomes {
			term, _ := entry.Terms().Term("outcome", code)
			counted[term.Label] += n
		}
	}
	answer := regexp.MustCompile(`<dt>Answer</dt><dd>(?:<a [^>]*>)?(.*?)(?:</a>, logged|</dd>| <span)`)
	for i := range w.Size() {
		e, err := x.EntryAt(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if e.Statement.Kind != entry.KindRequest || e.InPlaceOf != nil || isVoid(t, x, e) {
			continue
		}
		m := answer.FindStringSubmatch(body(t, h, "/entries/"+e.ID.String()))
		if m == nil {
			t.Fatalf("entry %d has no answer row", i)
		}
		label := visible(m[1])
		if strings.Contains(label, "stated none, as of") {
			label = "No decision yet"
		}
		for _, r := range e.ReferredBy {
			if r.Kind != entry.KindDecision {
				continue
			}
			d, err := x.EntryAt(t.Context(), r.Index)
			if err != nil {
				t.Fatal(err)
			}
			// What stands in a text is shown when that is open, and never counted.
			if d.Statement.Body.(*entry.Decision).Outcome == "" {
				label = "No decision yet"
			}
		}
		shown[label]++
	}
	if diff := cmp.Diff(counted, shown); diff != "" || len(shown) < 8 {
		t.Errorf("answers (-counted +shown):\n%s", diff)
	}
}

// isVoid follows a request to what stands in its place now.
func isVoid(t *testing.T, x *index.Index, e *index.Entry) bool {
	for e.Correction != nil {
		if e.Correction.By == nil {
			return true
		}
		var err error
		if e, err = x.EntryAt(t.Context(), e.Correction.By.Index); err != nil {
			t.Fatal(err)
		}
	}
	return false
}
