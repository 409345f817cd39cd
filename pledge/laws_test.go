package pledge_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// A player logs statements of all kinds, drawn by rapid: good ones, and such as the
// rules reject.
type player struct {
	*cast
	t        *rapid.T
	s        *pledge.State
	ring     *pledge.Keyring
	made     []*generator.Statement // accepted ones, of signatories and challengers
	filed    []*generator.Filed
	verdicts []pledge.Verdict
	found    []pledge.Finding

	challengers []*generator.Author
	gaps        []int64  // seconds between two moves
	often       []string // half of the moves are of these; nil: all are as likely
}

func newPlayer(t *rapid.T) *player {
	p := &player{cast: newCast(rapid.Uint64Range(0, 1000).Draw(t, "seed")), t: t, ring: pledge.NewKeyring()}
	p.challengers, p.gaps = []*generator.Author{p.c}, []int64{0, 1, 3600, 86400, 5 * 86400, 40 * 86400}
	p.s = pledge.New(p.Options.Origin)
	p.made = []*generator.Statement{p.request, p.decision, p.withheld, p.slot}
	p.filed = []*generator.Filed{p.cast.filed}
	p.catchUp()
	return p
}

// catchUp steps over what was logged since: the operator makes directories by
// itself.
func (p *player) catchUp() {
	for i := len(p.verdicts); i < len(p.Logged); i++ {
		it := pledge.Read(uint64(i), p.Logged[i].Leaf)
		p.ring.Learn(it.Statement)
		p.ring.Try(it)
		v, found := p.s.Step(it)
		p.verdicts, p.found = append(p.verdicts, v), append(p.found, found...)
	}
}

func draw[T any](t *rapid.T, name string, from []T) T { return rapid.SampledFrom(from).Draw(t, name) }

var moves = []string{"request", "request", "withheld", "decision", "decision", "attestation", "slot", "open", "extend", "correct", "supersede",
	"pledge", "keys", "compromised", "rekey", "standing", "succeed", "withdraw", "readmit", "challenge", "reply", "erase", "amend", "directory", "publish"}

// move logs one statement.
func (p *player) move() {
	p.SetNow(p.Now() + draw(p.t, "seconds", p.gaps))
	p.catchUp()
	who := draw(p.t, "who", p.Signatories[:3])
	some := draw(p.t, "statement", p.made)
	other := draw(p.t, "other", p.made)
	var st *generator.Statement
	kinds := moves
	if p.often != nil && rapid.Bool().Draw(p.t, "often") {
		kinds = p.often
	}
	switch draw(p.t, "kind", kinds) {
	case "request":
		st = p.Request(who, "2025-01", nil)
	case "withheld":
		st = p.Request(who, "2025-01", nil).Withhold(entry.FormatTime(p.Now() + 86400*draw(p.t, "review", []int64{0, 1, 90, 730, 800}))[:10])
	case "decision":
		st = p.Decision(draw(p.t, "filed", p.filed), draw(p.t, "outcome", []string{"refused", "complied", "pending"}), nil)
	case "attestation":
		st = p.Attestation(who, entry.PeriodAt(entry.Quarter, p.Now()-draw(p.t, "ago", []int64{0, 90 * 86400, 180 * 86400})))
	case "slot":
		st = p.Slot(who, entry.SlotPeriodAt(entry.SlotsWeek, p.Now()-draw(p.t, "ago", []int64{0, 7 * 86400})))
	case "open":
		st = p.OpenText(some, "other")
		if len(st.Statement.Body.(*entry.Open).Digests) == 0 {
			return
		}
	case "extend":
		st = p.Extend(some, entry.FormatTime(p.Now() + 86400*30)[:10], "other")
	case "correct":
		st = p.Correct(some, nil, nil)
	case "supersede":
		if some.ID == other.ID {
			return
		}
		if alike := p.like(some.Author, some.Kind); len(alike) > 1 {
			some, other = alike[0], alike[len(alike)-1]
		}
		st = p.Correct(some, other, nil)
	case "pledge":
		st = p.Pledge(who)
	case "keys":
		st = p.Rotate(who, generator.Ring{Keys: p.NewKeys(who.ID+p.Salt(), 2), Threshold: 1, Slot: who.SlotKey})
	case "compromised":
		st = p.Compromised(who, generator.Ring{Keys: p.NewKeys(who.ID+p.Salt(), 1), Threshold: 1, Slot: who.SlotKey}, some.ID)
	case "rekey":
		st = p.Rekey(who, generator.Ring{Keys: p.NewKeys(who.ID+p.Salt(), 1), Threshold: 1})
	case "standing":
		st = p.Standing(who, draw(p.t, "standing", []string{entry.StandingSuspended, entry.StandingReinstated, entry.StandingProposed, entry.StandingRemoved}), "other")
	case "succeed":
		st = p.Succeed(who, draw(p.t, "successor", p.Signatories[:3]))
		if st.Statement.Body.(*entry.Succeed).From == st.Statement.Body.(*entry.Succeed).To {
			return
		}
	case "withdraw":
		st = p.Withdraw(who, nil)
	case "readmit":
		st = p.Readmit(who, who.Ring())
	case "challenge":
		st = p.Challenge(draw(p.t, "challenger", p.challengers), who, nil, nil)
	case "reply":
		about := &entry.Reply{Challenge: some.ID, Answer: entry.AnswerDisputed}
		if asked := p.like("", entry.KindChallenge); len(asked) > 0 {
			c := draw(p.t, "challenge", asked)
			about.Challenge = c.ID
			i := slices.IndexFunc(p.Signatories, func(a *generator.Author) bool { return a.ID == c.Statement.Body.(*entry.Challenge).Against })
			who = draw(p.t, "replies", []*generator.Author{who, p.Signatories[i], p.Signatories[i], p.Signatories[i]})
		}
		st = p.Reply(who, about, nil)
	case "erase":
		if some.BodyDigest == "" {
			return
		}
		st = p.Erase(some, some.BodyDigest, entry.BasisSafety, "ref-1")
	case "amend":
		st = p.Amend(&entry.Amend{From: entry.FormatTime(p.Now() + 86400), GraceDays: uint64(draw(p.t, "grace", []int{5, 60}))}, generator.Amended{}, nil)
	case "directory":
		st = p.Directory()
	case "publish":
		st = p.Publish(p.committed)
	}
	p.take(st)
}

