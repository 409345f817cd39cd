package generator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// A Site is a log's directory in the hands of somebody who may write anything
// into it and has the log's own key: a dishonest operator, or whoever broke in.
// Nothing that a Site does is checked. Paths are those of the log's addresses,
// such as tile/0/000.
type Site struct {
	Dir string
	w   *World
}

// Open takes hold of a directory that w wrote.
func (w *World) Open(dir string) *Site { return &Site{Dir: dir, w: w} }

// Copy makes a second directory, to be damaged while the first stays good.
func (s *Site) Copy(dir string) (*Site, error) {
	if err := os.CopyFS(dir, os.DirFS(s.Dir)); err != nil {
		return nil, fmt.Errorf("copy log: %w", err)
	}
	return s.w.Open(dir), nil
}

// Paths lists every file, sorted.
func (s *Site) Paths() ([]string, error) {
	var paths []string
	err := fs.WalkDir(os.DirFS(s.Dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list log: %w", err)
	}
	return paths, nil
}

func (s *Site) file(path string) string { return filepath.Join(s.Dir, filepath.FromSlash(path)) }

// Read returns a file's bytes.
func (s *Site) Read(path string) ([]byte, error) { return os.ReadFile(s.file(path)) }

// Write replaces a file, or makes one.
func (s *Site) Write(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(s.file(path)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.file(path), b, 0o644)
}

// Remove removes a file, or a folder with all that is in it.
func (s *Site) Remove(path string) error { return os.RemoveAll(s.file(path)) }

// Change replaces a file by what change makes of it.
func (s *Site) Change(path string, change func([]byte) []byte) error {
	b, err := s.Read(path)
	if err != nil {
		return err
	}
	return s.Write(path, change(b))
}

// Flip turns over the bits of mask in byte at of a file.
func (s *Site) Flip(path string, at int, mask byte) error {
	return s.Change(path, func(b []byte) []byte {
		b[at] ^= mask
		return b
	})
}

// Size is what the checkpoint says.
func (s *Site) Size() (uint64, error) {
	raw, err := s.Read(log.CheckpointPath)
	if err != nil {
		return 0, err
	}
	return sizeOf(raw)
}

func sizeOf(checkpoint []byte) (uint64, error) {
	note, err := log.ParseNote(checkpoint)
	if err != nil {
		return 0, err
	}
	c, err := log.ParseCheckpoint(note.Text)
	return c.Size, err
}

// SizeOf is the size that a well-formed checkpoint says.
func SizeOf(checkpoint []byte) uint64 {
	size, err := sizeOf(checkpoint)
	if err != nil {
		panic(fmt.Sprintf("generator: read checkpoint: %v", err))
	}
	return size
}

// EditNote changes a well-formed signed note, without signing it anew.
func EditNote(raw []byte, edit func(*log.Note)) []byte {
	n, err := log.ParseNote(raw)
	if err != nil {
		panic(fmt.Sprintf("generator: read note: %v", err))
	}
	n.Text = bytes.Clone(n.Text)
	edit(n)
	return n.Marshal()
}

// Entries reads every leaf with its published body.
func (s *Site) Entries() ([]*Entry, error) {
	size, err := s.Size()
	if err != nil {
		return nil, err
	}
	var entries []*Entry
	it := log.NewTileReader(log.DirSource(s.Dir)).Leaves(context.Background(), 0, size, size)
	for _, leaves := range it.All() {
		for _, leaf := range leaves {
			e, err := s.readEntry(leaf)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
	}
	return entries, it.Err()
}

func (s *Site) readEntry(leaf []byte) (*Entry, error) {
	e := &Entry{Leaf: bytes.Clone(leaf)}
	parsed, err := entry.ParseLeaf(leaf)
	if err != nil {
		return e, nil // one that was damaged before
	}
	e.Logged = parsed.Logged
	st, err := entry.ParseStatement(parsed.Statement)
	if err != nil {
		return e, nil
	}
	e.Digest = st.BodyDigest
	if b, ok := st.Body.(*entry.Erasure); ok {
		e.Erases = b.Digest
	}
	for _, digest := range st.Publishes() {
		text, err := s.Read(log.BodyPath(digest))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case digest == e.Digest:
			e.Body = text
		default:
			e.Opened = append(e.Opened, Text{digest, text})
		}
	}
	return e, nil
}

// Rewrite replaces the whole log by one of these entries, signed with the log's
// own key (and cosigned by the witnesses, who are fooled too). With keepArchive
// the old archive stays, and is followed by the new checkpoint.
func (s *Site) Rewrite(entries []*Entry, keepArchive bool) error {
	old, err := s.Read(log.ArchivePath)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(s.Dir); err != nil {
		return err
	}
	d, err := s.w.NewWriter(s.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := d.Add(e); err != nil {
			return err
		}
	}
	if err := d.Close(); err != nil || !keepArchive {
		return err
	}
	return s.Write(log.ArchivePath, log.AppendArchive(old, d.newest))
}

// Fool changes the entries and rewrites the log: the tree is sound, and every
// checkpoint is signed anew.
func (s *Site) Fool(change func([]*Entry) []*Entry) error {
	entries, err := s.Entries()
	if err != nil {
		return err
	}
	return s.Rewrite(change(entries), false)
}

// ChangeLeaf changes a leaf in its bundles, and nothing else: its hash in the
// tiles stays.
func (s *Site) ChangeLeaf(index uint64, change func([]byte) []byte) error {
	size, err := s.Size()
	if err != nil {
		return err
	}
	n := index / log.TileWidth
	full := log.TileWidthAt(log.EntriesLevel, n, size)
	changed := false
	for width := int(index%log.TileWidth) + 1; width <= full; width++ {
		path := log.EntriesPath(n, width)
		b, err := s.Read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // not a size that was published
		} else if err != nil {
			return err
		}
		leaves, err := log.ParseBundle(b, width)
		if err != nil {
			return err
		}
		leaves[index%log.TileWidth] = change(bytes.Clone(leaves[index%log.TileWidth]))
		var bundle []byte
		for _, leaf := range leaves {
			if bundle, err = log.AppendBundle(bundle, leaf); err != nil {
				return err
			}
		}
		if err := s.Write(path, bundle); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return fmt.Errorf("change leaf %d: no bundle has it", index)
	}
	return nil
}

