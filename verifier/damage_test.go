package verifier_test

import (
	"bytes"
	"path/filepath"
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

// A damage is one way in which somebody who can write anything into a log's
// directory, and has the checkpoint key, makes it differ from the good log. What
// an audit has to say is written here by hand, from the protocol.
type damage struct {
	name   string
	do     func(t *testing.T, g good, s *generator.Site) error
	result verifier.Result
	want   []string // code/whom, sorted
}

// good is the log before the damage: 700 entries, two full bundles and 188 more.
type good struct {
	w       *generator.World
	entries []*generator.Entry
	archive [][]byte
}

// withText is the index of the first entry from i on that has a published text.
func (g good) withText(i int) *generator.Entry {
	for ; ; i++ {
		if g.entries[i].Body != nil {
			return g.entries[i]
		}
	}
}

func editCheckpoint(s *generator.Site, edit func(n *log.Note)) error {
	return s.Change(log.CheckpointPath, func(b []byte) []byte { return editNote(b, edit) })
}

func editNote(b []byte, edit func(n *log.Note)) []byte {
	n, err := log.ParseNote(b)
	if err != nil {
		panic(err)
	}
	n.Text = bytes.Clone(n.Text)
	edit(n)
	return n.Marshal()
}

func insert(list [][]byte, at int, one []byte) [][]byte {
	return slices.Insert(slices.Clone(list), at, one)
}

var anyRoot = log.LeafHash([]byte("another tree"))

var damages = []damage{
	// The checkpoint.
	{"checkpoint: signature flipped", func(t *testing.T, g good, s *generator.Site) error {
		return editCheckpoint(s, func(n *log.Note) { n.Signatures[0].Sig[10] ^= 1 })
	}, verifier.Differs, []string{"checkpoint-signature-invalid/view"}},
	{"checkpoint: root flipped", func(t *testing.T, g good, s *generator.Site) error {
		return editCheckpoint(s, func(n *log.Note) {
			c, err := log.ParseCheckpoint(n.Text)
			if err != nil {
				t.Fatal(err)
			}
			c.Root[5] ^= 4
			n.Text = c.Marshal()
		})
	}, verifier.Differs, []string{"checkpoint-signature-invalid/view"}},
	{"checkpoint: another size", func(t *testing.T, g good, s *generator.Site) error {
		return editCheckpoint(s, func(n *log.Note) { n.Text = bytes.Replace(n.Text, []byte("\n700\n"), []byte("\n699\n"), 1) })
	}, verifier.Differs, []string{"checkpoint-signature-invalid/view"}},
	{"checkpoint: signature by nobody known", func(t *testing.T, g good, s *generator.Site) error {
		return editCheckpoint(s, func(n *log.Note) { n.Signatures[0].ID++ })
	}, verifier.Differs, []string{"checkpoint-unsigned/view"}},
	{"checkpoint: cut short", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change(log.CheckpointPath, func(b []byte) []byte { return b[:len(b)-5] })
	}, verifier.Differs, []string{"checkpoint-malformed/view"}},
	{"checkpoint: of another log", func(t *testing.T, g good, s *generator.Site) error {
		other := generator.New(generator.Options{Origin: "other.example/2025"})
		return s.Write(log.CheckpointPath, other.Checkpoint(700, anyRoot, 0))
	}, verifier.Differs, []string{"checkpoint-origin-unknown/view"}},
	{"checkpoint: removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove(log.CheckpointPath)
	}, verifier.CannotDecide, []string{}},
	{"checkpoint: an earlier one", func(t *testing.T, g good, s *generator.Site) error {
		return s.Write(log.CheckpointPath, g.archive[3])
	}, verifier.Matches, []string{"checkpoint-behind/view"}},
	{"checkpoint: signed for entries that are not there", func(t *testing.T, g good, s *generator.Site) error {
		_, err := s.SetCheckpoint(5000, anyRoot, 0)
		return err
	}, verifier.CannotDecide, []string{"bundle-missing/view"}},
	{"checkpoint: signed for an immense log", func(t *testing.T, g good, s *generator.Site) error {
		_, err := s.SetCheckpoint(log.MaxTreeSize, anyRoot, 0)
		return err
	}, verifier.CannotDecide, []string{"bundle-missing/view"}},
	{"checkpoint: another root, signed", func(t *testing.T, g good, s *generator.Site) error {
		_, err := s.SetCheckpoint(700, anyRoot, 0)
		return err
	}, verifier.Misbehaviour, []string{"log-forked/operator", "root-mismatch/view"}},
	{"checkpoint: another root, signed, archive taken along", func(t *testing.T, g good, s *generator.Site) error {
		raw, err := s.SetCheckpoint(700, anyRoot, 0)
		if err != nil {
			return err
		}
		return s.SetArchive([][]byte{raw})
	}, verifier.Differs, []string{"root-mismatch/view"}},

	// Hash tiles.
	{"tile: a leaf hash flipped", func(t *testing.T, g good, s *generator.Site) error {
		return s.Flip("tile/0/001", 100, 1)
	}, verifier.Differs, []string{"tile-mismatch/view"}},
	{"tile: the tail flipped", func(t *testing.T, g good, s *generator.Site) error {
		return s.Flip("tile/0/002.p/188", 187*32, 0x80)
	}, verifier.Differs, []string{"tile-mismatch/view"}},
	{"tile: level 1 flipped", func(t *testing.T, g good, s *generator.Site) error {
		return s.Flip("tile/1/000.p/2", 63, 1)
	}, verifier.Differs, []string{"tile-mismatch/view"}},
	{"tile: removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove("tile/0/000")
	}, verifier.Differs, []string{"tile-missing/view"}},
	{"tile: one removed, and the one above altered there", func(t *testing.T, g good, s *generator.Site) error {
		if err := s.Remove("tile/0/000"); err != nil {
			return err
		}
		return s.Flip("tile/1/000.p/2", 0, 1)
	}, verifier.Differs, []string{"tile-mismatch/view", "tile-missing/view"}},
	{"tile: tail removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove("tile/0/002.p")
	}, verifier.Differs, []string{"tile-missing/view"}},
	{"tile: empty", func(t *testing.T, g good, s *generator.Site) error {
		return s.Write("tile/0/000", nil)
	}, verifier.Differs, []string{"tile-missing/view"}},
	{"tile: cut short", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("tile/0/000", func(b []byte) []byte { return b[:8191] })
	}, verifier.Differs, []string{"tile-mismatch/view"}},
	{"tile: too long", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("tile/0/000", func(b []byte) []byte { return append(b, 0) })
	}, verifier.Differs, []string{"tile-mismatch/view"}},

	// Entries.
	{"bundle: a byte of a payload flipped", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("tile/entries/000", func(b []byte) []byte {
			b[bytes.Index(b, []byte(`"payload":"`))+40] ^= 4
			return b
		})
	}, verifier.Differs, []string{"root-mismatch/view", "tile-mismatch/view"}},
	{"bundle: logged changed", func(t *testing.T, g good, s *generator.Site) error {
		return s.ChangeLeaf(640, func(leaf []byte) []byte {
			return bytes.Replace(leaf, []byte(`{"logged":1`), []byte(`{"logged":2`), 1)
		})
	}, verifier.Differs, []string{"root-mismatch/view", "tile-mismatch/view"}},
	{"bundle: a length flipped", func(t *testing.T, g good, s *generator.Site) error {
		return s.Flip("tile/entries/001", 1, 1)
	}, verifier.Differs, []string{"bundle-malformed/view"}},
	{"bundle: cut short", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("tile/entries/001", func(b []byte) []byte { return b[:len(b)-1] })
	}, verifier.Differs, []string{"bundle-malformed/view"}},
	{"bundle: something after its end", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("tile/entries/001", func(b []byte) []byte { return append(b, 0, 1, 'x') })
	}, verifier.Differs, []string{"bundle-malformed/view"}},
	{"bundle: removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove("tile/entries/001")
	}, verifier.CannotDecide, []string{"bundle-missing/view"}},
	{"bundle: tail removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove("tile/entries/002.p")
	}, verifier.CannotDecide, []string{"bundle-missing/view"}},
	{"bundle: two bundles swapped", func(t *testing.T, g good, s *generator.Site) error {
		b, err := s.Read("tile/entries/000")
		if err != nil {
			return err
		}
		c, err := s.Read("tile/entries/001")
		if err != nil {
			return err
		}
		if err := s.Write("tile/entries/000", c); err != nil {
			return err
		}
		return s.Write("tile/entries/001", b)
	}, verifier.Differs, []string{"root-mismatch/view", "tile-mismatch/view"}},

	// Texts.
	{"text: altered", func(t *testing.T, g good, s *generator.Site) error {
		e := g.withText(30)
		return s.SetBody(e.Digest, bytes.Replace(e.Body, []byte(`"kind":"`), []byte(`"kind":"x`), 1))
	}, verifier.Differs, []string{"body-bundle-mismatch/operator", "body-mismatch/operator"}},
	{"text: altered in its bundle only", func(t *testing.T, g good, s *generator.Site) error {
		return s.Flip("bodies/bundle/001", 300, 1)
	}, verifier.Differs, []string{"body-bundle-mismatch/operator"}},
	{"text: altered in the tail", func(t *testing.T, g good, s *generator.Site) error {
		e := g.withText(650)
		return s.SetBody(e.Digest, bytes.ToUpper(e.Body))
	}, verifier.Differs, []string{"body-mismatch/operator"}},
	{"text: another one with the same codes", func(t *testing.T, g good, s *generator.Site) error {
		e := g.withText(650)
		body := generator.Edit(e.Body, func(m map[string]any) { m["salt"] = g.w.Salt() })
		return s.SetBody(e.Digest, body)
	}, verifier.Differs, []string{"body-mismatch/operator"}},
	{"text: immense", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetBody(g.withText(650).Digest, bytes.Repeat([]byte("x"), entry.MaxBody+1))
	}, verifier.Differs, []string{"body-mismatch/operator"}},
	{"text: empty", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetBody(g.withText(650).Digest, []byte{})
	}, verifier.Differs, []string{"body-mismatch/operator"}},
	{"text: removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetBody(g.withText(30).Digest, nil)
	}, verifier.Differs, []string{"body-missing/operator"}},
	{"text: removed from the tail", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetBody(g.withText(650).Digest, nil)
	}, verifier.Differs, []string{"body-missing/operator"}},
	{"text: a bundle removed, single texts there", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove("bodies/bundle/000")
	}, verifier.Matches, []string{}},
	{"text: a line more in a bundle", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("bodies/bundle/000", func(b []byte) []byte { return append(b, "{\"salt\":\"…\"}\n"...) })
	}, verifier.Differs, []string{"body-bundle-mismatch/operator"}},
	{"text: a bundle without its last line feed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change("bodies/bundle/000", func(b []byte) []byte { return b[:len(b)-1] })
	}, verifier.Differs, []string{"body-bundle-mismatch/operator"}},

	// The archive.
	{"archive: removed", func(t *testing.T, g good, s *generator.Site) error {
		return s.Remove(log.ArchivePath)
	}, verifier.Differs, []string{"archive-missing/view"}},
	{"archive: empty", func(t *testing.T, g good, s *generator.Site) error {
		return s.Write(log.ArchivePath, nil)
	}, verifier.Differs, []string{"archive-missing/view"}},
	{"archive: cut short", func(t *testing.T, g good, s *generator.Site) error {
		return s.Change(log.ArchivePath, func(b []byte) []byte { return b[:len(b)-9] })
	}, verifier.Differs, []string{"archive-malformed/view"}},
	{"archive: out of order", func(t *testing.T, g good, s *generator.Site) error {
		a := slices.Clone(g.archive)
		a[4], a[5] = a[5], a[4]
		return s.SetArchive(a)
	}, verifier.Differs, []string{"archive-malformed/view"}},
	{"archive: a signature flipped", func(t *testing.T, g good, s *generator.Site) error {
		a := slices.Clone(g.archive)
		a[5] = editNote(a[5], func(n *log.Note) { n.Signatures[0].Sig[0] ^= 1 })
		return s.SetArchive(a)
	}, verifier.Differs, []string{"archive-unvouched/view"}},
	{"archive: a checkpoint forged with the log's own key", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetArchive(insert(g.archive[1:], 0, g.w.Checkpoint(1, anyRoot, 0)))
	}, verifier.Misbehaviour, []string{"log-forked/operator"}},
	{"archive: one forged for a size that has a true one", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetArchive(insert(g.archive, 40, g.w.Checkpoint(sizeOf(g.archive[40]), anyRoot, 0)))
	}, verifier.Misbehaviour, []string{"log-forked/operator"}},
	{"archive: one forged for the empty log", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetArchive(insert(g.archive, 0, g.w.Checkpoint(0, anyRoot, 0)))
	}, verifier.Misbehaviour, []string{"log-forked/operator"}},
	{"archive: one forged, and the tiles that would prove it removed", func(t *testing.T, g good, s *generator.Site) error {
		if err := s.Remove("tile/0"); err != nil {
			return err
		}
		if err := s.Remove("tile/1"); err != nil {
			return err
		}
		return s.SetArchive(insert(g.archive[40:], 0, g.w.Checkpoint(sizeOf(g.archive[40])-1, anyRoot, 0)))
	}, verifier.Misbehaviour, []string{"log-forked/operator", "tile-missing/view"}},
	{"archive: one for entries that are not there", func(t *testing.T, g good, s *generator.Site) error {
		return s.SetArchive(append(slices.Clone(g.archive), g.w.Checkpoint(5000, anyRoot, 0)))
	}, verifier.Differs, []string{"archive-ahead/view"}},

	// The whole log written anew.
	{"rewritten: the last entries taken back, archive too", func(t *testing.T, g good, s *generator.Site) error {
		return s.Rewrite(slices.Clone(g.entries[:600]), false)
	}, verifier.Matches, []string{}}, // nothing in the copy shows it: see the report's last section
	{"rewritten: an entry changed, archive kept", func(t *testing.T, g good, s *generator.Site) error {
		es := slices.Clone(g.entries)
		es[699] = relogged(es[699], es[699].Logged+60)
		return s.Rewrite(es, true)
	}, verifier.Misbehaviour, []string{"log-forked/operator"}},
	{"rewritten: an entry dropped, archive too", func(t *testing.T, g good, s *generator.Site) error {
		return s.Fool(func(es []*generator.Entry) []*generator.Entry { return slices.Delete(es, 1, 2) })
	}, verifier.Differs, []string{"directory-overdue/operator", "statement-rejected/operator"}}, // a directory's size is its index
	{"rewritten: an entry twice", func(t *testing.T, g good, s *generator.Site) error {
		return s.Fool(func(es []*generator.Entry) []*generator.Entry { return append(es, es[699]) })
	}, verifier.Matches, []string{"statement-duplicate/operator"}},
	{"rewritten: two entries in the other order", func(t *testing.T, g good, s *generator.Site) error {
		return s.Fool(func(es []*generator.Entry) []*generator.Entry {
			es[1], es[2] = es[2], es[1]
			return es
		})
	}, verifier.Differs, []string{"directory-overdue/operator", "logged-decreases/operator", "statement-rejected/operator"}},
	{"rewritten: garbage logged", func(t *testing.T, g good, s *generator.Site) error {
		return s.Fool(func(es []*generator.Entry) []*generator.Entry {
			return append(es, &generator.Entry{Leaf: []byte("garbage"), Logged: es[699].Logged})
		})
	}, verifier.Differs, []string{"leaf-malformed/operator"}},
	{"rewritten: a signature flipped", func(t *testing.T, g good, s *generator.Site) error {
		return s.Fool(func(es []*generator.Entry) []*generator.Entry {
			e := *es[699]
			l, err := entry.ParseLeaf(e.Leaf)
			if err != nil {
				t.Fatal(err)
			}
			l.Statement.Signatures[0].Sig[5] ^= 1
			e.Leaf = l.Marshal()
			es[699] = &e
			return es
		})
	}, verifier.Differs, []string{"statement-rejected/operator"}},
	{"rewritten: dated before the one in front of it", func(t *testing.T, g good, s *generator.Site) error {
		return s.Fool(func(es []*generator.Entry) []*generator.Entry {
			i := afterPause(es)
			es[i] = relogged(es[i], es[i-1].Logged-1)
			return es
		})
	}, verifier.Differs, []string{"logged-decreases/operator", "made-after-logged/author"}},
}

