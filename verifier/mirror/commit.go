package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// commit makes what was fetched the copy. Tiles, entries and texts are on the disk
// before the checkpoint that covers them, and an erased text goes after the one that
// covers its erasure, so that a crash leaves the copy as it was, or whole. The state of
// the audit comes last: until then the next run does all of this again.
func (c *copying) commit(next string, report *verifier.Report, r *Result) error {
	if err := c.src.place(); err != nil {
		return err
	}
	if err := c.settle(report, r); err != nil {
		return err
	}
	if err := c.src.flush(); err != nil {
		return err
	}
	// Only now is all there that a cosignature says to be.
	signed, err := c.cosigned()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(c.path(log.CheckpointPath), signed, 0o644); err != nil {
		return err
	}
	r.Copied = true
	if err := c.writeArchive(report.Size); err != nil {
		return err
	}
	if err := c.erase(report.Erasures, r); err != nil {
		return err
	}
	if err := c.src.flush(); err != nil {
		return err
	}
	if err := c.takeState(next, verifier.StateFile); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(next), os.RemoveAll(c.src.incoming))
}

// takeState makes a file of the audit's state that of the copy.
func (c *copying) takeState(next, name string) error {
	if err := os.MkdirAll(c.stateOf(), 0o755); err != nil {
		return err
	}
	err := os.Rename(filepath.Join(next, name), filepath.Join(c.stateOf(), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// writeArchive replaces the archive of the copy by the log's, as far as that goes on
// from it and is signed: what the copy has of it stays for ever.
func (c *copying) writeArchive(size uint64) error {
	path := c.path(log.ArchivePath)
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	archive := c.src.archive(size)
	if archive == nil || !bytes.HasPrefix(archive, have) || err == nil && len(archive) == len(have) {
		return nil
	}
	notes, err := log.ParseArchive(archive[len(have):])
	if err != nil {
		return nil
	}
	for _, raw := range notes {
		if _, err := c.cfg.Policy.OpenUnwitnessed(raw); err != nil {
			return nil // the audit says so
		}
	}
	return atomicfile.Write(path, archive, 0o644)
}

// cosigned returns the checkpoint with the mirror's cosignatures, in the place of any
// that it had before.
func (c *copying) cosigned() ([]byte, error) {
	raw := c.src.checkpoint()
	if len(c.cfg.Cosigners) == 0 {
		return raw, nil
	}
	n, err := log.ParseNote(raw)
	if err != nil {
		return nil, err
	}
	for _, by := range c.cfg.Cosigners {
		key := by.Key()
		n.Signatures = slices.DeleteFunc(n.Signatures, func(s log.NoteSignature) bool { return s.Name == key.Name && s.ID == key.ID })
		sig, err := by.Cosign(n.Text, uint64(c.cfg.Now().Unix()))
		if err != nil {
			return nil, fmt.Errorf("cosign the copy: %w", err)
		}
		n.Signatures = append(n.Signatures, sig)
	}
	return n.Marshal(), nil
}

// prune removes partial tiles and bundles that were full in the copy before this
// run: who read its checkpoint has had the time since then
// (c2sp.org/tlog-tiles, "Partial tiles").
func (c *copying) prune() error {
	return filepath.WalkDir(filepath.Join(c.cfg.Dir, "tile"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() || !strings.HasSuffix(path, ".p") {
			return nil
		}
		rel, err := filepath.Rel(c.cfg.Dir, strings.TrimSuffix(path, ".p"))
		if err != nil {
			return err
		}
		if t, err := log.ParseTilePath(filepath.ToSlash(rel)); err == nil && log.TileWidthAt(t.Level, t.Index, c.before) == log.TileWidth {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
		return filepath.SkipDir
	})
}
