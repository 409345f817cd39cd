package generator_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// Each builder makes a statement that can be read, with the signatures that its
// kind asks for and the texts that it names. What the log publishes is what the
// statements publish, without what was erased.
func TestBuilders(t *testing.T) {
	w := generator.New(generator.Options{Seed: 11, Signatories: 5, Challengers: 2, Mixed: true, Slots: entry.SlotsMonth})
	say := func(st *generator.Statement) *generator.Statement {
		w.Log(st)
		w.Advance(time.Hour)
		return st
	}
	say(w.Found())
	for _, a := range slices.Concat(w.Signatories, w.Challengers) {
		say(w.Admit(a))
	}
	for _, a := range w.Signatories {
		say(w.Pledge(a))
	}
	a, b, c, d, e := w.Signatories[0], w.Signatories[1], w.Signatories[2], w.Signatories[3], w.Signatories[4]
	ngo := w.Challengers[0]

	clauses := append(slices.Clone(w.Terms.Clauses), entry.Clause{ID: "more"})
	texts := map[string]string{"more": "We do more."}
	for _, cl := range generator.Clauses {
		texts[cl.ID] = cl.Text
	}
	say(w.Amend(&entry.Amend{Clauses: clauses, GraceDays: 40, From: "2025-02-01T00:00:00Z"}, generator.Amended{}, &entry.AmendBody{Clauses: texts}))
	say(w.Amend(&entry.Amend{LogKeys: []string{w.Signer.Key().String()}}, generator.Amended{
		Operator: &generator.Ring{Keys: w.NewKeys("operator-new", 1), Threshold: 1},
		Recovery: &generator.Ring{Keys: w.NewKeysOf("recovery-new", entry.AlgP256, entry.AlgMLDSA44), Threshold: 1},
	}, nil))
	say(w.Recover(generator.Ring{Keys: w.NewKeysOf("secretariat-new", entry.AlgMLDSA44, entry.AlgEd25519), Threshold: 2}))
	say(w.Pledge(a))

	say(w.Standing(e, entry.StandingSuspended, "no-attestation"))
	say(w.Succeed(d, a))
	was := a.Ring()
	say(w.Rotate(a, generator.Ring{Keys: append(w.NewKeysOf("a-new", entry.AlgMLDSA44), a.Keys[0]), Threshold: 2, Slot: a.SlotKey}))
	say(w.Compromised(c, generator.Ring{Keys: w.NewKeys("c-new", 1), Threshold: 1, Slot: w.NewSlotKey("c-new", 1)}, c.Head))
	say(w.Rekey(b, generator.Ring{Keys: w.NewKeys("b-new", 1), Threshold: 1}))
	say(w.Withdraw(d, map[string]string{"en": "We leave."}))
	say(w.Readmit(d, d.Ring()))
	say(w.Withdraw(ngo, nil))

	told := say(w.Seal(w.Request(a, "2025-01", nil), generator.Seal{Member: "country", Reason: "ongoing", Review: "2026-01-01"}, generator.Seal{Member: "assist", Reason: entry.Withheld, Law: entry.Withheld, Review: "2026-01-01"}))
	hidden := w.Request(a, "2025-01", nil).Withhold("2026-01-01")
	filed := w.Log(hidden)
	say(w.Extend(hidden, "2026-02-01", "ongoing"))
	say(w.OpenText(hidden, "gag-lifted"))
	opened := say(w.OpenText(told, "gag-lifted", "assist"))
	decided := say(w.Decision(filed, "refused", nil))
	later := say(w.Decision(filed, "challenged", nil))
	say(w.Correct(decided, later, map[string]string{"en": "We state it again."}))
	say(w.Correct(told, nil, nil))
	say(w.Attestation(a, w.PeriodAt(w.Now())))

	kept := []*generator.Committed{w.Commit(c, "2025-01", nil), w.Commit(c, "2025-01", nil)}
	say(w.Slot(c, entry.SlotPeriodAt(entry.SlotsMonth, w.Now()), kept...))
	say(w.Slot(a, entry.SlotPeriodAt(entry.SlotsMonth, w.Now())))
	published := say(w.Publish(kept[1]))

	asked := say(w.Challenge(w.Challengers[1], a, &entry.Challenge{Entry: told.ID, Finding: "contradicted", Period: "2025-Q1"}, nil))
	say(w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, nil))
	say(w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Finding: "contradicted", Period: "2025-Q1"}, nil))
	erased := []string{hidden.BodyDigest, published.BodyDigest, opened.Opens[0].Digest}
	for i, st := range []*generator.Statement{hidden, published, told} {
		say(w.Erase(st, erased[i], entry.BasisCourtOrder, "XA-2025/17"))
	}
	say(w.Directory())

	// a signs with what it has now.
	if last := say(w.Request(a, "2025-01", nil)); len(last.Signers) != 2 || !slices.Contains(last.Signers, was.Keys[0]) {
		t.Errorf("after its rotation %d keys sign", len(last.Signers))
	}

	ring, byID, want := map[entry.KeyID]*entry.PublicKey{}, map[entry.ID]*entry.Statement{}, map[string]bool{}
	kinds := map[entry.Kind]bool{}
	for i, logged := range w.Logged {
		it := pledge.Read(uint64(i), logged.Leaf)
		if it.Statement == nil {
			t.Fatalf("entry %d: %v", i, it.Err)
		}
		st := it.Statement
		kinds[st.Kind], byID[st.ID] = true, st
		for _, set := range keySets(st) {
			keys, err := set.Parse()
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				ring[k.ID] = k
			}
		}
		for _, sig := range it.Leaf.Statement.Signatures {
			if key := ring[sig.KeyID]; key == nil || !key.VerifyStrict(it.Leaf.Statement.PAE(), sig.Sig) || (key.Use == entry.UseSlot) != (st.Kind == entry.KindSlot) && len(keySets(st)) == 0 {
				t.Errorf("entry %d, %s: a signature by %s does not verify", i, st.Kind, sig.KeyID)
			}
		}
		if logged.Body != nil {
			if _, err := entry.ParseDetached(st, logged.Body); err != nil {
				t.Errorf("entry %d, %s: %v", i, st.Kind, err)
			}
		}
		for _, digest := range st.Publishes() {
			want[digest] = true
		}
	}
	for _, k := range entry.Kinds {
		if !kinds[k] {
			t.Errorf("no %s", k)
		}
	}
	disclosure, err := entry.ParseDisclosure(string(opened.Opens[0].Bytes))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := entry.Unseal(byID[told.ID], told.Body, []entry.Disclosure{disclosure}); err != nil || len(got.Seals()) != 1 || got.(*entry.RequestBody).Assist == nil {
		t.Errorf("unsealed: %v (%v)", got, err)
	}
	if sub := opened.Submission(); len(sub.Disclosures) != 1 || sub.Body != nil {
		t.Errorf("the open brings %d disclosures and a body of %d bytes", len(sub.Disclosures), len(sub.Body))
	}

	dir := t.TempDir()
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	holdTexts(t, dir, want, erased)
	entries, err := w.Open(dir).Entries()
	if err != nil {
		t.Fatal(err)
	}
	// What is read back is what was written, but for what was erased.
	copied := filepath.Join(t.TempDir(), "copy")
	d2, err := w.NewWriter(copied)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := d2.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := d2.Close(); err != nil {
		t.Fatal(err)
	}
	first, second := files(t, dir), files(t, copied)
	for path, b := range first {
		if !bytes.Equal(second[path], b) {
			t.Errorf("%s differs when it is written again", path)
		}
	}
	if len(first) != len(second) {
		t.Errorf("%d files, %d when written again", len(first), len(second))
	}
}

