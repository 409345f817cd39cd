package vectors_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/vectors"
)

// TestChains judges the leaves of each chain in order, what else could come at each
// point, and how things stand at the end.
func TestChains(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(dir, "chains", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no chains (%v)", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			holdChain(t, read[vectors.Chain](t, filepath.Join("chains", filepath.Base(path))))
		})
	}
}

func holdChain(t *testing.T, c vectors.Chain) {
	keys := pledge.NewKeyring()
	items := make([]*pledge.Item, len(c.Leaves))
	for i, step := range c.Leaves {
		items[i] = pledge.Read(uint64(i), step.Leaf)
		keys.Learn(items[i].Statement)
	}
	keys.TryAll(items)
	state := pledge.New(c.Log)
	cases := c.Cases
	for i, step := range c.Leaves {
		cases = holdCases(t, state, keys, cases, i)
		what := fmt.Sprintf("leaf %d", i)
		holdItem(t, what, keys, items[i], step.ID, step.Unverified)
		v, found := state.Step(items[i])
		if string(v.Kind) != step.Verdict || string(v.Code) != step.Code {
			t.Errorf("%s: %s %s (%s), want %s %s", what, v.Kind, v.Code, v.Detail, step.Verdict, step.Code)
		}
		if diff := gocmp.Diff(step.Findings, findings(found)); diff != "" {
			t.Errorf("%s: findings:\n%s", what, diff)
		}
	}
	if rest := holdCases(t, state, keys, cases, len(c.Leaves)); len(rest) > 0 {
		t.Errorf("case %s comes after %d leaves, out of order", rest[0].Name, rest[0].After)
	}
	asOf, err := entry.ParseTime(c.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(c.Open, findings(state.Promises(asOf))); diff != "" {
		t.Errorf("open findings:\n%s", diff)
	}
	statuses := state.Statuses(asOf)
	if len(statuses) != len(c.Authors) {
		t.Errorf("%d authors are admitted, want %d", len(statuses), len(c.Authors))
		return
	}
	for i, want := range c.Authors {
		if diff := gocmp.Diff(want, status(statuses[i])); diff != "" {
			t.Errorf("%s:\n%s", want.Author, diff)
		}
	}
}

// holdItem wants the entry id, and those signatures to fail that are said to, or
// whose key no statement brings.
func holdItem(t *testing.T, what string, keys *pledge.Keyring, it *pledge.Item, id string, unverified []string) {
	t.Helper()
	if it.Leaf == nil {
		if id != "" {
			t.Errorf("%s: it can't be read: %v", what, it.Err)
		}
		return
	}
	if got := it.Leaf.Statement.ID().String(); got != id {
		t.Errorf("%s: id %s, want %s", what, got, id)
	}
	for i, s := range it.Leaf.Statement.Signatures {
		if fails := slices.Contains(unverified, s.KeyID.String()) || keys.Key(s.KeyID) == nil; i < len(it.Valid) && it.Valid[i] == fails {
			t.Errorf("%s: the signature by %s verifies: %t", what, s.KeyID, it.Valid[i])
		}
	}
}

// holdCases judges the cases that come after n leaves and returns the others.
func holdCases(t *testing.T, state *pledge.State, keys *pledge.Keyring, cases []vectors.Case, n int) []vectors.Case {
	t.Helper()
	for len(cases) > 0 && cases[0].After == n {
		c := cases[0]
		cases = cases[1:]
		it := pledge.Read(uint64(n), c.Leaf)
		keys.Learn(it.Statement)
		keys.Try(it)
		holdItem(t, c.Name, keys, it, c.ID, c.Unverified)
		if v := state.Judge(it); string(v.Kind) != c.Verdict || string(v.Code) != c.Code {
			t.Errorf("%s: %s %s (%s), want %s %s", c.Name, v.Kind, v.Code, v.Detail, c.Verdict, c.Code)
		}
	}
	return cases
}

func findings(list []pledge.Finding) []vectors.Found {
	var out []vectors.Found
	for _, f := range list {
		one := vectors.Found{Code: string(f.Code), Concerns: string(f.Concerns), Author: f.Author, Period: f.Period}
		if f.Index != nil {
			i := int(*f.Index)
			one.Index = &i
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b vectors.Found) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Period, b.Period), cmp.Compare(indexOf(a), indexOf(b)))
	})
	return out
}

func indexOf(f vectors.Found) int {
	if f.Index == nil {
		return -1
	}
	return *f.Index
}

// status writes a status as the vectors have it.
func status(s pledge.Status) vectors.Status {
	index := func(m pledge.Mark) *int { i := int(m.Index); return &i }
	out := vectors.Status{
		Author: s.ID, Standing: s.Standing, Seq: int(s.Seq), SlotSeq: int(s.SlotSeq), Keys: s.Keys.Digest(), Pledged: s.Pledged,
		Requests: int(s.Requests), Void: int(s.Void), Outcomes: counts(s.Outcomes), Withheld: int(s.Withheld), Opened: int(s.Opened), SlotsOwed: int(s.Slots.Owed),
	}
	if s.KeysWaiting != nil {
		out.Waiting = index(s.KeysWaiting.Mark)
	}
	if s.KeysChanged != nil {
		out.Unconfirmed = index(s.KeysChanged.Mark)
	}
	for _, d := range s.Doubtful {
		out.Doubtful = append(out.Doubtful, [2]int{int(d.First), int(d.Last)})
	}
	if s.Proposed != nil {
		out.Proposed = index(*s.Proposed)
	}
	if s.Removed != nil && s.Removed.Proposed != nil {
		out.Proposed = index(*s.Removed.Proposed)
	}
	if s.Succeeded != nil {
		out.Successor = s.Succeeded.Author
	}
	for _, o := range s.Succeeds {
		out.Succeeds = append(out.Succeeds, o.Author)
	}
	for _, p := range s.Slots.First {
		out.SlotsMissed = append(out.SlotsMissed, p.String())
	}
	for _, c := range s.Challenges {
		one := vectors.Challenge{Index: int(c.Index), By: c.By, Against: c.Against, Due: entry.FormatTime(c.Due), Open: c.IsOpen(), Void: c.Void}
		for _, r := range c.Replies {
			one.Answers = append(one.Answers, r.Answer)
		}
		out.Challenges = append(out.Challenges, one)
	}
	for _, p := range s.Periods {
		one := vectors.Period{Period: p.Period.String(), State: string(p.State), Deadline: entry.FormatTime(p.Deadline), Logged: counts(p.Logged.Outcomes), Received: int(p.Received)}
		if p.Attested != nil {
			one.First = index(*p.Attested)
		}
		if p.Content != nil {
			one.Content = index(*p.Content)
		}
		out.Periods = append(out.Periods, one)
	}
	return out
}

func counts(m map[string]uint64) map[string]int {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]int)
	for k, n := range m {
		out[k] = int(n)
	}
	return out
}
