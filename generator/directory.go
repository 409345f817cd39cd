package generator

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// An Entry is one leaf of the log, whatever its bytes.
type Entry struct {
	Leaf   []byte
	Logged int64  // Unix seconds, when it was logged; decides when checkpoints are published
	Digest string // of the detached body, "" when there is none
	Body   []byte // the detached body, nil when it is not published
	Opened []Text // that an open publishes, in the order of its digests
	Erases string // digest of the text of which it is the tombstone

	near []uint64 // entries with which the text that it erases may have been published
}

// texts are what is published with an entry.
func (e *Entry) texts() []Text {
	if e.Body == nil {
		return e.Opened
	}
	return append([]Text{{e.Digest, e.Body}}, e.Opened...)
}

// A Writer writes a log's directory, entry by entry, as a server would leave it:
// checkpoint, tiles, entry bundles, bodies, bundles of bodies and the archive.
// What it holds in memory does not grow with the log, but for 8 bytes a
// published checkpoint.
type Writer struct {
	// BundledBodies leaves out the files of single bodies where a bundle has
	// them: a large log is written faster so, and readers fetch bundles first.
	BundledBodies bool

	w         *World
	dir       string
	tree      *log.Builder
	bundle    []byte
	texts     []Text   // published, of the unfinished bundle
	published []uint64 // sizes for which there is a checkpoint
	newest    []byte   // checkpoint
	archive   []byte   // as far as not written yet
	kept      *os.File
	first     int64 // `logged` of the first entry that no checkpoint covers
	last      int64 // `logged` of the last one
	stamped   int64 // time of the last checkpoint
	made      map[string]bool
}

// NewWriter returns a writer of w's log to a directory, which it makes.
func (w *World) NewWriter(dir string) (*Writer, error) {
	d := &Writer{w: w, dir: dir, made: make(map[string]bool)}
	d.tree = log.NewBuilder(d.emit)
	if err := os.MkdirAll(filepath.Join(dir, log.BodiesPath), 0o755); err != nil {
		return nil, fmt.Errorf("make log directory: %w", err)
	}
	archive, err := os.Create(filepath.Join(dir, log.ArchivePath))
	if err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	d.kept = archive
	return d, nil
}

// Add writes the next entry.
func (d *Writer) Add(e *Entry) error {
	if d.tree.Size() > 0 {
		if err := d.publishBefore(e.Logged); err != nil {
			return err
		}
	}
	if d.first == 0 {
		d.first = e.Logged
	}
	d.last = max(d.last, e.Logged)
	var err error
	if d.bundle, err = log.AppendBundle(d.bundle, e.Leaf); err != nil {
		return fmt.Errorf("write entry %d: %w", d.tree.Size(), err)
	}
	d.texts = append(d.texts, e.texts()...)
	if e.Erases != "" {
		if err := d.erase(e.Erases, e.near); err != nil {
			return err
		}
	}
	if err := d.tree.Append(log.LeafHash(e.Leaf)); err != nil {
		return err
	}
	if d.tree.Size()%log.TileWidth == 0 {
		return d.finishBundle()
	}
	return nil
}

// finishBundle writes the files of 256 entries.
func (d *Writer) finishBundle() error {
	n := d.tree.Size()/log.TileWidth - 1
	if err := d.write(log.EntriesPath(n, log.TileWidth), d.bundle); err != nil {
		return err
	}
	var lines []byte
	for _, t := range d.texts {
		lines = append(append(lines, t.Bytes...), '\n')
	}
	if err := d.write(log.BodiesBundlePath(n), lines); err != nil {
		return err
	}
	if !d.BundledBodies {
		if err := d.writeTexts(); err != nil {
			return err
		}
	}
	d.bundle, d.texts = d.bundle[:0], d.texts[:0]
	return nil
}