// keySets are those that a statement brings.
func keySets(st *entry.Statement) []entry.KeySet {
	switch b := st.Body.(type) {
	case *entry.Charter:
		return []entry.KeySet{b.Secretariat, b.Recovery, b.Operator}
	case *entry.Amend:
		return b.KeySets()
	case *entry.Admit:
		return []entry.KeySet{b.KeySet()}
	case *entry.Keys:
		return []entry.KeySet{b.KeySet()}
	}
	return nil
}

// holdTexts wants the texts of these digests to be served, without those erased.
func holdTexts(t *testing.T, dir string, want map[string]bool, erased []string) {
	t.Helper()
	for _, digest := range erased {
		if _, err := os.Stat(filepath.Join(dir, log.BodyPath(digest))); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the erased text %s is served (%v)", digest, err)
		}
		if !want[digest] {
			t.Errorf("%s was erased and never published", digest)
		}
		delete(want, digest)
	}
	served, err := os.ReadDir(filepath.Join(dir, log.BodiesPath))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range served {
		if entry.IsDigest(f.Name()) && !want[f.Name()] {
			t.Errorf("%s is served and no statement publishes it", f.Name())
		}
	}
	for digest := range want {
		text, err := os.ReadFile(filepath.Join(dir, log.BodyPath(digest)))
		if err != nil || entry.Digest(text) != digest {
			t.Errorf("text %s: %v", digest, err)
		}
	}
}
