package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// source is the log as the audit reads it, of which it keeps what it is asked for.
//
// Nothing of it gets into the copy before the audit has ended well: it waits in the
// folder incoming. Tiles and bundles of entries are read from the copy, or from there,
// the next time: they never change, and the audit compares all that it reads with what
// was signed. Texts are always asked for, since they may have been erased.
type source struct {
	log.Source
	dir, incoming, texts, tmp string

	anew bool // read nothing that an earlier run left

	reused atomic.Bool
	writes atomic.Uint64

	mu       sync.Mutex
	kept     map[string][]byte // checkpoint and archive: one of each in a run
	size     uint64            // that the checkpoint covers, as it says
	tiles    map[string]bool   // paths of those that wait, as far as this run used them
	fetched  map[uint64]bool   // bundles of texts
	folders  map[string]bool   // that were made, or seen
	writeErr error
}

// newSource makes a source that keeps what it gets below the folder state.
func newSource(from log.Source, dir, state string, anew bool) (*source, error) {
	s := &source{Source: from, dir: dir, incoming: filepath.Join(state, "incoming"), tmp: filepath.Join(state, "tmp"), anew: anew,
		kept: make(map[string][]byte), tiles: make(map[string]bool), fetched: make(map[uint64]bool), folders: make(map[string]bool)}
	s.texts = filepath.Join(s.incoming, "texts")
	for _, left := range []string{s.texts, s.tmp} {
		if err := os.RemoveAll(left); err != nil {
			return nil, err
		}
	}
	return s, os.MkdirAll(s.tmp, 0o755)
}

// Get implements log.Source.
func (s *source) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return s.GetInto(ctx, path, limit, nil)
}

// GetInto implements log.Refiller.
func (s *source) GetInto(ctx context.Context, path string, limit int64, buf []byte) ([]byte, error) {
	switch {
	case path == log.CheckpointPath || path == log.ArchivePath:
		return s.once(ctx, path, limit)
	case strings.HasPrefix(path, log.BodiesPath+"/"):
		b, err := log.GetInto(ctx, s.Source, path, limit, buf)
		if err != nil {
			return b, err
		}
		return b, s.note(s.keepText(path, b))
	}
	if b, ok := s.held(path, limit); ok {
		return b, nil
	}
	b, err := log.GetInto(ctx, s.Source, path, limit, buf)
	if err != nil {
		return b, err
	}
	return b, s.note(s.keepTile(path, b))
}

// once gets what is to be the same for the whole of a run.
func (s *source) once(ctx context.Context, path string, limit int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.kept[path]; ok {
		return b, nil
	}
	b, err := s.Source.Get(ctx, path, limit)
	if err != nil {
		return nil, err
	}
	s.kept[path] = b
	if path == log.CheckpointPath {
		// Whether it is to be believed the audit finds out.
		if n, err := log.ParseNote(b); err == nil {
			if cp, err := log.ParseCheckpoint(n.Text); err == nil {
				s.size = cp.Size
			}
		}
	}
	return b, nil
}

// held returns a tile that the copy has, or that waits.
func (s *source) held(path string, limit int64) ([]byte, bool) {
	if s.anew {
		return nil, false
	}
	for _, dir := range []string{s.dir, s.incoming} {
		name := filepath.Join(dir, filepath.FromSlash(path))
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > limit {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		s.reused.Store(true)
		if dir == s.incoming {
			s.waits(path)
		}
		return b, true
	}
	return nil, false
}

// waits notes a tile that is to get into the copy.
func (s *source) waits(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tiles[path] = true
}

// place puts the tiles that wait into the copy. Those of an earlier run that this one
// did not use are no part of what was audited.
func (s *source) place() error {
	s.mu.Lock()
	paths := slices.Sorted(maps.Keys(s.tiles))
	s.mu.Unlock()
	for _, path := range paths {
		to := filepath.Join(s.dir, filepath.FromSlash(path))
		if err := s.makeFolder(filepath.Dir(to)); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(s.incoming, filepath.FromSlash(path)), to); err != nil {
			return err
		}
	}
	return nil
}

// keepTile keeps a tile or a bundle of entries. Of one that reaches beyond the
// checkpoint only what the checkpoint covers is verified, and kept.
func (s *source) keepTile(path string, b []byte) error {
	t, err := log.ParseTilePath(path)
	if err != nil {
		return nil // it is no part of a log
	}
	s.mu.Lock()
	width := log.TileWidthAt(t.Level, t.Index, s.size)
	s.mu.Unlock()
	if width == 0 {
		return nil
	}
	if width < t.Width {
		if b = cut(t, width, b); b == nil {
			return nil // nor is that, as the audit says
		}
		t.Width = width
	}
	if err := s.write(filepath.Join(s.incoming, filepath.FromSlash(t.Path())), b); err != nil {
		return err
	}
	s.waits(t.Path())
	return nil
}

