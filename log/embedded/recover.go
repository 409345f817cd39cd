package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/google/renameio/v2"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/guard"
)

const (
	// stateDir and treeStateFile are tessera's (storage/posix, version 1 of
	// its directory): the size and root of what it has integrated.
	stateDir      = ".state"
	treeStateFile = "treeState"
	// lockFile is ours. Tessera locks each operation, which does not keep two
	// processes from taking turns.
	lockFile = "engine.lock"

	// checkedTail is how many leaves at the end Open compares with the tiles
	// and the checkpoint. Files are on disk before the next batch begins, so
	// that a loss of power tears none of those; this is for disks that lie.
	checkedTail = 64 * log.TileWidth
)

type treeState struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
}

func readTreeState(dir string) (treeState, error) {
	var s treeState
	path := filepath.Join(dir, stateDir, treeStateFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("read tree state: %w", err)
	}
	if err := json.Unmarshal(raw, &s); err != nil || len(s.Root) != log.HashSize {
		return s, fmt.Errorf("read tree state: %w: %s is torn", ErrDamaged, path)
	}
	return s, nil
}

func writeTreeState(dir string, cp log.Checkpoint) error {
	raw, err := json.Marshal(treeState{cp.Size, cp.Root[:]})
	if err != nil {
		return err
	}
	state := filepath.Join(dir, stateDir)
	err = renameio.WriteFile(filepath.Join(state, treeStateFile), raw, 0o644,
		renameio.WithTempDir(state), renameio.WithStaticPermissions(0o644))
	if err == nil {
		err = atomicfile.SyncDir(state)
	}
	if err != nil {
		return fmt.Errorf("write tree state: %w", err)
	}
	return nil
}

// lockDir takes the directory for this engine alone, until the file is closed
// or the process ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, stateDir, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrInUse, dir)
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return f, nil
}

// unlock gives a directory free at once: closing alone would leave it taken as long as
// a program that was started meanwhile, between fork and exec, has the file too.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// Create makes an empty log in cfg.Dir and publishes a checkpoint of size 0, which
// witnesses cosign if there are any.
// The directory may exist, with other things in it. A Create that was
// interrupted can be run again; a log that exists is not touched, and the
// error matches fs.ErrExist.
func Create(ctx context.Context, cfg Config) error {
	if err := create(ctx, cfg); err != nil {
		return fmt.Errorf("create log: %w", err)
	}
	return ctx.Err()
}

func create(ctx context.Context, cfg Config) error {
	if err := cfg.check(); err != nil {
		return err
	}
	state := filepath.Join(cfg.Dir, stateDir)
	if err := os.MkdirAll(state, 0o755); err != nil {
		return err
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return err
	}
	defer unlock(lock)
	for _, path := range []string{log.CheckpointPath, "tile"} {
		if _, err := os.Lstat(filepath.Join(cfg.Dir, path)); !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				err = fmt.Errorf("%s: %w", filepath.Join(cfg.Dir, path), fs.ErrExist)
			}
			return err
		}
	}
	empty := log.Checkpoint{Origin: cfg.Signer.Key().Name, Root: log.EmptyRoot()}
	if err := writeTreeState(cfg.Dir, empty); err != nil {
		return err
	}
	raw, err := sign(&cfg, empty)
	if err != nil {
		return err
	}
	if cfg.Witnesses != nil {
		view, ahead, err := cfg.Witnesses.CosignAll(ctx, raw)
		if len(ahead) > 0 {
			return fmt.Errorf("there was a log of this name before: %w", ahead[0])
		}
		if err != nil {
			return err
		}
		raw = view.Raw
	}
	if err := writeCheckpoint(cfg.Dir, raw); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return atomicfile.SyncDir(filepath.Dir(filepath.Clean(cfg.Dir)))
}

// recover reads the published checkpoint, verifies that the directory holds
// the tree that it was signed for, and brings tessera back to it.
func (e *Engine) recover(ctx context.Context) error {
	cp, err := e.readCheckpoint(ctx)
	if err != nil {
		return err
	}
	state, err := readTreeState(e.cfg.Dir)
	if err != nil {
		return err
	}
	switch {
	case state.Size < cp.Size:
		return fmt.Errorf("%w: tessera's state has size %d, the checkpoint %d", ErrDamaged, state.Size, cp.Size)
	case state.Size == cp.Size && !bytes.Equal(state.Root, cp.Root[:]):
		return fmt.Errorf("%w: tessera's state and the checkpoint of size %d have different roots", ErrDamaged, cp.Size)
	}
	if err := e.recoverTree(ctx, cp); err != nil {
		return err
	}
	if state.Size > cp.Size {
		e.cfg.Logger.Warn("leaves that were appended but not published are dropped, to be appended again",
			"count", state.Size-cp.Size, "size", cp.Size)
		if err := writeTreeState(e.cfg.Dir, cp); err != nil {
			return err
		}
	}
	e.verified = cp
	return e.sweep(cp.Size, state.Size)
}