// afterPause is the last entry of a signatory's that was logged an hour or more after
// the one in front of it: its author dated it after that one.
func afterPause(es []*generator.Entry) int {
	for i := len(es) - 1; ; i-- {
		st := pledge.Read(uint64(i), es[i].Leaf).Statement
		if es[i].Logged > es[i-1].Logged+3600 && st.Author != entry.AuthorOperator && st.Author != entry.AuthorSecretariat {
			return i
		}
	}
}

// relogged is an entry as if logged at another time.
func relogged(e *generator.Entry, logged int64) *generator.Entry {
	l, err := entry.ParseLeaf(e.Leaf)
	if err != nil {
		panic(err)
	}
	l.Logged = logged
	again := *e
	again.Leaf, again.Logged = l.Marshal(), logged
	return &again
}

func sizeOf(raw []byte) uint64 {
	n, err := log.ParseNote(raw)
	if err != nil {
		panic(err)
	}
	c, err := log.ParseCheckpoint(n.Text)
	if err != nil {
		panic(err)
	}
	return c.Size
}

func TestDamage(t *testing.T) {
	w, first := newStory(t, storySize, generator.Options{Seed: 31})
	g := good{w: w}
	var err error
	if g.entries, err = first.Entries(); err != nil {
		t.Fatal(err)
	}
	if g.archive, err = first.Archive(); err != nil {
		t.Fatal(err)
	}
	if r := runAudit(t, w, first.Dir); r.Result != verifier.Matches || len(r.Findings) > 0 {
		t.Fatalf("the log is not good before the damage: %v", found(r))
	}
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			s, err := first.Copy(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.do(t, g, s); err != nil {
				t.Fatal(err)
			}
			r := runAudit(t, w, s.Dir)
			if r.Result != d.result || !slices.Equal(found(r), d.want) {
				t.Fatalf("result %s, findings %v; want %s, %v\n%s", r.Result, found(r), d.result, d.want, text(t, r))
			}
			checkReport(t, w, r)
		})
	}
}