// SetBody replaces a published body wherever it stands, singly and in its
// bundle, by any bytes under the same digest; nil removes it.
func (s *Site) SetBody(digest string, body []byte) error {
	paths, err := s.Paths()
	if err != nil {
		return err
	}
	for _, path := range paths {
		if !strings.HasPrefix(path, log.BodiesPath+"/bundle/") {
			continue
		}
		err := s.Change(path, func(b []byte) []byte {
			var out []byte
			for line := range bytes.Lines(b) {
				if entry.Digest(bytes.TrimSuffix(line, []byte("\n"))) != digest {
					out = append(out, line...)
				} else if body != nil {
					out = append(append(out, body...), '\n')
				}
			}
			return out
		})
		if err != nil {
			return err
		}
	}
	if body == nil {
		return s.Remove(log.BodyPath(digest))
	}
	return s.Write(log.BodyPath(digest), body)
}

// SetCheckpoint signs a tree head of any size and root, as of time t, and puts
// it in place of the checkpoint. It returns the signed note.
func (s *Site) SetCheckpoint(size uint64, root log.Hash, t int64) ([]byte, error) {
	raw := s.w.Checkpoint(size, root, t)
	return raw, s.Write(log.CheckpointPath, raw)
}

// Archive reads the archived checkpoints.
func (s *Site) Archive() ([][]byte, error) {
	b, err := s.Read(log.ArchivePath)
	if err != nil {
		return nil, err
	}
	return log.ParseArchive(b)
}

// SetArchive writes an archive of these notes, whatever they are.
func (s *Site) SetArchive(notes [][]byte) error {
	var b []byte
	for _, n := range notes {
		b = log.AppendArchive(b, n)
	}
	return s.Write(log.ArchivePath, b)
}