func (d *Writer) writeTexts() error {
	for _, t := range d.texts {
		if err := d.write(log.BodyPath(t.Digest), t.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// erase deletes a text, wherever it was published: it is looked for first where those
// entries are, then backwards from the end.
func (d *Writer) erase(digest string, near []uint64) error {
	d.texts = slices.DeleteFunc(d.texts, func(t Text) bool { return t.Digest == digest })
	if err := os.Remove(filepath.Join(d.dir, filepath.FromSlash(log.BodyPath(digest)))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("erase text: %w", err)
	}
	var bundles []uint64
	for _, index := range near {
		bundles = append(bundles, index/log.TileWidth)
	}
	for n := d.tree.Size()/log.TileWidth + 1; n > 0; n-- {
		bundles = append(bundles, n-1)
	}
	for _, n := range bundles {
		lines, err := os.ReadFile(filepath.Join(d.dir, filepath.FromSlash(log.BodiesBundlePath(n))))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the bundle that is not finished
		} else if err != nil {
			return fmt.Errorf("erase text: %w", err)
		}
		if rest := withoutText(lines, digest); len(rest) < len(lines) {
			return d.write(log.BodiesBundlePath(n), rest)
		}
	}
	return nil
}

// withoutText takes the line of a digest out of a bundle of texts.
func withoutText(lines []byte, digest string) []byte {
	var rest []byte
	for line := range bytes.Lines(lines) {
		if entry.Digest(bytes.TrimSuffix(line, []byte("\n"))) != digest {
			rest = append(rest, line...)
		}
	}
	return rest
}

// publishBefore publishes the entries so far if a checkpoint is due before t.
func (d *Writer) publishBefore(t int64) error {
	due := d.first + int64(d.w.Options.Publish.Seconds())
	if len(d.w.Witnesses) > 0 && d.stamped != 0 {
		due = min(due, d.stamped+dayLong)
	}
	if d.first != 0 && t >= due {
		if err := d.publish(due); err != nil {
			return err
		}
	}
	// Witnesses cosign a log that stands still too: the archive has one
	// checkpoint a day.
	for len(d.w.Witnesses) > 0 && d.first == 0 && t > d.stamped+dayLong {
		if err := d.publish(d.stamped + dayLong); err != nil {
			return err
		}
	}
	return nil
}

// publish adds a checkpoint of the tree so far to the archive, cosigned at time
// t.
func (d *Writer) publish(t int64) error {
	d.newest = d.w.Checkpoint(d.tree.Size(), d.tree.Root(), t)
	d.archive = log.AppendArchive(d.archive, d.newest)
	d.published = append(d.published, d.tree.Size())
	d.first, d.stamped = 0, t
	if len(d.archive) < 1<<20 {
		return nil
	}
	return d.flushArchive()
}

func (d *Writer) flushArchive() error {
	if _, err := d.kept.Write(d.archive); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	d.archive = d.archive[:0]
	return nil
}

// Close publishes what was added and writes what is still missing: partial
// tiles, the tail's bodies, the archive, the checkpoint.
func (d *Writer) Close() error {
	defer d.kept.Close()
	if d.tree.Size() == 0 || d.first != 0 {
		if err := d.publish(d.last); err != nil {
			return err
		}
	}
	if err := d.writeTexts(); err != nil {
		return err
	}
	if err := d.tree.Flush(); err != nil {
		return err
	}
	if err := d.partialBundles(); err != nil {
		return err
	}
	if err := d.flushArchive(); err != nil {
		return err
	}
	if err := d.kept.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return d.write(log.CheckpointPath, d.newest)
}

// emit writes a full tile, or the partial forms of the last one of a level for
// every size that was published.
func (d *Writer) emit(level int, index uint64, width int, data []byte) error {
	if width == log.TileWidth {
		return d.write(log.TilePath(level, index, width), data)
	}
	for _, part := range d.widths(level, index) {
		if err := d.write(log.TilePath(level, index, part), data[:part*log.HashSize]); err != nil {
			return err
		}
	}
	return nil
}

// partialBundles writes the partial forms of the last entry bundle.
func (d *Writer) partialBundles() error {
	index := d.tree.Size() / log.TileWidth
	leaves := d.bundle
	end := make([]int, 1, log.TileWidth) // where each entry ends
	for at := 0; at < len(leaves); {
		at += 2 + int(leaves[at])<<8 + int(leaves[at+1])
		end = append(end, at)
	}
	for _, part := range d.widths(0, index) {
		if err := d.write(log.EntriesPath(index, part), leaves[:end[part]]); err != nil {
			return err
		}
	}
	return nil
}

// widths lists how wide a tile was at the published sizes.
func (d *Writer) widths(level int, index uint64) []int {
	var out []int
	last := 0
	for _, size := range d.published {
		if n := log.TileWidthAt(level, index, size); n > last && n < log.TileWidth {
			out, last = append(out, n), n
		}
	}
	return out
}

func (d *Writer) write(path string, data []byte) error {
	file := filepath.Join(d.dir, filepath.FromSlash(path))
	if dir := filepath.Dir(file); !d.made[dir] {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", filepath.Dir(path), err)
		}
		d.made[dir] = true
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Checkpoint signs a tree head with the log's own key, and with every witness's
// at time t. It signs whatever it is given.
func (w *World) Checkpoint(size uint64, root log.Hash, t int64) []byte {
	text := log.Checkpoint{Origin: w.Options.Origin, Size: size, Root: root}.Marshal()
	note, err := w.Signer.SignNote(text)
	if err != nil {
		panic(fmt.Sprintf("generator: sign checkpoint: %v", err))
	}
	for _, c := range w.Witnesses {
		sig, err := c.Cosign(text, uint64(t))
		if err != nil {
			panic(fmt.Sprintf("generator: cosign checkpoint: %v", err))
		}
		note.Signatures = append(note.Signatures, sig)
	}
	return bytes.Clone(note.Marshal())
}
