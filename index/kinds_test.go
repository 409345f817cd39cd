package index_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// cast is a small log in which everybody has signed, and time moves on by an hour
// with each statement.
type cast struct {
	*published
	w    *generator.World
	a, b *generator.Author
	ngo  *generator.Author
}

func newCast(t *testing.T) *cast {
	t.Helper()
	p := newPublished(t, generator.Options{Seed: 31, Signatories: 3, Challengers: 1, Slots: entry.SlotsMonth})
	c := &cast{published: p, w: p.world}
	c.a, c.b, c.ngo = c.w.Signatories[0], c.w.Signatories[1], c.w.Challengers[0]
	c.say(c.w.Found())
	for _, a := range []*generator.Author{c.a, c.b, c.w.Signatories[2], c.ngo} {
		c.say(c.w.Admit(a))
	}
	for _, a := range []*generator.Author{c.a, c.b} {
		c.say(c.w.Pledge(a))
	}
	return c
}

func (c *cast) say(st *generator.Statement) *generator.Statement {
	c.w.Log(st)
	c.w.Advance(time.Hour)
	return st
}

func (c *cast) day(after int64) string { return entry.FormatTime(c.w.Now() + after*86400)[:10] }

// shown publishes everything and returns an entry as the index has it then.
func (c *cast) show(x *index.Index) {
	c.t.Helper()
	c.publish(len(c.w.Logged))
	if err := x.CatchUp(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cast) entry(x *index.Index, st *generator.Statement) *index.Entry {
	c.t.Helper()
	e, err := x.Entry(c.t.Context(), st.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

// found lists the codes of an entry's findings.
func found(e *index.Entry) string {
	var codes []string
	for _, f := range e.Findings {
		codes = append(codes, string(f.Code))
	}
	slices.Sort(codes)
	return strings.Join(codes, " ")
}

func all(t *testing.T, x *index.Index, code entry.Code) int {
	t.Helper()
	fs, err := x.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range fs {
		if f.Code == code {
			n++
		}
	}
	return n
}

func TestOpenedTexts(t *testing.T) {
	c := newCast(t)
	st := c.say(c.w.Request(c.a, "2025-01", &entry.RequestBody{Assist: []string{"keys"}, Country: "XC"}).Withhold(c.day(60)))
	x := c.open()
	c.show(x)
	e := c.entry(x, st)
	review, _ := entry.ParseDate(st.Review)
	if e.BodyState != pledge.BodyWithheld || e.Review != review || e.Detached != nil || e.Opened != nil {
		t.Errorf("withheld: %s until %d", e.BodyState, e.Review)
	}
	later := c.day(90)
	extended := c.say(c.w.Extend(st, later, "still-forbidden"))
	c.show(x)
	review, _ = entry.ParseDate(later)
	if e := c.entry(x, st); e.Review != review || len(e.ReferredBy) != 1 || e.ReferredBy[0].ID != extended.ID {
		t.Errorf("extended: until %d, referred to by %v", e.Review, e.ReferredBy)
	}
	before := x.Snapshot()
	opened := c.say(c.w.OpenText(st, "order-lifted"))
	c.show(x)
	e = c.entry(x, st)
	if b, ok := e.Detached.(*entry.RequestBody); !ok || b.Country != "XC" || e.BodyState != pledge.BodyPublished || string(e.Body) != string(st.Body) || e.Review != 0 {
		t.Errorf("opened: %s, %v", e.BodyState, e.Detached)
	}
	if e.Opened == nil || e.Opened.ID != opened.ID || e.Opened.Logged != opened.Logged {
		t.Errorf("opened by %+v", e.Opened)
	}
	if o := c.entry(x, opened); o.Subject == nil || o.Subject.ID != st.ID || o.Subject.Detached == nil {
		t.Error("the open does not lead to the text")
	}
	if got := found(e); got != "" {
		t.Errorf("findings %s", got)
	}
	// An older snapshot stays as it was.
	if e, err := before.Entry(t.Context(), st.ID); err != nil || e.BodyState != pledge.BodyWithheld || e.Detached != nil || e.Opened != nil {
		t.Errorf("before: %s, %v", e.BodyState, err)
	}
	// A new index reads it the same way.
	if e := c.entry(c.caughtUp(), st); e.BodyState != pledge.BodyPublished || e.Opened == nil {
		t.Errorf("read anew: %s", e.BodyState)
	}
	// What was opened has to be served.
	text := c.change(log.BodyPath(st.BodyDigest), nil)
	if x := c.caughtUp(); found(c.entry(x, st)) != string(pledge.FindBodyMissing) || all(t, x, pledge.FindBodyMissing) != 1 {
		t.Errorf("not served: %s, %d in all", found(c.entry(x, st)), all(t, x, pledge.FindBodyMissing))
	} else {
		c.change(log.BodyPath(st.BodyDigest), text)
		if err := x.CatchUp(t.Context()); err != nil || all(t, x, pledge.FindBodyMissing) != 0 {
			t.Errorf("served again: %d, %v", all(t, x, pledge.FindBodyMissing), err)
		}
	}
}

func TestWithheldTextThatIsServed(t *testing.T) {
	c := newCast(t)
	st := c.say(c.w.Request(c.a, "2025-01", nil).Withhold(c.day(60)))
	c.publish(len(c.w.Logged))
	c.change(log.BodyPath(st.BodyDigest), st.Body)
	x := c.caughtUp()
	if e := c.entry(x, st); e.Body != nil || e.Detached != nil || found(e) != string(pledge.FindBodyNotOpened) {
		t.Errorf("shown: %v, findings %s", e.Detached != nil, found(e))
	}
	c.change(log.BodyPath(st.BodyDigest), nil)
	if err := x.CatchUp(t.Context()); err != nil || all(t, x, pledge.FindBodyNotOpened) != 0 {
		t.Errorf("no longer served, and found: %v", err)
	}
}

func TestSealedFields(t *testing.T) {
	c := newCast(t)
	st := c.say(c.w.Seal(c.w.Request(c.a, "2025-01", &entry.RequestBody{Agency: "Office Nine", Assist: []string{"keys"}, Country: "XB"}),
		generator.Seal{Member: "agency", Reason: "safety", Review: c.day(10)}, generator.Seal{Member: "country", Law: "other-statute", Reason: entry.Withheld, Review: c.day(20)}))
	x := c.open()
	c.show(x)
	e := c.entry(x, st)
	if b := e.Detached.(*entry.RequestBody); b.Country != "" || b.Agency != "" || len(b.Seals()) != 2 || len(e.Disclosed) != 0 {
		t.Errorf("sealed: %+v", b)
	}
	opened := c.say(c.w.OpenText(st, "risk-passed", "agency"))
	c.show(x)
	e = c.entry(x, st)
	b := e.Detached.(*entry.RequestBody)
	if b.Agency != "Office Nine" || b.Country != "" || len(b.Seals()) != 1 || b.Seals()[0].Law != "other-statute" {
		t.Errorf("unsealed: %+v", b)
	}
	if len(e.Disclosed) != 1 || e.Disclosed[0].Seal.Member != "agency" || e.Disclosed[0].By.ID != opened.ID || e.Disclosed[0].By.Logged != opened.Logged || e.Disclosed[0].Text == "" {
		t.Errorf("disclosed: %+v", e.Disclosed)
	}
	if string(e.Body) != string(st.Body) {
		t.Error("the body is not the bytes that were signed")
	}
	if o := c.entry(x, opened); found(o) != "" {
		t.Errorf("findings on the open: %s", found(o))
	}
	// The field that is still sealed falls due.
	c.w.Advance(21 * 24 * time.Hour)
	c.say(c.w.Pledge(c.b))
	c.show(x)
	if got := found(c.entry(x, st)); !strings.Contains(got, string(pledge.FindSealedOverdue)) || all(t, x, pledge.FindSealedOverdue) != 1 {
		t.Errorf("after its review date: %s", got)
	}
	// A disclosure that is not served is missed at the open.
	digest := opened.Opens[0].Digest
	c.change(log.BodyPath(digest), nil)
	x = c.caughtUp()
	if got := found(c.entry(x, opened)); got != string(pledge.FindDisclosureGone) {
		t.Errorf("without the disclosure: %s", got)
	}
	if e := c.entry(x, st); e.Detached.(*entry.RequestBody).Agency != "" || e.Disclosed[0].Text != "" {
		t.Error("a field is shown that is not served")
	}
}

func TestErasedTexts(t *testing.T) {
	c := newCast(t)
	const words = "The lighthouse keeper's name."
	st := c.say(c.w.Request(c.a, "2025-01", &entry.RequestBody{Assist: []string{"keys"}, Country: "XC", Narrative: map[string]string{"en": words}}))
	sealed := c.say(c.w.Seal(c.w.Request(c.a, "2025-01", &entry.RequestBody{Agency: "Office Nine", Assist: []string{"keys"}, Country: "XB"}), generator.Seal{Member: "agency", Reason: "safety", Review: c.day(10)}))
	opened := c.say(c.w.OpenText(sealed, "risk-passed", "agency"))
	x := c.open()
	c.show(x)
	if e := c.entry(x, st); !strings.Contains(string(e.Body), words) {
		t.Fatal("the text is not there to begin with")
	}
	// The operator logs the tombstone and goes on serving the text.
	erasure := c.say(c.w.Erase(st, st.BodyDigest, entry.BasisDataSubject, "REF-1"))
	field := c.say(c.w.Erase(sealed, opened.Opens[0].Digest, entry.BasisSafety, "REF-2"))
	c.show(x)
	c.change(log.BodyPath(st.BodyDigest), st.Body)
	c.change(log.BodyPath(opened.Opens[0].Digest), opened.Opens[0].Bytes)
	for _, x := range []*index.Index{x, c.caughtUp()} {
		e := c.entry(x, st)
		if e.BodyState != pledge.BodyErased || e.Body != nil || e.Detached != nil {
			t.Errorf("erased: %s, shown %v", e.BodyState, e.Body != nil)
		}
		if len(e.Erasures) != 1 || e.Erasures[0].Entry != erasure.ID || e.Erasures[0].Basis != entry.BasisDataSubject || e.Erasures[0].Reference != "REF-1" {
			t.Errorf("tombstone: %+v", e.Erasures)
		}
		e = c.entry(x, sealed)
		if e.Detached.(*entry.RequestBody).Agency != "" || len(e.Disclosed) != 1 || !e.Disclosed[0].Erased || e.Disclosed[0].Text != "" || len(e.Erasures) != 1 || e.Erasures[0].Entry != field.ID {
			t.Errorf("erased field: %+v %+v", e.Disclosed, e.Erasures)
		}
	}
	if x := c.caughtUp(); found(c.entry(x, erasure)) != "body-erased body-erased-served" || found(c.entry(x, field)) != "body-erased body-erased-served" {
		t.Errorf("served all the same: %s and %s", found(c.entry(x, erasure)), found(c.entry(x, field)))
	} else {
		c.change(log.BodyPath(st.BodyDigest), nil)
		c.change(log.BodyPath(opened.Opens[0].Digest), nil)
		if err := x.CatchUp(t.Context()); err != nil || all(t, x, pledge.FindErasedServed) != 0 || all(t, x, pledge.FindBodyMissing)+all(t, x, pledge.FindDisclosureGone) != 0 {
			t.Errorf("deleted at last: %v", err)
		}
	}
}

// TestErasedClauses: what the operator erased of a charter leaves too.
func TestErasedClauses(t *testing.T) {
	c := newCast(t)
	x := c.open()
	c.show(x)
	if _, _, texts := x.Charter(); len(texts) == 0 || len(x.Snapshot().ClausesInForce()) == 0 {
		t.Fatal("no clauses to begin with")
	}
	charter := pledge.Read(0, c.w.Logged[0].Leaf).Statement
	c.say(c.w.Erase(&generator.Statement{Statement: *charter}, charter.BodyDigest, entry.BasisCourtOrder, "REF-3"))
	c.show(x)
	if _, _, texts := x.Charter(); texts != nil || len(x.Snapshot().ClausesInForce()) != 0 {
		t.Error("the erased text is still shown")
	}
}

func TestChallengesAreHeldUntilDue(t *testing.T) {
	c := newCast(t)
	told := c.say(c.w.Request(c.a, "2025-01", nil))
	asked := c.say(c.w.Challenge(c.ngo, c.a, &entry.Challenge{Entry: told.ID}, nil))
	other := c.say(c.w.Challenge(c.ngo, c.b, nil, nil))
	x := c.open()
	c.show(x)
	due := asked.Logged + int64(c.w.Terms.ReplyDays)*86400
	if e := c.entry(x, asked); e.HeldUntil != due || e.Detached != nil || e.Body != nil || e.Challenge == nil || e.Subject == nil || e.Subject.ID != told.ID {
		t.Errorf("not due yet: until %d, want %d; shown %v", e.HeldUntil, due, e.Detached != nil)
	}
	if e := c.entry(x, told); len(e.Challenges) != 1 || e.Challenges[0].Entry != asked.ID {
		t.Errorf("the challenged entry names %v", e.Challenges)
	}
	reply := c.say(c.w.Reply(c.a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, nil))
	c.show(x)
	if e := c.entry(x, asked); e.HeldUntil != 0 || e.Detached == nil || len(e.Challenge.Replies) != 1 {
		t.Errorf("answered: held until %d", e.HeldUntil)
	}
	if e := c.entry(x, reply); e.Challenge == nil || e.Challenge.Entry != asked.ID || e.Subject.ID != asked.ID {
		t.Error("the reply does not lead to the challenge")
	}
	if e := c.entry(x, other); e.HeldUntil == 0 || e.Detached != nil {
		t.Error("the other one is not held")
	}
	c.w.Advance(time.Duration(c.w.Terms.ReplyDays) * 24 * time.Hour)
	c.say(c.w.Pledge(c.b))
	c.show(x)
	if e := c.entry(x, other); e.HeldUntil != 0 || e.Detached == nil {
		t.Error("due, and held")
	}
	if refs := x.Snapshot().About(c.a.ID); len(refs) != 2 || refs[0].Kind != entry.KindAdmit || refs[1].ID != asked.ID {
		t.Errorf("statements about %s: %v", c.a.ID, refs)
	}
}

func TestCorrectionsAndKeys(t *testing.T) {
	c := newCast(t)
	filed := c.w.Log(c.w.Request(c.a, "2025-01", nil))
	first := c.say(c.w.Decision(filed, "refused", nil))
	second := c.say(c.w.Decision(filed, "narrowed", nil))
	x := c.open()
	c.show(x)
	before := x.Snapshot()
	fix := c.say(c.w.Correct(first, second, nil))
	gone := c.say(c.w.Request(c.a, "2025-01", nil))
	void := c.say(c.w.Correct(gone, nil, nil))
	c.say(c.w.Compromised(c.a, generator.Ring{Keys: c.w.NewKeys("a-new", 1), Threshold: 1}, second.ID))
	kept := c.say(c.w.Request(c.a, "2025-01", nil))
	c.show(x)
	e := c.entry(x, first)
	if e.Correction == nil || e.Correction.Entry != fix.ID || e.Correction.How != entry.CorrectSuperseded || e.Correction.By == nil || e.Correction.By.ID != second.ID || e.Doubt != nil {
		t.Errorf("superseded: %+v", e.Correction)
	}
	if e := c.entry(x, second); e.InPlaceOf == nil || e.InPlaceOf.ID != first.ID || e.Correction != nil || e.Doubt == nil {
		t.Errorf("in place of %+v", e.InPlaceOf)
	}
	if e := c.entry(x, gone); e.Correction == nil || e.Correction.Entry != void.ID || e.Correction.How != entry.CorrectVoid || e.Correction.By != nil {
		t.Errorf("void: %+v", e.Correction)
	}
	if c.entry(x, kept).Doubt != nil {
		t.Error("doubtful after the new keys")
	}
	if e, err := before.Entry(t.Context(), first.ID); err != nil || e.Correction != nil {
		t.Errorf("before the correction: %+v %v", e.Correction, err)
	}
	// Keys of last resort are labelled from when they count.
	rekey := c.say(c.w.Rekey(c.b, generator.Ring{Keys: c.w.NewKeys("b-new", 1), Threshold: 1}))
	c.w.Advance(15 * 24 * time.Hour)
	labelled := c.say(c.w.Request(c.b, "2025-01", nil))
	c.show(x)
	if e := c.entry(x, labelled); e.Unconfirmed == nil || e.Unconfirmed.Entry != rekey.ID {
		t.Errorf("unconfirmed: %+v", e.Unconfirmed)
	}
	for _, st := range c.w.Logged[:6] {
		if e := c.entry(x, &generator.Statement{Statement: *pledge.Read(0, st.Leaf).Statement}); e.Unconfirmed != nil {
			t.Errorf("entry %d was signed before", e.Index)
		}
	}
}

func TestAmendsAndTheEnd(t *testing.T) {
	c := newCast(t)
	x := c.open()
	c.show(x)
	if x.Snapshot().End() != nil || x.Snapshot().Terms().ReplyDays != c.w.Terms.ReplyDays {
		t.Fatal("terms to begin with")
	}
	texts := &entry.AmendBody{Clauses: map[string]string{"more": "We do more."}}
	from := c.w.Now() + 86400
	amend := c.say(c.w.Amend(&entry.Amend{Clauses: []entry.Clause{{ID: "more"}}, ReplyDays: 9, From: entry.FormatTime(from)}, generator.Amended{}, texts))
	c.say(c.w.Amend(&entry.Amend{Ends: &entry.End{Successor: "log.second.example"}, From: entry.FormatTime(from + 30*86400)}, generator.Amended{}, nil))
	c.show(x)
	if s := x.Snapshot(); s.End() == nil || s.End().At != from+30*86400 || s.End().Successor != "log.second.example" || s.Terms().ReplyDays == 9 {
		t.Errorf("announced: %+v", s.End())
	}
	c.w.Advance(48 * time.Hour)
	promise := c.say(c.w.Pledge(c.a))
	c.show(x)
	if s := x.Snapshot(); s.Terms().ReplyDays != 9 || len(s.ClausesInForce()) != 1 || s.ClausesInForce()["more"] != "We do more." {
		t.Errorf("in force: %+v %v", s.Terms(), s.ClausesInForce())
	}
	if e := c.entry(x, promise); len(e.Refers) != 1 || e.Refers[0].ID != amend.ID || x.Snapshot().Clauses(e.Refers[0].Index)["more"] == "" {
		t.Errorf("the pledge refers to %v", e.Refers)
	}
	committed := c.w.Commit(c.b, "2025-01", nil)
	slot := c.say(c.w.Slot(c.b, entry.SlotPeriodAt(entry.SlotsMonth, c.w.Now()), committed))
	told := c.say(c.w.Publish(committed))
	c.show(x)
	if e := c.entry(x, told); len(e.Refers) != 1 || e.Refers[0].ID != slot.ID {
		t.Errorf("the request refers to %v", e.Refers)
	}
	if e := c.entry(x, slot); len(e.ReferredBy) != 1 || e.ReferredBy[0].ID != told.ID {
		t.Errorf("the slot is referred to by %v", e.ReferredBy)
	}
}
