package tamper_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
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

const (
	differs      = verifier.Differs
	matches      = verifier.Matches
	undecided    = verifier.CannotDecide
	misbehaviour = verifier.Misbehaviour
)

// damages are all but those that break a rule: to the copy of the log, to entries that
// the operator signs, to texts.
var damages = slices.Concat(copyDamages, entryDamages, textDamages, viewDamages)

var copyDamages = []damage{
	// Checkpoint.
	{"checkpoint: a bit of the size", func(p *place) files {
		return p.file(log.CheckpointPath, bytes.Replace(p.files[log.CheckpointPath], fmt.Appendf(nil, "\n%d\n", p.size()), fmt.Appendf(nil, "\n%d\n", p.size()-1-uint64(p.rand.IntN(50))), 1))
	}, differs, []string{"checkpoint-signature-invalid/view"}, nil},
	{"checkpoint: a bit of the root", func(p *place) files {
		return p.file(log.CheckpointPath, generator.EditNote(p.files[log.CheckpointPath], func(n *log.Note) {
			c, err := log.ParseCheckpoint(n.Text)
			if err != nil {
				panic(err)
			}
			c.Root[p.rand.IntN(log.HashSize)] ^= 1 << p.rand.IntN(8)
			n.Text = c.Marshal()
		}))
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
		return p.file(log.CheckpointPath, generator.EditNote(p.files[log.CheckpointPath], func(n *log.Note) {
			n.Signatures[0].ID ^= 1 + uint32(p.rand.IntN(1000))
		}))
	}, differs, []string{"checkpoint-unsigned/view"}, nil},
	{"checkpoint: a bit of its signature", func(p *place) files {
		return p.file(log.CheckpointPath, generator.EditNote(p.files[log.CheckpointPath], func(n *log.Note) {
			n.Signatures[0].Sig[p.rand.IntN(64)] ^= 1 << p.rand.IntN(8)
		}))
	}, differs, []string{"checkpoint-signature-invalid/view"}, nil},
	{"checkpoint: its witnesses left out", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil
		}
		return p.file(log.CheckpointPath, generator.EditNote(p.files[log.CheckpointPath], func(n *log.Note) { n.Signatures = n.Signatures[:1+p.rand.IntN(p.w.Options.Quorum)] }))
	}, differs, []string{"checkpoint-quorum-short/view"}, nil},
	{"checkpoint: one witness counted for two", func(p *place) files {
		if len(p.w.Witnesses) == 0 {
			return nil
		}
		return p.file(log.CheckpointPath, generator.EditNote(p.files[log.CheckpointPath], func(n *log.Note) {
			n.Signatures = append(n.Signatures[:2:2], n.Signatures[1])
		}))
	}, differs, []string{"checkpoint-quorum-short/view"}, nil},
	{"checkpoint: an older one", func(p *place) files {
		notes, err := log.ParseArchive(p.files[log.ArchivePath])
		if err != nil {
			panic(err)
		}
		one, _ := anyOf(p, notes[:len(notes)-1])
		return p.file(log.CheckpointPath, one)
	}, matches, []string{"checkpoint-behind/view"}, nil},
	{"checkpoint: removed", func(p *place) files { return p.without(log.CheckpointPath) }, undecided, nil, nil},
	{"checkpoint: signed for entries that are not there", func(p *place) files {
		return p.file(log.CheckpointPath, p.w.Checkpoint(p.size()+uint64(1+p.rand.IntN(9000)), log.LeafHash([]byte(p.salt())), p.s.Now()))
	}, undecided, []string{"bundle-missing/view"}, nil},
	{"checkpoint: signed for an immense log", func(p *place) files {
		return p.file(log.CheckpointPath, p.w.Checkpoint(log.MaxTreeSize, log.LeafHash([]byte(p.salt())), p.s.Now()))
	}, undecided, []string{"bundle-missing/view"}, nil},
	{"checkpoint: another root, and nothing else in the archive", func(p *place) files {
		raw := p.w.Checkpoint(p.size(), log.LeafHash([]byte(p.salt())), p.s.Now())
		f := p.file(log.CheckpointPath, raw)
		f[log.ArchivePath] = log.AppendArchive(nil, raw)
		return f
	}, differs, []string{"root-mismatch/view"}, []string{"*"}},
	// Archive.
	{"archive: removed", func(p *place) files { return p.without(log.ArchivePath) }, differs, []string{"archive-missing/view"}, []string{"*"}},
	{"archive: empty", func(p *place) files { return p.file(log.ArchivePath, nil) }, differs, []string{"archive-missing/view"}, []string{"*"}},
	{"archive: cut short", func(p *place) files {
		b := p.files[log.ArchivePath]
		return p.file(log.ArchivePath, b[:len(b)-2-p.rand.IntN(40)])
	}, differs, []string{"archive-malformed/view"}, []string{"*"}},
	{"archive: a fork beside the true one", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes))
		return p.setArchive(slices.Insert(notes, i, p.w.Checkpoint(generator.SizeOf(notes[i]), log.LeafHash([]byte(p.salt())), p.s.Now())))
	}, misbehaviour, []string{"log-forked/operator"}, []string{"*"}},
	{"archive: a fork of the empty log", func(p *place) files {
		return p.setArchive(slices.Insert(p.archive(), 0, p.w.Checkpoint(0, log.LeafHash([]byte(p.salt())), p.s.Now())))
	}, misbehaviour, []string{"log-forked/operator"}, []string{"*"}},
	{"archive: a fork in it, and no tiles that would prove it", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes) - 1)
		size := generator.SizeOf(notes[i+1]) - 1
		if size == 0 {
			return nil
		}
		f := p.setArchive(slices.Insert(notes[i+1:], 0, p.w.Checkpoint(size, log.LeafHash([]byte(p.salt())), p.s.Now())))
		for _, path := range append(p.paths("tile/0/"), p.paths("tile/1/")...) {
			delete(f, path)
		}
		return f
	}, misbehaviour, []string{"log-forked/operator", "tile-missing/view"}, []string{"*"}},
	{"archive: two in the other order", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes) - 1)
		notes[i], notes[i+1] = notes[i+1], notes[i]
		return p.setArchive(notes)
	}, differs, []string{"archive-malformed/view"}, []string{"*"}},
	{"archive: a bit of a signature", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes))
		notes[i] = generator.EditNote(notes[i], func(n *log.Note) { n.Signatures[0].Sig[3] ^= 1 })
		return p.setArchive(notes)
	}, differs, []string{"archive-unvouched/view"}, []string{"archive-sparse/operator", "archive-malformed/view", "held-back/operator"}},
	{"archive: a fork in it", func(p *place) files {
		notes := p.archive()
		i := p.rand.IntN(len(notes))
		notes[i] = p.w.Checkpoint(generator.SizeOf(notes[i]), log.LeafHash([]byte(p.salt())), p.s.Now())
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
	{"tile: removed, and its hash above altered", func(p *place) files {
		f := p.flip("tile/1/000.p/4", 0, log.HashSize)
		delete(f, "tile/0/000")
		return f
	}, differs, []string{"tile-mismatch/view", "tile-missing/view"}, nil},
	{"tile: empty", func(p *place) files {
		path, _ := anyOf(p, p.paths("tile/0/"))
		return p.file(path, nil)
	}, differs, []string{"tile-missing/view"}, nil},
	{"bundle: removed", func(p *place) files { return p.without(p.bundleOf()) }, undecided, []string{"bundle-missing/view"}, []string{"*"}},
	{"bundle: cut short", func(p *place) files {
		path := p.bundleOf()
		return p.file(path, p.files[path][:len(p.files[path])-1-p.rand.IntN(200)])
	}, differs, []string{"bundle-malformed/view"}, []string{"*"}},
	{"bundle: a bit of a length", func(p *place) files {
		// Of the last entry: what comes after another one's might still look like one.
		path := p.bundleOf()
		b := bytes.Clone(p.files[path])
		last := 0
		for at := 0; at < len(b); at += 2 + int(b[at])<<8 + int(b[at+1]) {
			last = at
		}
		b[last+1] ^= 1 << p.rand.IntN(8)
		return p.file(path, b)
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
