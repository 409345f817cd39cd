package verifier_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// broken is a log whose operator broke a rule that entries show by themselves, one
// after the other: the code of the finding, and what is at its index.
func broken(t testing.TB) (*generator.World, *generator.Site) {
	t.Helper()
	w := generator.New(generator.Options{Seed: 91, Signatories: 2, Witnesses: 3, Quorum: 2, NoDirectories: true})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Advance(time.Minute)
	w.Log(w.Admit(a))
	w.Advance(time.Minute)
	w.Log(w.Pledge(a))
	w.SetNow(at(2025, 2, 1, 12))
	w.Log(w.Request(a, "2025-02", nil))
	good, err := entry.ParseLeaf(w.Logged[3].Leaf)
	if err != nil {
		t.Fatal(err)
	}
	// Not in the exact encoding, and of another log: its payload names one.
	w.LogLeaf(append(bytes.Clone(w.Logged[3].Leaf), '\n'))
	other := generator.New(generator.Options{Seed: 91, Origin: "other.example/1", Signatories: 1})
	other.Log(other.Found())
	strange, err := entry.ParseLeaf(other.Logged[0].Leaf)
	if err != nil {
		t.Fatal(err)
	}
	strange.Logged = good.Logged
	w.LogLeaf(strange.Marshal())
	// Dated back.
	back := *good
	back.Logged = good.Logged - 7200
	w.LogLeaf(back.Marshal())
	return w, newLog(t, w)
}

// Each rule that entries alone show broken is proved to somebody who has the policy and
// nothing else, and no change of the file goes unseen.
func TestRuleBreak(t *testing.T) {
	w, s := broken(t)
	r := runAudit(t, w, s.Dir)
	proved := make(map[entry.Code]*verifier.RuleBreak)
	for _, f := range r.Findings {
		b, err := verifier.ProveRuleBreak(t.Context(), w.Policy, log.DirSource(s.Dir), r.Checkpoint, f)
		if err != nil {
			t.Errorf("%s: %v", f.Code, err)
		}
		if b != nil {
			proved[f.Code] = b
		}
	}
	for code, says := range map[entry.Code]string{
		pledge.FindLeafMalformed:   "holds an entry, 4, that is not in the exact form",
		pledge.FindRejected:        "holds entry 5, whose statement breaks a rule whatever was logged before: origin",
		pledge.FindLoggedDecreases: "its log time runs backwards",
	} {
		e := proved[code]
		if e == nil {
			t.Errorf("%s was not proved; found %q", code, found(r))
			continue
		}
		b, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := verifier.ParseRuleBreak(b)
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		if what, err := verifier.CheckRuleBreak(w.Policy, again); err != nil || !strings.Contains(what, says) {
			t.Errorf("%s: it says %q, %v", code, what, err)
		}
		refuseChanges(t, w, e)
	}
}

func refuseChanges(t *testing.T, w *generator.World, good *verifier.RuleBreak) {
	t.Helper()
	other := generator.New(generator.Options{Seed: 92})
	for name, edit := range map[string]func(r *verifier.RuleBreak){
		"another code":        func(r *verifier.RuleBreak) { r.Code = verifier.FindAfterWitnessed },
		"no code":             func(r *verifier.RuleBreak) { r.Code = "" },
		"a code of no rule":   func(r *verifier.RuleBreak) { r.Code = pledge.FindDuplicate },
		"another index":       func(r *verifier.RuleBreak) { r.Entries[0].Index ^= 1 },
		"an index beyond":     func(r *verifier.RuleBreak) { r.Entries[0].Index = 1 << 40 },
		"no entries":          func(r *verifier.RuleBreak) { r.Entries = nil },
		"an entry twice":      func(r *verifier.RuleBreak) { r.Entries = append(r.Entries, r.Entries[0]) },
		"another leaf":        func(r *verifier.RuleBreak) { r.Entries[0].Leaf = base64.StdEncoding.EncodeToString([]byte("{}")) },
		"a leaf in no form":   func(r *verifier.RuleBreak) { r.Entries[0].Leaf += "\n" },
		"no proof":            func(r *verifier.RuleBreak) { r.Entries[0].Inclusion = nil },
		"a proof too long":    func(r *verifier.RuleBreak) { r.Entries[0].Inclusion = make([]string, 100) },
		"another log":         func(r *verifier.RuleBreak) { r.Log = "other.example/1" },
		"another's signature": func(r *verifier.RuleBreak) { r.Checkpoint = string(other.Checkpoint(7, anyRoot, 0)) },
		"another tree":        func(r *verifier.RuleBreak) { r.Checkpoint = string(w.Checkpoint(7, anyRoot, 1)) },
	} {
		r := *good
		r.Entries = slices.Clone(good.Entries)
		edit(&r)
		if what, err := verifier.CheckRuleBreak(w.Policy, &r); err == nil {
			t.Errorf("%s: %s: it proves %q", good.Code, name, what)
		}
	}
}