// compareSigned has the signer compare the published checkpoint with what it signed last,
// if it remembers that. More may have been signed than is published, before a crash: the
// log grows to it again.
func (e *Engine) compareSigned(ctx context.Context) error {
	s, ok := e.cfg.Signer.(interface {
		Compare(context.Context, log.Checkpoint) error
	})
	if !ok {
		return nil
	}
	if err := s.Compare(ctx, e.verified); err != nil && !errors.Is(err, guard.ErrBehind) {
		return err
	}
	return nil
}

// readCheckpoint reads and verifies the published checkpoint.
func (e *Engine) readCheckpoint(ctx context.Context) (log.Checkpoint, error) {
	raw, err := e.src.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		return log.Checkpoint{}, err
	}
	damaged := func(err error) (log.Checkpoint, error) {
		return log.Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrDamaged, err)
	}
	note, err := log.ParseNote(raw)
	if err != nil {
		return damaged(err)
	}
	cp, err := log.ParseCheckpoint(note.Text)
	if err != nil {
		return damaged(err)
	}
	key := e.cfg.Signer.Key()
	if cp.Origin != key.Name {
		return log.Checkpoint{}, fmt.Errorf("the log's origin is %q, the signer's name is %q", cp.Origin, key.Name)
	}
	own := []log.Key{key}
	for _, c := range e.cfg.Cosigners {
		own = append(own, c.Key())
	}
	believed := false
	for i, k := range slices.Concat(own, e.cfg.Believed) {
		at := slices.IndexFunc(note.Signatures, func(s log.NoteSignature) bool { return s.Name == k.Name && s.ID == k.ID })
		if at < 0 {
			e.unsigned = e.unsigned || i < len(own)
			continue
		}
		if _, err := k.Verify(note.Text, note.Signatures[at]); err != nil {
			return damaged(err)
		}
		believed = true
	}
	if !believed {
		return log.Checkpoint{}, fmt.Errorf("%w, neither with %s nor with one that is known of this log", ErrOtherKey, key)
	}
	e.published, e.size = raw, cp.Size
	return cp, nil
}

// recoverTree computes the tree of the checkpoint: the tiles of its right
// border up to the tail, then the tail's leaves from their bundles. On the way
// each full tile of the tail, and then each partial one, is compared with what
// is on disk, by its exact path: tessera takes a full tile where a partial one
// is missing, and would build on the wrong one.
func (e *Engine) recoverTree(ctx context.Context, cp log.Checkpoint) error {
	start := uint64(0)
	if cp.Size > checkedTail {
		start = (cp.Size - checkedTail) / log.TileWidth * log.TileWidth
	}
	// The tree resumes from the tiles of an aligned, smaller size: their paths
	// are full ones, or are covered by full ones.
	tree, err := log.ResumeBuilder(ctx, log.NewTileReader(e.src), start, e.compareTile)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for first := start; first < cp.Size; first += log.TileWidth {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		index := first / log.TileWidth
		width := log.TileWidthAt(log.EntriesLevel, index, cp.Size)
		path := log.EntriesPath(index, width)
		bundle, err := e.src.Get(ctx, path, log.MaxBundleFile)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		leaves, err := log.ParseBundle(bundle, width)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
		}
		for _, leaf := range leaves {
			if err := tree.Append(log.LeafHash(leaf)); err != nil {
				return damagedTile(err)
			}
		}
		if width < log.TileWidth {
			e.tail = bundle
		}
	}
	if err := tree.Flush(); err != nil {
		return damagedTile(err)
	}
	if tree.Root() != cp.Root {
		return fmt.Errorf("%w: the tiles and bundles have root %x, the checkpoint of size %d has %x", ErrDamaged, tree.Root(), cp.Size, cp.Root)
	}
	e.tree = tree
	return nil
}

// damagedTile: at Open, a tile that differs from its bundle is damage. Nobody
// can say yet which of the two is right.
func damagedTile(err error) error {
	if m, ok := errors.AsType[*log.MisplacedError](err); ok {
		return fmt.Errorf("%w: the tile and the bundle differ at leaf %d", ErrDamaged, m.Index)
	}
	return err
}
