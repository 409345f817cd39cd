package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// source is the log as the audit reads it, of which it keeps what it is asked for.
//
// Tiles and bundles of entries go to their places in the copy, where they are read
// from the next time: they never change, and the audit compares all of them with
// what was signed before the copy is one. Texts are always asked for, since they may
// have been erased, and wait in the folder incoming until it is known which of them
// a statement names.
type source struct {
	log.Source
	dir, incoming string
	anew          bool // read nothing from the directory

	reused atomic.Bool

	mu       sync.Mutex
	kept     map[string][]byte // checkpoint and archive: one of each in a run
	size     uint64            // that the checkpoint covers, as it says
	fetched  map[uint64]bool   // bundles of texts
	folders  map[string]bool   // that were made, or seen
	writeErr error
}

func newSource(from log.Source, dir, incoming string, anew bool) *source {
	return &source{Source: from, dir: dir, incoming: incoming, anew: anew,
		kept: make(map[string][]byte), fetched: make(map[uint64]bool), folders: make(map[string]bool)}
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

// held returns a tile that the directory has.
func (s *source) held(path string, limit int64) ([]byte, bool) {
	if s.anew {
		return nil, false
	}
	name := filepath.Join(s.dir, filepath.FromSlash(path))
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return nil, false
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, false
	}
	s.reused.Store(true)
	return b, true
}

// keepTile puts a tile or a bundle of entries into its place. Of one that reaches
// beyond the checkpoint only what the checkpoint covers is verified, and kept.
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
	return s.write(filepath.Join(s.dir, filepath.FromSlash(t.Path())), b)
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
		return s.write(s.incomingBundle(t.Index), b)
	}
	digest := strings.TrimPrefix(path, log.BodiesPath+"/")
	if entry.Digest(b) != digest {
		return nil
	}
	return s.write(filepath.Join(s.incoming, digest), b)
}

func (s *source) incomingBundle(n uint64) string {
	return filepath.Join(s.incoming, fmt.Sprintf("bundle-%d", n))
}

// write writes a file of which a reader sees all or nothing. It is on the disk after
// the next flush.
func (s *source) write(path string, b []byte) error {
	dir, name := filepath.Split(path)
	if err := s.makeFolder(dir); err != nil {
		return err
	}
	tmp := filepath.Join(dir, "."+name)
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

// archive returns the archive up to the checkpoint of that size; nil when the log
// has none.
func (s *source) archive(size uint64) []byte {
	s.mu.Lock()
	b := s.kept[log.ArchivePath]
	s.mu.Unlock()
	notes, err := log.ParseArchive(b)
	if b == nil || err != nil {
		return b // as it is: what is wrong with it can be seen in the copy too
	}
	var out []byte
	for _, raw := range notes {
		n, err := log.ParseNote(raw)
		if err != nil {
			return b
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
	b, err := os.ReadFile(filepath.Join(s.incoming, digest))
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
