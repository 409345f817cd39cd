package index_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// replay is what anybody gets from the leaves and bodies alone.
func replay(t *testing.T, p *published, n int) (*pledge.State, []pledge.Verdict, []pledge.Finding) {
	t.Helper()
	s, keys := pledge.New(p.world.Options.Origin), pledge.NewKeyring()
	var verdicts []pledge.Verdict
	var items []*pledge.Item
	var found []pledge.Finding
	for i, e := range p.world.Logged[:n] {
		it := pledge.Read(uint64(i), e.Leaf)
		keys.Learn(it.Statement)
		keys.Try(it)
		v, fs := s.Step(it)
		verdicts, items, found = append(verdicts, v), append(items, it), append(found, fs...)
	}
	found = append(found, judgeTexts(t, p, s, items, verdicts)...)
	found = append(found, s.Promises(s.Now())...)
	pledge.SortFindings(found)
	return s, verdicts, found
}

// judgeTexts says what is to be said of all texts as they stand after the last
// leaf: each in its own file.
func judgeTexts(t *testing.T, p *published, s *pledge.State, items []*pledge.Item, verdicts []pledge.Verdict) []pledge.Finding {
	t.Helper()
	get := func(digest string) []byte {
		raw, err := p.Get(t.Context(), log.BodyPath(digest), entry.MaxBody)
		if err != nil {
			return nil
		}
		return raw
	}
	var found []pledge.Finding
	byID, bodies := make(map[entry.ID]*entry.Statement), make(map[entry.ID][]byte)
	opened, seals := make(map[entry.ID][]string), make(map[entry.ID][]entry.Seal)
	for i, it := range items {
		if verdicts[i].Kind != pledge.Accepted {
			continue
		}
		st := it.Statement
		byID[st.ID] = st
		if b, ok := st.Body.(*entry.Open); ok {
			opened[b.Entry] = append(opened[b.Entry], b.Digests...)
		}
		if st.BodyDigest == "" {
			found = append(found, pledge.CodesOf(uint64(i), st)...)
			continue
		}
		state, text, fs := pledge.JudgeText(s.TextOf(st.ID, st.BodyDigest), uint64(i), st, get(st.BodyDigest))
		found = append(found, fs...)
		if state == pledge.BodyPublished {
			bodies[st.ID], seals[st.ID] = get(st.BodyDigest), text.Seals()
		}
	}
	for i, it := range items {
		if verdicts[i].Kind != pledge.Accepted {
			continue
		}
		st := it.Statement
		found = append(found, s.Seals(uint64(i), it.Leaf.Logged, st, seals[st.ID], func(d string) bool { return slices.Contains(opened[st.ID], d) }, s.Now())...)
		if b, ok := st.Body.(*entry.Open); ok {
			for _, digest := range b.Digests {
				if of := byID[b.Entry]; digest != of.BodyDigest && s.TextOf(of.ID, digest) != pledge.TextErased {
					_, _, fs := pledge.JudgeDisclosure(uint64(i), st, of, bodies[of.ID], digest, get(digest))
					found = append(found, fs...)
				}
			}
		}
	}
	for _, e := range s.Erasures() {
		if get(e.Digest) != nil {
			found = append(found, pledge.ErasedServed(e))
		}
	}
	return found
}

// TestShowsEveryKindAsAReplayDoes compares a log of every kind, at sizes in between
// too: a snapshot shows no more than its tree. With -short there are fewer of these.
func TestShowsEveryKindAsAReplayDoes(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed = 5
	p := newPublished(t, o)
	if err := p.world.EveryKind(700); err != nil {
		t.Fatal(err)
	}
	p.world.Conclude("log.lanternhall.example/2026")
	all := len(p.world.Logged)
	x := p.open()
	steps := 6
	if testing.Short() {
		steps = 2
	}
	step := all/steps + 1
	for n := step; n < all+step; n += step {
		n = min(n, all)
		p.publish(n)
		if err := x.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.sameAsAReplay(x, n)
	}
	p.sameAsAReplay(p.caughtUp(), all)
}

// sameAsAReplay compares findings, statuses, texts and relations of the first n
// entries.
func (p *published) sameAsAReplay(x *index.Index, n int) {
	t := p.t
	t.Helper()
	state, verdicts, want := replay(t, p, n)
	found, err := x.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("size %d: findings (-replay +index):\n%s", n, diff)
	}
	roll, err := x.Signatories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Options{cmp.AllowUnexported(entry.Period{}, entry.SlotPeriod{}, entry.Claim{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(state.Statuses(state.Now()), roll.Statuses, same); diff != "" {
		t.Errorf("size %d: statuses (-replay +index):\n%s", n, diff)
	}
	if diff := cmp.Diff(state.Challenges(), x.Snapshot().Challenges(), same); diff != "" {
		t.Errorf("size %d: challenges (-replay +index):\n%s", n, diff)
	}
	for i, v := range verdicts {
		e, err := x.EntryAt(t.Context(), uint64(i))
		if err != nil {
			t.Fatalf("size %d: entry %d: %v", n, i, err)
		}
		if e.Verdict.Kind != v.Kind {
			t.Errorf("size %d: entry %d: verdict %v, want %v", n, i, e.Verdict, v)
		}
		if v.Kind != pledge.Accepted {
			continue
		}
		st := e.Statement
		texts := map[pledge.TextState][]pledge.BodyState{
			pledge.TextPublic: {pledge.BodyPublished}, pledge.TextWithheld: {pledge.BodyWithheld}, pledge.TextErased: {pledge.BodyErased}, pledge.TextUnknown: {pledge.BodyNone},
		}[state.TextOf(st.ID, st.BodyDigest)]
		if !slices.Contains(texts, e.BodyState) || (e.Body != nil) != (e.BodyState == pledge.BodyPublished && e.HeldUntil == 0) {
			t.Errorf("size %d: entry %d: the text is %s and shown: %v; by the log it is %s", n, i, e.BodyState, e.Body != nil, state.TextOf(st.ID, st.BodyDigest))
		}
		if review, held := state.Review(st.ID); held && e.Review != review || !held && e.Review != 0 {
			t.Errorf("size %d: entry %d: to be reviewed by %d, want %d", n, i, e.Review, review)
		}
		c, corrected := state.Correction(st.ID)
		if corrected != (e.Correction != nil) || corrected && (e.Correction.Correction != c || (e.Correction.By == nil) != c.By.IsZero()) {
			t.Errorf("size %d: entry %d: correction %+v, want %+v", n, i, e.Correction, c)
		}
		for _, er := range e.Erasures {
			if got, ok := state.Erased(st.ID, er.Digest); !ok || got != er {
				t.Errorf("size %d: entry %d: erased %+v, want %+v", n, i, er, got)
			}
		}
	}
	erased := 0
	for i := range verdicts {
		e, _ := x.EntryAt(t.Context(), uint64(i))
		erased += len(e.Erasures)
	}
	if erased != len(state.Erasures()) {
		t.Errorf("size %d: %d texts are shown as erased, want %d", n, erased, len(state.Erasures()))
	}
}