// Entries of a log that broke no rule prove nothing against it, in whatever order they
// are put: log time runs backwards in each log that is read from its end.
func TestNoRuleBreakByOrder(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 93, Signatories: 3})
	raw, err := s.Read(log.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Policy.OpenUnwitnessed(raw)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	tiles := log.NewTileReader(log.DirSource(s.Dir))
	proved := func(index uint64) verifier.ProvedEntry {
		hashes, err := tiles.InclusionProof(t.Context(), index, v.Checkpoint.Size)
		if err != nil {
			t.Fatal(err)
		}
		e := verifier.ProvedEntry{Index: index, Leaf: base64.StdEncoding.EncodeToString(entries[index].Leaf), Inclusion: []string{}}
		for _, h := range hashes {
			e.Inclusion = append(e.Inclusion, base64.StdEncoding.EncodeToString(h[:]))
		}
		return e
	}
	first, last := proved(10), proved(290)
	for name, c := range map[string]struct {
		entries []verifier.ProvedEntry
		says    string
	}{
		"in order":          {[]verifier.ProvedEntry{first, last}, `do not show "logged-decreases"`},
		"entries exchanged": {[]verifier.ProvedEntry{last, first}, "not in order"},
		"one twice":         {[]verifier.ProvedEntry{last, last}, "not in order"},
	} {
		r := &verifier.RuleBreak{Format: verifier.RuleBreakFormat, Log: w.Options.Origin, Code: pledge.FindLoggedDecreases, What: "x", Checkpoint: string(raw), Entries: c.entries}
		// That all else in it holds, the words of the refusal show.
		if what, err := verifier.CheckRuleBreak(w.Policy, r); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: it proves %q, %v", name, what, err)
		}
	}
}

// An entry that is dated after witnesses had it is proved with their cosignatures, and
// not without.
func TestRuleBreakAfterWitnessed(t *testing.T) {
	w, _ := timeLog(t)
	s := newLog(t, w)
	first, request := at(2025, 1, 6, 9)+600, at(2025, 2, 1, 12)
	notes := witnessed(t, w, []seen{{3, first}, {4, request - 700}, {6, at(2025, 4, 20, 12) + 60}})
	if err := s.SetArchive(notes); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(log.CheckpointPath, notes[2]); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	i := slices.IndexFunc(r.Findings, func(f pledge.Finding) bool { return f.Code == verifier.FindAfterWitnessed })
	if i < 0 {
		t.Fatalf("found %q", found(r))
	}
	e, err := verifier.ProveRuleBreak(t.Context(), w.Policy, log.DirSource(s.Dir), r.Checkpoint, r.Findings[i])
	if err != nil || e == nil {
		t.Fatalf("%v, %v", e, err)
	}
	if what, err := verifier.CheckRuleBreak(w.Policy, e); err != nil || !strings.Contains(what, "the witnesses of the policy had cosigned it by") {
		t.Errorf("%q, %v", what, err)
	}
	late := *e
	late.Checkpoint = string(witnessed(t, w, []seen{{4, request - 500}})[0])
	if what, err := verifier.CheckRuleBreak(w.Policy, &late); err == nil {
		t.Errorf("within ten minutes: %q", what)
	}
	alone := *w.Policy
	alone.Witnesses, alone.Groups, alone.Quorum = nil, nil, log.QuorumNone
	p, err := log.ParsePolicy(alone.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if what, err := verifier.CheckRuleBreak(p, e); err == nil {
		t.Errorf("without witnesses: %q", what)
	}
}

// A good log proves nothing against its operator, whatever finding is claimed.
func TestNoRuleBreak(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 93, Signatories: 3})
	r := runAudit(t, w, s.Dir)
	for _, code := range []entry.Code{pledge.FindLeafMalformed, pledge.FindRejected, pledge.FindLoggedDecreases, verifier.FindAfterWitnessed, pledge.FindDuplicate} {
		for _, index := range []uint64{0, 1, 255, 256, 299} {
			e, err := verifier.ProveRuleBreak(t.Context(), w.Policy, log.DirSource(s.Dir), r.Checkpoint, pledge.Finding{Code: code, Index: &index})
			if e != nil || err != nil {
				t.Errorf("%s at %d: %v, %v", code, index, e, err)
			}
		}
	}
}

func FuzzParseRuleBreak(f *testing.F) {
	w, s := broken(f)
	r := runAudit(f, w, s.Dir)
	proved := 0
	for _, finding := range r.Findings {
		e, err := verifier.ProveRuleBreak(f.Context(), w.Policy, log.DirSource(s.Dir), r.Checkpoint, finding)
		if err != nil || e == nil {
			continue
		}
		b, err := e.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		proved++
		f.Add(b)
	}
	if proved < 3 {
		f.Fatalf("%d rule breaks were proved", proved)
	}
	e := &verifier.RuleBreak{Format: verifier.RuleBreakFormat, Log: w.Options.Origin, Code: pledge.FindLeafMalformed, What: "x", Checkpoint: string(w.Checkpoint(1, log.LeafHash([]byte("x")), w.Now())),
		Entries: []verifier.ProvedEntry{{Leaf: "eA==", Inclusion: []string{}}}}
	b, err := e.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := verifier.ParseRuleBreak(b)
		if err != nil {
			return
		}
		again, err := e.Marshal()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is written again as %q, %v", b, again, err)
		}
		if _, err := verifier.CheckRuleBreak(w.Policy, e); err == nil && !bytes.Contains(b, []byte(w.Options.Origin)) {
			t.Error("evidence against nobody")
		}
	})
}
