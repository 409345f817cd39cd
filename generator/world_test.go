package generator_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// audit replays a log directory by the one rule book and returns every finding
// and the statuses at its end. It fails the test if a statement is not accepted,
// or if the leaves are not those of the signed root.
func audit(t *testing.T, w *generator.World, dir string) (*pledge.State, []pledge.Finding) {
	t.Helper()
	ctx := context.Background()
	src := log.DirSource(dir)
	raw, err := src.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := log.ParsePolicy(w.Policy.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	view, err := policy.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	state, ring, tree := pledge.New(w.Options.Origin), pledge.NewKeyring(), log.NewBuilder(nil)
	var found []pledge.Finding
	var statements []*entry.Statement
	size := view.Checkpoint.Size
	it := log.NewTileReader(src).Leaves(ctx, 0, size, size)
	for first, leaves := range it.All() {
		for i, leaf := range leaves {
			item := pledge.Read(first+uint64(i), leaf)
			ring.Learn(item.Statement)
			if err := ring.TryStrict(item); err != nil {
				t.Errorf("entry %d: %v", item.Index, err)
			}
			verdict, fs := state.Step(item)
			if verdict.Kind != pledge.Accepted {
				t.Fatalf("entry %d is %s: %s: %s", item.Index, verdict.Kind, verdict.Code, verdict.Detail)
			}
			found, statements = append(found, fs...), append(statements, item.Statement)
			if unknown := entry.UnknownCodes(item.Statement, nil); len(unknown) > 0 {
				t.Errorf("entry %d: codes %v", item.Index, unknown)
			}
			if err := tree.Append(log.LeafHash(leaf)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	if tree.Root() != view.Checkpoint.Root {
		t.Error("the leaves' root is not the signed one")
	}
	if root, err := log.NewTileReader(src).Root(ctx, size); err != nil || root != view.Checkpoint.Root {
		t.Errorf("the tiles' root is not the signed one (%v)", err)
	}
	found = append(found, holdTextsOf(t, state, statements, src)...)
	return state, append(found, state.Promises(state.Now())...)
}

// holdTextsOf wants every text that was published to be served, and no other, and
// returns what is to be said of them.
func holdTextsOf(t *testing.T, state *pledge.State, statements []*entry.Statement, src log.Source) (found []pledge.Finding) {
	t.Helper()
	ctx := context.Background()
	byID := make(map[entry.ID]*entry.Statement)
	get := func(id entry.ID, digest string) []byte {
		text, err := src.Get(ctx, log.BodyPath(digest), entry.MaxBody)
		if public := state.TextOf(id, digest) == pledge.TextPublic; public != (err == nil) {
			t.Errorf("a text of %s is %s (%v)", id, state.TextOf(id, digest), err)
		}
		return text
	}
	opened, open := make(map[entry.ID][]entry.Disclosure), make(map[string]bool)
	for _, st := range statements {
		byID[st.ID] = st
		b, ok := st.Body.(*entry.Open)
		if !ok {
			continue
		}
		for _, digest := range b.Digests {
			open[digest] = true
			if text := get(b.Entry, digest); text != nil && digest != byID[b.Entry].BodyDigest {
				d, err := entry.ParseDisclosure(string(text))
				if err != nil {
					t.Errorf("%s opens a text that is no disclosure: %v", st.ID, err)
				}
				opened[b.Entry] = append(opened[b.Entry], d)
			}
		}
	}
	for i, st := range statements {
		if st.BodyDigest == "" {
			continue
		}
		text := get(st.ID, st.BodyDigest)
		if text == nil {
			continue
		}
		_, _, fs := pledge.JudgeBody(uint64(i), st, text)
		found = append(found, fs...)
		d, err := entry.Unseal(st, text, opened[st.ID])
		if err != nil {
			t.Errorf("entry %d: %v", i, err)
			continue
		}
		for _, seal := range d.Seals() {
			if review, err := entry.ParseDate(seal.Review); err != nil || review+86400 <= state.Now() && !open[seal.Digest] {
				t.Errorf("entry %d: the review of %s was on %s", i, seal.Member, seal.Review)
			}
		}
	}
	return found
}

func TestStoryIsFaultless(t *testing.T) {
	for _, tc := range []struct {
		o generator.Options
		n int
	}{
		{generator.Options{Signatories: 2}, 40},
		{generator.Options{Seed: 1}, 300},
		{generator.Options{Seed: 2, Signatories: 30, Witnesses: 3, Quorum: 2}, 1500},
		{generator.Options{Seed: 4, Signatories: 12, Slots: entry.SlotsWeek, Challengers: 3, Mix: generator.Everyday}, 4000},
		{generator.Options{Seed: 5, Signatories: 5, Slots: entry.SlotsMonth, Challengers: 2, Mixed: true, Mix: generator.Mix{Rotations: true, Withheld: 80, Sealed: 80, Slotted: 80, Void: 40, Superseded: 40, Challenged: 80}}, 1500},
		{generator.Options{Seed: 3, Signatories: 150, Period: entry.HalfYear, SecretariatKeys: 5, SecretariatThreshold: 3}, 3000},
	} {
		t.Run(fmt.Sprint(tc.n), func(t *testing.T) {
			w := generator.New(tc.o)
			if err := w.Story(tc.n); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := w.WriteDir(dir); err != nil {
				t.Fatal(err)
			}
			state, found := audit(t, w, dir)
			if state.Size() != uint64(tc.n) {
				t.Errorf("%d statements, want %d", state.Size(), tc.n)
			}
			if _, id := state.Charter(); id != w.Charter {
				t.Errorf("charter is %s, want %s", id, w.Charter)
			}
			for _, f := range found {
				if f.Code != pledge.FindCorrected { // who corrects itself is not at fault
					t.Errorf("%s: %s", f.Code, f.Text)
				}
			}
		})
	}
}

// With lapses only authors are found at fault, and in more than one way.
func TestLapsesConcernAuthors(t *testing.T) {
	w := generator.New(generator.Options{Seed: 4, Signatories: 20, Lapses: 100})
	if err := w.Story(2000); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	_, found := audit(t, w, dir)
	seen := map[entry.Code]int{}
	for _, f := range found {
		seen[f.Code]++
		if f.Concerns != pledge.RoleAuthor {
			t.Errorf("%s concerns the %s: %s", f.Code, f.Concerns, f.Text)
		}
	}
	for _, want := range []entry.Code{pledge.FindAttestationLate, pledge.FindAttestationMissed, pledge.FindFiledLate, pledge.FindDecisionOut, pledge.FindContradicted} {
		if seen[want] == 0 {
			t.Errorf("no %s among %v", want, seen)
		}
	}
}

// files reads a whole directory.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameSeedSameBytes(t *testing.T) {
	write := func(seed uint64, stream bool) map[string][]byte {
		t.Helper()
		dir := t.TempDir()
		w := generator.New(generator.Options{Seed: seed, Witnesses: 2, Mixed: true, Slots: entry.SlotsMonth, Challengers: 2, Mix: generator.Everyday})
		var err error
		if stream {
			err = w.WriteStory(dir, 700)
		} else if err = w.Story(700); err == nil {
			err = w.WriteDir(dir)
		}
		if err != nil {
			t.Fatal(err)
		}
		return files(t, dir)
	}
	first := write(7, false)
	for _, stream := range []bool{false, true} {
		again := write(7, stream)
		if len(again) != len(first) {
			t.Errorf("stream %v: %d files, want %d", stream, len(again), len(first))
		}
		for path, b := range first {
			if !bytes.Equal(again[path], b) {
				t.Errorf("stream %v: %s differs", stream, path)
			}
		}
	}
	if bytes.Equal(write(8, false)[log.CheckpointPath], first[log.CheckpointPath]) {
		t.Error("another seed gives the same log")
	}
}

func TestEveryKindSameSeedSameBytes(t *testing.T) {
	w, first := everyKind(t, 400, nil)
	streamed := filepath.Join(t.TempDir(), "log")
	if err := generator.New(w.Options).WriteEveryKind(streamed, 400); err != nil {
		t.Fatal(err)
	}
	_, second := everyKind(t, 400, nil)
	for _, dir := range []string{second, streamed} {
		again := files(t, dir)
		for path, b := range files(t, first) {
			if !bytes.Equal(again[path], b) {
				t.Errorf("%s differs", path)
			}
		}
	}
}

// Every published size can be read from the partial tiles that it needs.
func TestDirectoryServesPublishedSizes(t *testing.T) {
	w := generator.New(generator.Options{Seed: 5, Witnesses: 1})
	if err := w.Story(600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, log.ArchivePath))
	if err != nil {
		t.Fatal(err)
	}
	notes, err := log.ParseArchive(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) < 100 {
		t.Fatalf("the archive has %d checkpoints", len(notes))
	}
	stamped := uint64(0)
	for _, note := range notes {
		view, err := w.Policy.Open(note)
		if err != nil {
			t.Fatal(err)
		}
		if view.QuorumTime <= stamped || stamped != 0 && view.QuorumTime > stamped+86400 {
			t.Errorf("size %d was cosigned at %d, the one before at %d", view.Checkpoint.Size, view.QuorumTime, stamped)
		}
		stamped = view.QuorumTime
		size := view.Checkpoint.Size
		if size <= 512 { // those before have full tiles
			continue
		}
		for level, index := range []uint64{size / 256, 0} {
			width := log.TileWidthAt(level, index, size)
			if width == 0 {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, log.TilePath(level, index, width))); err != nil {
				t.Error(err)
			}
		}
		if root, err := log.NewTileReader(log.DirSource(dir)).Root(t.Context(), size); err != nil || root != view.Checkpoint.Root {
			t.Errorf("size %d cannot be read: %v", size, err)
		}
	}
	newest, err := os.ReadFile(filepath.Join(dir, log.CheckpointPath))
	if err != nil || !bytes.Equal(newest, notes[len(notes)-1]) {
		t.Errorf("the checkpoint is not the newest of the archive (%v)", err)
	}
}

// Bundles of bodies hold, in order, each body that is published.
func TestBundledBodies(t *testing.T) {
	plain, bundled := t.TempDir(), t.TempDir()
	for dir, options := range map[string][]func(*generator.Writer){plain: nil, bundled: {generator.Bundled}} {
		if err := generator.New(generator.Options{Seed: 6}).WriteStory(dir, 600, options...); err != nil {
			t.Fatal(err)
		}
	}
	all, some := files(t, plain), files(t, bundled)
	lines := map[string]bool{}
	for n := range uint64(2) {
		bundle := all[log.BodiesBundlePath(n)]
		if !bytes.Equal(bundle, some[log.BodiesBundlePath(n)]) {
			t.Errorf("bundle %d differs", n)
		}
		for line := range bytes.Lines(bundle) {
			digest := entry.Digest(bytes.TrimSuffix(line, []byte("\n")))
			lines[digest] = true
			if _, ok := all[log.BodyPath(digest)]; !ok {
				t.Errorf("bundle %d has %s, which is not published singly", n, digest)
			}
		}
	}
	for path := range all {
		digest, _ := filepath.Rel(log.BodiesPath, path)
		if !entry.IsDigest(digest) {
			continue
		}
		if _, single := some[path]; single == lines[digest] {
			t.Errorf("%s: single %v, in a bundle %v", digest, single, lines[digest])
		}
	}
}

func TestManyScripts(t *testing.T) {
	w := generator.New(generator.Options{Seed: 9, Signatories: 40})
	if err := w.Story(3000); err != nil {
		t.Fatal(err)
	}
	langs, kinds, outcomes := map[string]int{}, map[entry.Kind]int{}, map[string]int{}
	for i, e := range w.Logged {
		st := pledge.Read(uint64(i), e.Leaf).Statement
		kinds[st.Kind]++
		if d, ok := st.Body.(*entry.Decision); ok {
			outcomes[d.Outcome]++
		}
		if e.Body == nil {
			continue
		}
		d, err := entry.ParseDetached(st, e.Body)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if r, ok := d.(*entry.RequestBody); ok {
			for l := range r.Narrative {
				langs[l]++
			}
			if unknown := entry.UnknownCodes(st, d); len(unknown) > 0 {
				t.Errorf("entry %d: codes %v", i, unknown)
			}
		}
	}
	for _, l := range []string{"en", "de", "fr", "ar", "zh-Hans", "ja", "hi"} {
		if langs[l] == 0 {
			t.Errorf("no text in %s: %v", l, langs)
		}
	}
	for _, k := range []entry.Kind{entry.KindCharter, entry.KindAdmit, entry.KindPledge, entry.KindRequest, entry.KindDecision, entry.KindAttestation} {
		if kinds[k] == 0 {
			t.Errorf("no %s: %v", k, kinds)
		}
	}
	if most := slices.Max([]int{kinds[entry.KindAdmit], kinds[entry.KindPledge], kinds[entry.KindAttestation]}); kinds[entry.KindRequest] < most {
		t.Errorf("fewer requests than others: %v", kinds)
	}
	if len(outcomes) < 8 || outcomes["refused"] < outcomes["complied"] {
		t.Errorf("outcomes: %v", outcomes)
	}
}