// checkReport holds what is true of every report.
func checkReport(t *testing.T, w *generator.World, r *verifier.Report) {
	t.Helper()
	out := text(t, r)
	for _, f := range r.Findings {
		if !strings.Contains(out, string(f.Code)) || !strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, "..") {
			t.Errorf("finding %s: %s", f.Code, f.Text)
		}
	}
	if (r.Result == verifier.Misbehaviour) != (r.Evidence != nil) || (r.Result == verifier.CannotDecide) != (r.Undecided != nil && r.Evidence == nil) {
		t.Errorf("result %s with evidence %v, undecided %v", r.Result, r.Evidence, r.Undecided)
	}
	if r.Result != verifier.Matches && r.Result != verifier.Misbehaviour && len(r.Signatories) > 0 && (slices.Contains(found(r), "root-mismatch/view") || slices.Contains(found(r), "charter-mismatch/view")) {
		t.Error("signatories are shown from unsigned entries")
	}
	if r.Evidence != nil {
		b, err := r.Evidence.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		e, err := verifier.ParseEvidence(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.CheckEvidence(w.Policy, e); err != nil {
			t.Errorf("the evidence proves nothing: %v", err)
		}
	}
	if len(r.NotChecked) < 5 {
		t.Errorf("not checked: %v", r.NotChecked)
	}
}