// like lists the accepted statements of a kind by an author, or by any.
func (p *player) like(author string, k entry.Kind) []*generator.Statement {
	return slices.DeleteFunc(slices.Clone(p.made), func(st *generator.Statement) bool {
		return st.Kind != k || author != "" && st.Author != author
	})
}

func (p *player) take(st *generator.Statement) {
	st.Sign()
	it := pledge.Draft(uint64(len(p.Logged)), p.Now(), &entry.Submission{Envelope: st.Envelope, Statement: &st.Statement})
	parsed, err := entry.ParseStatement(st.Envelope)
	if err != nil {
		p.t.Fatalf("%s: %v", st.Kind, err)
	}
	it.Statement = parsed
	p.ring.Try(it)
	if v := p.s.Judge(it); v.Kind != pledge.Accepted {
		p.LogVoid(st)
		p.catchUp()
		return
	}
	f := p.Log(st)
	if f != nil {
		p.filed = append(p.filed, f)
	}
	switch st.Kind {
	case entry.KindRequest, entry.KindDecision, entry.KindAttestation, entry.KindReply, entry.KindChallenge:
		p.made = append(p.made, st)
	}
	p.catchUp()
	if v := p.verdicts[len(p.verdicts)-1]; v.Kind != pledge.Accepted {
		p.t.Fatalf("judged accepted, stepped %+v", v)
	}
}

var unexported = cmp.AllowUnexported(entry.Period{}, entry.SlotPeriod{}, entry.Claim{})

// ignoreIndex leaves out indexes, which shift when leaves come between.
var ignoreIndex = cmp.FilterPath(func(p cmp.Path) bool {
	switch p.Last().String() {
	case ".Index", ".First", ".Last":
		return true
	}
	return false
}, cmp.Ignore())

