package tamper_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// A damage changes the whole good log, its files or its entries, and says what an
// audit has to find: code/party, from the protocol, beside what it finds in the good
// log anyway. It returns nil where there is nothing to damage.
type damage struct {
	name   string
	do     func(p *place) files
	result verifier.Result
	want   []string
	// may are findings that the damage brings at some places only.
	may []string
}

func (p *place) size() uint64 { return uint64(len(p.entries)) }

// flip turns over a bit of a file.
func (p *place) flip(path string, from, to int) files {
	f := clone(p.files)
	b := bytes.Clone(f[path])
	b[from+p.rand.IntN(to-from)] ^= 1 << p.rand.IntN(8)
	f[path] = b
	return f
}

// paths lists the files whose path begins so.
func (p *place) paths(prefix string) []string {
	var out []string
	for path := range p.files {
		if strings.HasPrefix(path, prefix) {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func (p *place) without(path string) files {
	f := clone(p.files)
	delete(f, path)
	return f
}

func (p *place) file(path string, b []byte) files {
	f := clone(p.files)
	f[path] = b
	return f
}

// bundleOf draws a bundle of entries.
func (p *place) bundleOf() string {
	path, _ := anyOf(p, p.paths("tile/entries/"))
	return path
}

// leafBytes flips a bit in one part of a leaf, found by the text in front of it, in
// its bundle only: its hash in the tiles stays.
func leafBytes(after string, length int) func(p *place) files {
	return func(p *place) files {
		path := p.bundleOf()
		b := bytes.Clone(p.files[path])
		var starts []int
		for i := 0; ; {
			j := bytes.Index(b[i:], []byte(after))
			if j < 0 {
				break
			}
			i += j + len(after)
			starts = append(starts, i)
		}
		at, ok := anyOf(p, starts)
		if !ok {
			return nil
		}
		b[at+p.rand.IntN(length)] ^= 1 << p.rand.IntN(7)
		return p.file(path, b)
	}
}

// rewritten is the log with its entries changed, every hash made anew and every
// checkpoint signed anew.
func rewritten(change func(p *place, es []*generator.Entry) []*generator.Entry) func(p *place) files {
	return func(p *place) files {
		es := change(p, slices.Clone(p.entries))
		if es == nil {
			return nil
		}
		return p.write(es)
	}
}

// newest rewrites the log with something at its end only, so that no directory
// behind it is out of place.
func newest(change func(p *place, last *generator.Entry) []*generator.Entry) func(p *place) files {
	return func(p *place) files {
		last := p.entries[p.k-1]
		more := change(p, last)
		if more == nil {
			return nil
		}
		return p.write(append(slices.Clone(p.entries[:p.k]), more...))
	}
}

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

// leafAs changes the bytes of a request that would be in order.
func leafAs(change func(p *place, leaf []byte) []byte) func(p *place) files {
	return newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		e := p.logged(p.request(a))
		e.Leaf = change(p, e.Leaf)
		e.Digest, e.Body = "", nil
		return []*generator.Entry{e}
	})
}

// text draws an entry with a published text that was not erased.
func (p *place) text(whole bool) *generator.Entry {
	var all []*generator.Entry
	for i, e := range p.entries {
		st := p.items[i].Statement
		full := uint64(i) < p.size()-p.size()%log.TileWidth
		if e.Body != nil && i > 0 && full == whole && p.all.TextOf(st.ID, e.Digest) == pledge.TextPublic {
			all = append(all, e)
		}
	}
	e, _ := anyOf(p, all)
	return e
}

// setText replaces a text under its address and in its bundle; nil removes it.
func (p *place) setText(digest string, b []byte) files {
	f := clone(p.files)
	if b == nil {
		delete(f, log.BodyPath(digest))
	} else {
		f[log.BodyPath(digest)] = b
	}
	for _, path := range p.paths(log.BodiesPath + "/bundle/") {
		var out []byte
		for line := range bytes.Lines(f[path]) {
			switch {
			case entry.Digest(bytes.TrimSuffix(line, []byte("\n"))) != digest:
				out = append(out, line...)
			case b != nil:
				out = append(append(out, b...), '\n')
			}
		}
		f[path] = out
	}
	return f
}

// other is a text like another, with the same codes, under another salt.
func (p *place) other(b []byte) []byte {
	return generator.Edit(b, func(m map[string]any) { m["salt"] = p.salt() })
}

// opening draws an open that opened something that was not erased, and the digest.
func (p *place) opening(disclosure bool) (generator.Text, bool) {
	var all []generator.Text
	for i, e := range p.entries {
		b, ok := p.items[i].Statement.Body.(*entry.Open)
		if !ok {
			continue
		}
		for _, t := range e.Opened {
			_, err := entry.ParseDisclosure(string(t.Bytes))
			if (err == nil) == disclosure && p.all.TextOf(b.Entry, t.Digest) == pledge.TextPublic {
				all = append(all, t)
			}
		}
	}
	return anyOf(p, all)
}

const (
	differs      = verifier.Differs
	matches      = verifier.Matches
	undecided    = verifier.CannotDecide
	misbehaviour = verifier.Misbehaviour
)

var damages = []damage{
	// Checkpoint.
	{"checkpoint: a bit of the size", func(p *place) files {
		return p.file(log.CheckpointPath, bytes.Replace(p.files[log.CheckpointPath], fmt.Appendf(nil, "\n%d\n", p.size()), fmt.Appendf(nil, "\n%d\n", p.size()-1-uint64(p.rand.IntN(50))), 1))
	}, differs, []string{"checkpoint-signature-invalid/view"}, nil},
	{"checkpoint: another root", func(p *place) files {
		root := log.LeafHash([]byte(p.salt()))
		return p.file(log.CheckpointPath, p.w.Checkpoint(p.size(), root, p.s.Now()))
	}, misbehaviour, []string{"log-forked/operator", "root-mismatch/view"}, []string{"*"}},
	{"checkpoint: of another log", func(p *place) files {
		return p.file(log.CheckpointPath, generator.New(generator.Options{Origin: "other.example/2025"}).Checkpoint(p.size(), log.EmptyRoot(), 0))
	}, differs, []string{"checkpoint-origin-unknown/view"}, nil},
	{"checkpoint: cut short", func(p *place) files {
		b := p.files[log.CheckpointPath]
		return p.file(log.CheckpointPath, b[:len(b)-1-p.rand.IntN(20)])
	}, differs, []string{"checkpoint-malformed/view"}, nil},
	{"checkpoint: signed by nobody known", func(p *place) files {
		return p.file(log.CheckpointPath, editNote(p.files[log.CheckpointPath], func(n *log.Note) {
			n.Signatures[0].ID ^= 1 + uint32(p.rand.IntN(1000))
		}))
	}, differs, []string{"checkpoint-unsigned/view"}, nil},
	{"checkpoint: a bit of its signature", func(p *place) files {
		return p.file(log.CheckpointPath, editNote(p.files[log.CheckpointPath], func(n *log.Note) {
			n.Signatures[0].Sig[p.rand.IntN(64)] ^= 1 << p.rand.IntN(8)
		}))
	}, differs, []string{"checkpoint-signature-invalid/view"}, nil},
	{"checkpoint: its witnesses left out", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil
		}
		return p.file(log.CheckpointPath, editNote(p.files[log.CheckpointPath], func(n *log.Note) { n.Signatures = n.Signatures[:1+p.rand.IntN(p.w.Options.Quorum)] }))
	}, differs, []string{"checkpoint-quorum-short/view"}, nil},
	{"checkpoint: one witness counted for two", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil
		}
		return p.file(log.CheckpointPath, editNote(p.files[log.CheckpointPath], func(n *log.Note) {
			n.Signatures = append(n.Signatures[:2:2], n.Signatures[1])
		}))
	}, differs, nil, []string{"checkpoint-quorum-short/view", "checkpoint-malformed/view", "checkpoint-signature-invalid/view"}},
	{"checkpoint: an older one", func(p *place) files {
		notes, err := log.ParseArchive(p.files[log.ArchivePath])
		if err != nil {
			panic(err)
		}
		one, _ := anyOf(p, notes[:len(notes)-1])
		return p.file(log.CheckpointPath, one)
	}, matches, []string{"checkpoint-behind/view"}, nil},
	// Archive.
	{"archive: removed", func(p *place) files { return p.without(log.ArchivePath) }, differs, []string{"archive-missing/view"}, []string{"*"}},
	{"archive: two in the other order", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes) - 1)
		notes[i], notes[i+1] = notes[i+1], notes[i]
		return p.setArchive(notes)
	}, differs, []string{"archive-malformed/view"}, []string{"*"}},
	{"archive: a bit of a signature", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes))
		notes[i] = editNote(notes[i], func(n *log.Note) { n.Signatures[0].Sig[3] ^= 1 })
		return p.setArchive(notes)
	}, differs, []string{"archive-unvouched/view"}, []string{"archive-sparse/operator", "archive-malformed/view", "held-back/operator"}},
	{"archive: a fork in it", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes))
		notes[i] = p.w.Checkpoint(sizeOf(notes[i]), log.LeafHash([]byte(p.salt())), p.s.Now())
		return p.setArchive(notes)
	}, misbehaviour, []string{"log-forked/operator"}, []string{"*"}},
	{"archive: for entries that are not there", func(p *place) files {
		return p.setArchive(append(p.archive(), p.w.Checkpoint(p.size()+uint64(1+p.rand.IntN(900)), log.LeafHash([]byte(p.salt())), p.s.Now())))
	}, differs, []string{"archive-ahead/view"}, nil},
	{"witnesses: they saw entries before these are dated", func(p *place) files {
		return p.seenAt(func(logged, next int64) int64 { return logged - 601 - int64(p.rand.IntN(100_000)) })
	}, matches, []string{"logged-after-witnessed/operator"}, nil},
	{"witnesses: they saw entries long after these are dated", func(p *place) files {
		return p.seenAt(func(logged, next int64) int64 {
			if next < logged+3601 {
				return 0
			}
			return logged + 3601 + int64(p.rand.IntN(int(next-logged-3600)))
		})
	}, matches, []string{"held-back/operator"}, nil},
	// Tiles and bundles.
	{"tile: a bit", func(p *place) files {
		path, _ := anyOf(p, p.paths("tile/0/"))
		return p.flip(path, 0, len(p.files[path]))
	}, differs, []string{"tile-mismatch/view"}, nil},
	{"tile: a bit above", func(p *place) files {
		path, _ := anyOf(p, p.paths("tile/1/"))
		return p.flip(path, 0, len(p.files[path]))
	}, differs, []string{"tile-mismatch/view"}, nil},
	{"tile: removed", func(p *place) files {
		path, _ := anyOf(p, append(p.paths("tile/0/"), p.paths("tile/1/")...))
		return p.without(path)
	}, differs, []string{"tile-missing/view"}, nil},
	{"tile: cut short", func(p *place) files {
		path, _ := anyOf(p, p.paths("tile/0/"))
		return p.file(path, p.files[path][:len(p.files[path])-1-p.rand.IntN(31)])
	}, differs, []string{"tile-mismatch/view"}, nil},
	{"tile: too long", func(p *place) files {
		path, _ := anyOf(p, p.paths("tile/0/"))
		return p.file(path, append(bytes.Clone(p.files[path]), make([]byte, 1+p.rand.IntN(64))...))
	}, differs, []string{"tile-mismatch/view"}, nil},
	{"bundle: removed", func(p *place) files { return p.without(p.bundleOf()) }, undecided, []string{"bundle-missing/view"}, []string{"*"}},
	{"bundle: cut short", func(p *place) files {
		path := p.bundleOf()
		return p.file(path, p.files[path][:len(p.files[path])-1-p.rand.IntN(200)])
	}, differs, []string{"bundle-malformed/view"}, []string{"*"}},
	{"bundle: something after its end", func(p *place) files {
		path := p.bundleOf()
		return p.file(path, append(bytes.Clone(p.files[path]), 0, 1, 'x'))
	}, differs, []string{"bundle-malformed/view"}, []string{"*"}},
	{"bundle: two swapped", func(p *place) files {
		f := clone(p.files)
		f["tile/entries/000"], f["tile/entries/001"] = f["tile/entries/001"], f["tile/entries/000"]
		return f
	}, differs, []string{"root-mismatch/view", "tile-mismatch/view"}, []string{"*"}},
	{"leaf: a bit of logged", leafBytes(`{"logged":`, 10), differs, []string{"root-mismatch/view", "tile-mismatch/view"}, []string{"*"}},
	{"leaf: a bit of the envelope", leafBytes(`"payloadType":"`, 30), differs, []string{"root-mismatch/view", "tile-mismatch/view"}, []string{"*"}},
	{"leaf: a bit of the payload", leafBytes(`"payload":"`, 200), differs, []string{"root-mismatch/view", "tile-mismatch/view"}, []string{"*"}},
	{"leaf: a bit of a key id", leafBytes(`"keyid":"`, 64), differs, []string{"root-mismatch/view", "tile-mismatch/view"}, []string{"*"}},
	{"leaf: a bit of a signature", leafBytes(`"sig":"`, 80), differs, []string{"root-mismatch/view", "tile-mismatch/view"}, []string{"*"}},
	// Leaves that an operator signs for although they are in no form.
	{"signed leaf: empty", leafAs(func(*place, []byte) []byte { return []byte{} }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: garbage", leafAs(func(p *place, _ []byte) []byte { return []byte(p.salt()) }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: white space in it", leafAs(func(_ *place, b []byte) []byte {
		return bytes.Replace(b, []byte(`,"statement"`), []byte(`, "statement"`), 1)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: something after its end", leafAs(func(_ *place, b []byte) []byte { return append(bytes.Clone(b), ' ') }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: logged with a leading zero", leafAs(func(_ *place, b []byte) []byte {
		return bytes.Replace(b, []byte(`{"logged":`), []byte(`{"logged":0`), 1)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: logged after the year 9999", leafAs(func(_ *place, b []byte) []byte {
		i := bytes.Index(b, []byte(`,"statement"`))
		return append([]byte(`{"logged":253402300800`), b[i:]...)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: another payload type", leafAs(func(_ *place, b []byte) []byte { return bytes.Replace(b, []byte(`.v1+json`), []byte(`.v2+json`), 1) }), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: no signature", leafAs(func(_ *place, b []byte) []byte {
		i := bytes.Index(b, []byte(`"signatures":[`)) + len(`"signatures":[`)
		return append(bytes.Clone(b[:i]), `]}}`...)
	}), differs, []string{"leaf-malformed/operator"}, nil},
	{"signed leaf: key ids in capitals", leafAs(func(_ *place, b []byte) []byte {
		i := bytes.Index(b, []byte(`"keyid":"`)) + len(`"keyid":"`)
		return append(append(bytes.Clone(b[:i]), bytes.ToUpper(b[i:i+64])...), b[i+64:]...)
	}), differs, []string{"leaf-malformed/operator"}, []string{"statement-rejected/operator"}},
	// Entries that an operator drops, repeats, moves.
	{"entries: the last ones taken back", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry { return es[:p.k] }), matches, nil, []string{"*authors", "directory-overdue/operator"}}, // nothing in the copy shows it: an auditor with state, or another copy, does
	{"entries: the last ones taken back, archive kept", func(p *place) files {
		f := p.write(p.entries[:len(p.entries)-1-p.rand.IntN(100)])
		f[log.ArchivePath] = p.files[log.ArchivePath]
		return f
	}, differs, []string{"archive-ahead/view"}, []string{"*authors", "directory-overdue/operator"}},
	{"entries: one dropped", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry {
		i := 1 + p.rand.IntN(len(es)-2)
		return slices.Delete(es, i, i+1)
	}), differs, []string{"statement-rejected/operator"}, []string{"*"}},
	{"entries: the last one twice", newest(func(p *place, last *generator.Entry) []*generator.Entry { return []*generator.Entry{last} }), matches, []string{"statement-duplicate/operator"}, nil},
	{"entries: an old one again", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		return []*generator.Entry{relogged(p.entries[1+p.rand.IntN(p.k-1)], last.Logged)}
	}), matches, []string{"statement-duplicate/operator"}, nil},
	{"entries: two swapped", rewritten(func(p *place, es []*generator.Entry) []*generator.Entry {
		for range 100 {
			i := 1 + p.rand.IntN(len(es)-2)
			a, b := p.items[i].Statement, p.items[i+1].Statement
			if a.Author == b.Author && a.Lane == b.Lane {
				es[i], es[i+1] = es[i+1], es[i]
				return es
			}
		}
		return nil
	}), differs, []string{"statement-rejected/operator"}, []string{"*"}},
	{"entries: rewritten, archive kept", func(p *place) files {
		es := slices.Clone(p.entries)
		i := len(es) - 1 - p.rand.IntN(50)
		es[i] = relogged(es[i], es[i].Logged+1)
		f := p.write(es)
		f[log.ArchivePath] = p.files[log.ArchivePath]
		return f
	}, misbehaviour, []string{"log-forked/operator"}, []string{"*"}},
	{"entries: another charter", func(p *place) files {
		o := generator.EveryKindOptions()
		o.Seed = 999
		w := generator.New(o)
		w.Log(w.Found())
		return p.write(append([]*generator.Entry{w.Logged[0]}, p.entries[1:]...))
	}, differs, []string{"charter-mismatch/view"}, []string{"*"}},
	// Time.
	{"time: dated before the one in front", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		return []*generator.Entry{relogged(p.logged(p.request(a)), last.Logged-1-int64(p.rand.IntN(10000)))}
	}), differs, []string{"logged-decreases/operator"}, []string{"held-back/operator"}},
	{"time: an author's date ahead of the log's", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Made = p.now() + 601 + int64(p.rand.IntN(10000))
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"made-after-logged/AUTHOR"}, nil},
	{"time: an author's date before its previous one", newest(func(p *place, last *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Made = p.s.LastMade(a, entry.LaneMain) - 1 - int64(p.rand.IntN(10000))
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"made-decreases/AUTHOR"}, nil},
	// Texts.
	{"text: removed", func(p *place) files {
		e := p.text(p.rand.IntN(2) == 0)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, nil)
	}, differs, []string{"body-missing/operator"}, nil},
	{"text: a bit", func(p *place) files {
		e := p.text(false)
		if e == nil {
			return nil
		}
		b := bytes.Clone(e.Body)
		b[p.rand.IntN(len(b))] ^= 1
		return p.setText(e.Digest, b)
	}, differs, []string{"body-mismatch/operator"}, nil},
	{"text: another with the same codes", func(p *place) files {
		e := p.text(false)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, p.other(e.Body))
	}, differs, []string{"body-mismatch/operator"}, nil},
	{"text: another in the bundle", func(p *place) files {
		e := p.text(true)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, p.other(e.Body))
	}, differs, []string{"body-bundle-mismatch/operator", "body-mismatch/operator"}, nil},
	{"text: signed, but in no form", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Body = generator.Edit(st.Body, func(m map[string]any) { delete(m, "country") })
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"body-invalid/AUTHOR"}, nil},
	{"text: another author's, copied commitment", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a, b := p.two()
		if a == "" {
			return nil
		}
		old, _ := anyOf(p, p.said(b, func(st *entry.Statement) bool {
			return st.Kind == entry.KindRequest && p.s.TextOf(st.ID, st.BodyDigest) == pledge.TextPublic
		}))
		if old == nil {
			return nil
		}
		st := p.request(a)
		st.Body = p.files[log.BodyPath(old.BodyDigest)]
		if st.Body == nil {
			return nil // erased later
		}
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"body-invalid/AUTHOR"}, nil},
	{"text: a code that is in no vocabulary", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		a := p.signatory()
		if a == "" {
			return nil
		}
		st := p.request(a)
		st.Body = generator.Edit(st.Body, func(m map[string]any) { m["assist"] = []string{"telepathy"} })
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"code-unknown/AUTHOR"}, nil},
	{"text: an opened one removed", func(p *place) files {
		t, ok := p.opening(false)
		if !ok {
			return nil
		}
		return p.setText(t.Digest, nil)
	}, differs, []string{"body-missing/operator"}, nil},
	{"text: an opened one replaced", func(p *place) files {
		t, ok := p.opening(false)
		if !ok {
			return nil
		}
		return p.setText(t.Digest, p.other(t.Bytes))
	}, differs, []string{"body-mismatch/operator"}, []string{"body-bundle-mismatch/operator"}},
	{"disclosure: removed", func(p *place) files {
		t, ok := p.opening(true)
		if !ok {
			return nil
		}
		return p.setText(t.Digest, nil)
	}, differs, []string{"disclosure-missing/operator"}, nil},
	{"disclosure: another", func(p *place) files {
		t, ok := p.opening(true)
		if !ok {
			return nil
		}
		d, err := entry.NewDisclosure(p.salt(), "country", []byte(`"XC"`))
		if err != nil {
			panic(err)
		}
		return p.setText(t.Digest, []byte(d.Text()))
	}, differs, []string{"disclosure-mismatch/operator"}, []string{"body-bundle-mismatch/operator"}},
	{"disclosure: of nothing that was sealed", newest(func(p *place, _ *generator.Entry) []*generator.Entry {
		old := p.asked(false)
		if old == nil {
			return nil
		}
		d, err := entry.NewDisclosure(p.salt(), "country", []byte(`"XC"`))
		if err != nil {
			panic(err)
		}
		st := p.draft(old.Author, &entry.Open{Digests: []string{d.Digest()}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
		st.Opens = []generator.Text{{Digest: d.Digest(), Bytes: []byte(d.Text())}}
		return []*generator.Entry{p.logged(st)}
	}), matches, []string{"disclosure-invalid/AUTHOR"}, []string{"code-unknown/AUTHOR"}},
	{"erasure: text gone, no tombstone", func(p *place) files {
		e := p.text(true)
		if e == nil {
			return nil
		}
		return p.setText(e.Digest, nil)
	}, differs, []string{"body-missing/operator"}, nil},
	{"erasure: tombstone, text still there", func(p *place) files {
		es := p.all.Erasures()
		e, ok := anyOf(p, es)
		if !ok {
			return nil
		}
		for _, old := range p.entries {
			for _, t := range textsOf(old) {
				if t.Digest == e.Digest {
					return p.file(log.BodyPath(e.Digest), t.Bytes)
				}
			}
		}
		return nil
	}, differs, []string{"body-erased-served/operator"}, nil},
	{"text: a line more in a bundle", func(p *place) files {
		path, _ := anyOf(p, p.paths(log.BodiesPath+"/bundle/"))
		return p.file(path, append(bytes.Clone(p.files[path]), "{\"salt\":\"x\"}\n"...))
	}, differs, []string{"body-bundle-mismatch/operator"}, nil},
	{"text: a withheld one in a bundle", func(p *place) files {
		for _, i := range p.rand.Perm(int(p.size() - p.size()%log.TileWidth)) {
			st := p.items[i].Statement
			if p.all.TextOf(st.ID, st.BodyDigest) != pledge.TextWithheld {
				continue
			}
			said := slices.IndexFunc(p.w.Said, func(o *generator.Statement) bool { return o.ID == st.ID })
			if said < 0 {
				continue
			}
			body := p.w.Said[said]
			path := log.BodiesBundlePath(uint64(i) / log.TileWidth)
			return p.file(path, append(append(bytes.Clone(p.files[path]), body.Body...), '\n'))
		}
		return nil
	}, differs, []string{"body-not-opened/operator"}, nil},
}

func (p *place) archive() [][]byte {
	notes, err := log.ParseArchive(p.files[log.ArchivePath])
	if err != nil {
		panic(err)
	}
	return slices.Clone(notes)
}

// seenAt has witnesses cosign an archived checkpoint at another time: that is given
// when the last entry that it covers was logged, and when the next checkpoint was
// cosigned.
func (p *place) seenAt(at func(logged, next int64) int64) files {
	notes := p.archive()
	i := p.rand.IntN(len(notes) - 1)
	v, err := p.w.Policy.Open(notes[i])
	next, err2 := p.w.Policy.Open(notes[i+1])
	if err != nil || err2 != nil || !v.HasQuorumTime || v.Checkpoint.Size < 300 || v.Checkpoint.Size == next.Checkpoint.Size {
		return nil // no witnesses, or the beginning of the log
	}
	t := at(p.entries[v.Checkpoint.Size-1].Logged, int64(next.QuorumTime))
	if t == 0 {
		return nil
	}
	notes[i] = p.w.Checkpoint(v.Checkpoint.Size, v.Checkpoint.Root, t)
	return p.setArchive(notes)
}

func (p *place) setArchive(notes [][]byte) files {
	var b []byte
	for _, n := range notes {
		b = log.AppendArchive(b, n)
	}
	return p.file(log.ArchivePath, b)
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