// A log of nothing but bad entries does not fill the auditor's memory or screen:
// findings are counted, and so many listed.
func TestManyFindings(t *testing.T) {
	w := generator.New(generator.Options{Seed: 33})
	w.Log(w.Found())
	for range 10_200 {
		w.LogLeaf([]byte("garbage"))
	}
	r := runAudit(t, w, newLog(t, w).Dir)
	if len(r.Findings) != 10_000 || r.NotListed["leaf-malformed"] != 200 || r.Statements.Malformed != 10_200 {
		t.Errorf("%d findings, not listed %v, %+v", len(r.Findings), r.NotListed, r.Statements)
	}
	out := text(t, r)
	if !strings.Contains(out, "Findings: 10,200 concern the operator") || !strings.Contains(out, "and 10,100 more of leaf-malformed") || len(out) > 30_000 {
		t.Errorf("the text has %d bytes:\n%.500s", len(out), out)
	}
}

// What an operator logs that it should not have is held against it, never
// against the author whose name is on it; and the author's next number is free.
func TestDishonestOperator(t *testing.T) {
	now := time.Date(2025, 2, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		reason entry.Code
		log    func(w *generator.World, a, other *generator.Author)
	}{
		{"signed by another company", "signature-not-called-for", func(w *generator.World, a, other *generator.Author) {
			w.LogVoid(w.Request(a, "2025-01", nil).Encode().SignWith(other.Keys...))
		}},
		{"signature of another statement", "signature-invalid", func(w *generator.World, a, _ *generator.Author) {
			st := w.Request(a, "2025-01", nil).Encode().Sign()
			st.Envelope.Signatures[0].Sig = w.Request(a, "2025-01", nil).Encode().Sign().Envelope.Signatures[0].Sig
			w.LogVoid(st)
		}},
		{"author unknown", "author-unknown", func(w *generator.World, a, _ *generator.Author) {
			st := w.Request(a, "2025-01", nil)
			st.Author = "nobody"
			w.LogVoid(st.Encode().Sign())
		}},
		{"a number left out", "seq-gap", func(w *generator.World, a, _ *generator.Author) {
			st := w.Request(a, "2025-01", nil)
			st.Seq++
			w.LogVoid(st.Encode().Sign())
		}},
		{"after something else", "prev-mismatch", func(w *generator.World, a, other *generator.Author) {
			st := w.Request(a, "2025-01", nil)
			st.Prev = other.Head
			w.LogVoid(st.Encode().Sign())
		}},
		{"from another log", "origin-mismatch", func(w *generator.World, a, _ *generator.Author) {
			st := w.Request(a, "2025-01", nil)
			st.Log = "other.example/2025"
			w.LogVoid(st.Encode().Sign())
		}},
		{"not canonical", "not-canonical", func(w *generator.World, a, _ *generator.Author) {
			st := w.Request(a, "2025-01", nil).Encode()
			w.LogVoid(st.SetPayload(append(st.Payload, ' ')).Sign())
		}},
		{"attested before the period's end", "attestation-early", func(w *generator.World, a, _ *generator.Author) {
			p, _ := entry.ParsePeriod("2025-Q1")
			w.LogVoid(w.Attestation(a, p).Encode().Sign())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := generator.New(generator.Options{Seed: 32, Signatories: 2})
			w.Log(w.Found())
			for _, a := range w.Signatories {
				w.Advance(time.Hour)
				w.Log(w.Admit(a))
				w.Advance(time.Hour)
				w.Log(w.Pledge(a))
			}
			w.SetNow(now.Unix())
			a := w.Signatories[0]
			c.log(w, a, w.Signatories[1])
			w.Advance(time.Hour)
			w.Log(w.Request(a, "2025-01", nil))
			r := runAudit(t, w, newLog(t, w).Dir)
			if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"statement-rejected/operator"}) {
				t.Fatalf("result %s, findings %v", r.Result, found(r))
			}
			f := r.Findings[0]
			if f.Reason != c.reason || f.Author != "" || f.Index == nil || *f.Index != 6 {
				t.Errorf("finding %+v, want reason %s at entry 6, after the directory", f, c.reason)
			}
			if r.Statements.Rejected != 1 || r.Statements.Accepted != 7 || r.Signatories[0].Requests != 1 {
				t.Errorf("statements %+v, requests %d", r.Statements, r.Signatories[0].Requests)
			}
		})
	}
}