// TestLawsOfEveryKind: what holds whatever is logged, good or bad.
func TestLawsOfEveryKind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlayer(t)
		for range rapid.IntRange(1, 60).Draw(t, "moves") {
			p.move()
		}
		at := p.s.Now() + rapid.Int64Range(0, 200*86400).Draw(t, "later")

		// The same leaves give the same answer.
		again, verdicts, found := replay(p.World)
		if d := cmp.Diff(p.verdicts, verdicts); d != "" {
			t.Fatalf("two replays differ: %s", d)
		}
		if d := cmp.Diff(p.found, found); d != "" {
			t.Fatalf("two replays differ: %s", d)
		}
		if save(t, p.s) != save(t, again) {
			t.Fatal("two replays come to different states")
		}

		// A leaf without effect changes nothing, wherever it stands and however it is
		// dated. As a directory's size is its index, these are left out here.
		entries := slices.DeleteFunc(slices.Clone(p.Logged), func(e *generator.Entry) bool {
			st := pledge.Read(0, e.Leaf).Statement
			return st != nil && st.Kind == entry.KindDirectory
		})
		cut := rapid.IntRange(1, len(entries)).Draw(t, "cut")
		moment := entries[cut-1].Logged + draw(t, "stray", []int64{-400 * 86400, -1, 0, 1, 600, 14 * 86400, 500 * 86400, 5e9})
		leaf, kind := p.stray(entries, cut, moment)
		strewn := slices.Insert(slices.Clone(entries), cut, &generator.Entry{Leaf: leaf})
		before, verdicts, found := replayLeaves(p.Options.Origin, entries)
		after, v, f := replayLeaves(p.Options.Origin, strewn)
		if v[cut].Kind != kind {
			t.Fatalf("the stray leaf is %+v, not %s", v[cut], kind)
		}
		if d := cmp.Diff(verdicts, slices.Delete(v, cut, cut+1)); d != "" {
			t.Fatalf("a leaf without effect had one: %s", d)
		}
		if d := cmp.Diff(saidBut(found, uint64(len(strewn))), saidBut(f, uint64(cut))); d != "" {
			t.Fatalf("a leaf without effect had one: %s", d)
		}
		at = before.Now() + rapid.Int64Range(0, 200*86400).Draw(t, "later still")
		if before.Now() != after.Now() {
			t.Fatalf("a leaf without effect moved time from %d to %d", before.Now(), after.Now())
		}
		if d := cmp.Diff(before.Statuses(at), after.Statuses(at), unexported, ignoreIndex); d != "" {
			t.Fatalf("a leaf without effect had one: %s", d)
		}
		if d := cmp.Diff(before.Directory(), after.Directory()); d != "" {
			t.Fatalf("a leaf without effect had one: %s", d)
		}
		if d := cmp.Diff(saidBut(before.Promises(at), uint64(len(strewn))), saidBut(after.Promises(at), uint64(cut))); d != "" {
			t.Fatalf("a leaf without effect had one: %s", d)
		}

		// What was rejected can be left out, and a duplicate too.
		var kept []*generator.Entry
		for i, e := range entries {
			if verdicts[i].Kind == pledge.Accepted {
				kept = append(kept, e)
			}
		}
		without, _, _ := replayLeaves(p.Options.Origin, kept)
		at = before.Now() + rapid.Int64Range(0, 200*86400).Draw(t, "at last")
		if d := cmp.Diff(before.Directory(), without.Directory()); d != "" {
			t.Fatalf("leaves without effect had one: %s", d)
		}
		if d := cmp.Diff(before.Statuses(at), without.Statuses(at), unexported, ignoreIndex); d != "" {
			t.Fatalf("leaves without effect had one: %s", d)
		}
	})
}

// stray makes a leaf that has no effect as the next one after the first n.
func (p *player) stray(entries []*generator.Entry, n int, logged int64) (leaf []byte, kind pledge.VerdictKind) {
	switch kind = draw(p.t, "stray kind", []pledge.VerdictKind{pledge.Rejected, pledge.Duplicate, pledge.Malformed}); kind {
	case pledge.Duplicate:
		l, err := entry.ParseLeaf(entries[0].Leaf) // the charter: it was accepted
		if err != nil {
			p.t.Fatal(err)
		}
		l.Logged = logged
		return l.Marshal(), kind
	case pledge.Malformed:
		return append(entries[n-1].Leaf[:len(entries[n-1].Leaf):len(entries[n-1].Leaf)], ' '), kind
	}
	st := p.Request(p.a, "2025-01", nil)
	st.Seq += 1000
	st.Sign()
	return (&entry.Leaf{Logged: logged, Statement: st.Envelope}).Marshal(), kind
}

// A said is what a finding says, but for its sentence, which may name an index.
type said struct {
	Code   entry.Code
	Author string
	Index  uint64
	Entry  string
	Period string
}

// saidBut lists findings as if there were no leaf at an index: but for that on this
// leaf, and on what is dated before it, which concerns the operator.
func saidBut(found []pledge.Finding, stray uint64) []said {
	var out []said
	for _, f := range found {
		s := said{f.Code, f.Author, 1 << 60, f.Entry, f.Period}
		if f.Index != nil {
			s.Index = *f.Index
		}
		switch {
		case s.Index == stray || f.Code == pledge.FindLoggedDecreases:
			continue
		case s.Index > stray && s.Index != 1<<60:
			s.Index--
		}
		out = append(out, s)
	}
	return out
}

func save(t *rapid.T, s *pledge.State) string {
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