// cut returns the first so many hashes of a tile, or entries of a bundle; nil when
// it has not as many.
func cut(t log.Tile, width int, b []byte) []byte {
	if t.Level != log.EntriesLevel {
		if len(b) < width*log.HashSize {
			return nil
		}
		return b[:width*log.HashSize]
	}
	leaves, err := log.ParseBundle(b, t.Width)
	if err != nil {
		return nil
	}
	var out []byte
	for _, leaf := range leaves[:width] {
		if out, err = log.AppendBundle(out, leaf); err != nil {
			return nil
		}
	}
	return out
}

// keepText keeps what was served as a text, or as a bundle of them.
func (s *source) keepText(path string, b []byte) error {
	if number, ok := strings.CutPrefix(path, log.BodiesPath+"/bundle/"); ok {
		t, err := log.ParseTilePath("tile/entries/" + number)
		if err != nil {
			return nil
		}
		s.mu.Lock()
		s.fetched[t.Index] = true
		s.mu.Unlock()
		return s.write(s.incomingBundle(t.Index), s.onlyNamed(t.Index, b))
	}
	digest := strings.TrimPrefix(path, log.BodiesPath+"/")
	if entry.Digest(b) != digest {
		return nil
	}
	return s.write(filepath.Join(s.texts, digest), b)
}

// onlyNamed returns the lines of a bundle of texts that statements of its entries,
// which were read before, publish: an operator could serve much else.
func (s *source) onlyNamed(n uint64, b []byte) []byte {
	path := filepath.FromSlash(log.EntriesPath(n, log.TileWidth))
	var named []string
	for _, dir := range []string{s.incoming, s.dir} {
		if bundle, err := os.ReadFile(filepath.Join(dir, path)); err == nil {
			if named, err = textsNamed(n, log.TileWidth, bundle); err == nil {
				break
			}
		}
	}
	wanted := make(map[string]bool, len(named))
	for _, digest := range named {
		wanted[digest] = true
	}
	var out []byte
	for line := range bytes.Lines(b) {
		if digest := entry.Digest(bytes.TrimSuffix(line, []byte("\n"))); wanted[digest] {
			out = append(out, line...)
			delete(wanted, digest)
		}
	}
	return out
}

func (s *source) incomingBundle(n uint64) string {
	return filepath.Join(s.texts, fmt.Sprintf("bundle-%d", n))
}

// write writes a file of which a reader sees all or nothing. It is on the disk after
// the next flush.
func (s *source) write(path string, b []byte) error {
	if err := s.makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	// Not beside it: what a crash leaves is not to be served.
	tmp := filepath.Join(s.tmp, strconv.FormatUint(s.writes.Add(1), 10))
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func (s *source) makeFolder(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folders[dir] {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	s.folders[dir] = true
	return nil
}

// note remembers the first error of the file system: the audit takes it for the
// log's.
func (s *source) note(err error) error {
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.writeErr == nil {
			s.writeErr = err
		}
	}
	return err
}

// err returns why something could not be kept.
func (s *source) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writeErr
}

// used reports whether something was read from the directory.
func (s *source) used() bool { return s.reused.Load() }

// checkpoint returns the one that was audited.
func (s *source) checkpoint() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[log.CheckpointPath]
}

// covers is the size of that checkpoint.
func (s *source) covers() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// archive returns the archive up to the checkpoint of that size; nil when the log
// has none, or something else in its place.
func (s *source) archive(size uint64) []byte {
	s.mu.Lock()
	b := s.kept[log.ArchivePath]
	s.mu.Unlock()
	notes, err := log.ParseArchive(b)
	if err != nil {
		return nil
	}
	if b == nil {
		return nil
	}
	out := []byte{}
	for _, raw := range notes {
		n, err := log.ParseNote(raw)
		if err != nil {
			return nil
		}
		if cp, err := log.ParseCheckpoint(n.Text); err != nil || cp.Size > size {
			break
		}
		out = log.AppendArchive(out, raw)
	}
	return out
}

// bundles lists the bundles of texts that were fetched.
func (s *source) bundles() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []uint64
	for n := range s.fetched {
		out = append(out, n)
	}
	return out
}

// lines returns the texts in the bundle n that was fetched, by digest; none when it
// was not.
func (s *source) lines(n uint64) (map[string][]byte, error) {
	s.mu.Lock()
	fetched := s.fetched[n]
	s.mu.Unlock()
	if !fetched {
		return nil, nil
	}
	b, err := os.ReadFile(s.incomingBundle(n))
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte)
	for line := range bytes.Lines(b) {
		if text, ended := bytes.CutSuffix(line, []byte("\n")); ended {
			out[entry.Digest(text)] = text
		}
	}
	return out, nil
}

// single returns a text that was fetched by itself; nil when none was.
func (s *source) single(digest string) []byte {
	b, err := os.ReadFile(filepath.Join(s.texts, digest))
	if err != nil || entry.Digest(b) != digest {
		return nil
	}
	return b
}

// flush has everything that was written on the disk.
func (s *source) flush() error {
	if err := flushAll(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("flush %s: %w", s.dir, err)
	}
	return nil
}
