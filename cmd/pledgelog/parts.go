package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// What stands in the state folder.
func (s *setup) storePath() string { return filepath.Join(s.State, "store.db") }

func (s *setup) wordsPath() string { return filepath.Join(s.State, "words.db") }
func (s *setup) lockPath() string  { return filepath.Join(s.State, "lock") }

// guardPath is where the last signed checkpoint is.
func (s *setup) guardPath() string {
	if s.GuardState != "" {
		return s.GuardState
	}
	return filepath.Join(s.State, "guard")
}

// errRunning says that another process has the state.
var errRunning = errors.New("another pledgelog is running")

// lock keeps every other pledgelog away from the state until the file that it
// returns is closed.
func (s *setup) lock() (*os.File, error) {
	f, err := os.OpenFile(s.lockPath(), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notThere(s)
	}
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", commandline.PlainError(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, commandline.Refusedf("stop it first: one log has one server", "%w on %s", errRunning, s.State)
		}
		return nil, fmt.Errorf("lock %s: %w", s.lockPath(), err)
	}
	return f, nil
}

func notThere(s *setup) error {
	return commandline.Refusedf("make it with `pledgelog init`, or mend the path; if there was one, restore it: without it the log cannot go on", "there is no log's state in %s", s.State)
}

// parts are the store and the engine of a log.
type parts struct {
	log    *slog.Logger
	lock   *os.File
	store  *sqlite.Store
	asking *witnessing.Client // nil when the policy has no witness to ask
	engine *embedded.Engine
}

// engineConfig says how checkpoints are signed and published: by a signer that
// can't sign a fork, and with the witnesses that the policy has. The client that
// asks them is closed with the parts.
func (s *setup) engineConfig(p *parts, logger *slog.Logger) (embedded.Config, error) {
	state, err := guard.OpenFile(s.guardPath())
	if errors.Is(err, guard.ErrLink) {
		return embedded.Config{}, commandline.Refused(err, "while the server is stopped, name with guard_state the file that it leads to, as it is now")
	}
	if err != nil {
		return embedded.Config{}, commandline.Refused(err, "restore the newest copy of "+s.guardPath()+", which says what was signed last; if there is none see `pledgelog adopt-checkpoint --help`")
	}
	now, err := daemon.Clock(s.SimulatedClock, logger)
	if err != nil {
		return embedded.Config{}, err
	}
	tiles := log.NewTileReader(log.DirSource(s.Directory))
	signer := guard.New(s.signer, state, tiles)
	config := embedded.Config{Dir: s.Directory, Signer: signer, Interval: s.CheckpointInterval, Clock: now, Logger: logger}
	signing := []log.Key{config.Signer.Key()}
	for _, f := range s.further {
		c := signer.Cosigner(f.signer)
		config.Cosigners, signing = append(config.Cosigners, c), append(signing, c.Key())
	}
	for _, l := range s.policy.Logs {
		if l.Key.Name == s.Origin {
			config.Believed = append(config.Believed, l.Key)
		}
	}
	if p.asking == nil && len(withoutURL(s.policy)) < len(s.policy.Witnesses) {
		p.asking, err = witnessing.New(witnessing.Config{Policy: s.policy, Prover: tiles, Signing: signing, Clock: now, Logger: logger})
	}
	config.Witnesses = p.asking
	return config, err
}

// openParts opens what `pledgelog init` made.
func (s *setup) openParts(ctx context.Context, logger *slog.Logger) (_ *parts, err error) {
	p := &parts{log: logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close(ctx))
		}
	}()
	if p.lock, err = s.lock(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.storePath()); errors.Is(err, fs.ErrNotExist) {
		return nil, notThere(s)
	}
	if p.store, err = sqlite.Open(ctx, s.storePath()); err != nil {
		return nil, err
	}
	signed, err := s.compareGuard(ctx, p.store)
	if err != nil {
		return nil, err
	}
	if err := p.openEngine(ctx, s, logger); err != nil {
		return nil, err // and not p, which is closed here
	}
	if err := s.compareRecords(ctx, p, signed); err != nil {
		return nil, err
	}
	return p, nil
}

// compareGuard refuses to go on when the order of record is older than what was
// signed: the log and the store were restored from a backup together, and new
// statements would be given indexes that others have. It returns what was signed last.
func (s *setup) compareGuard(ctx context.Context, records *sqlite.Store) (log.Checkpoint, error) {
	state, err := guard.OpenFile(s.guardPath())
	if err != nil {
		return log.Checkpoint{}, nil // openEngine says it, with what to do
	}
	signed, err := state.Load(ctx)
	if err != nil {
		return log.Checkpoint{}, err
	}
	size, _, err := records.Size(ctx)
	if err != nil {
		return log.Checkpoint{}, err
	}
	if size < signed.Size {
		return log.Checkpoint{}, commandline.Refusedf("restore the newest copy of "+s.storePath()+": readers may hold checkpoints of the entries that are missing here, and their indexes must not be given again",
			"a checkpoint of %d entries was signed, and the order of record has %d", signed.Size, size)
	}
	return signed, nil
}

// compareRecords holds the order of record against what was signed and not published:
// the engine, which compares all else, will be given these leaves again, and statements
// would have their indexes after them before it can see that they are others.
func (s *setup) compareRecords(ctx context.Context, p *parts, signed log.Checkpoint) error {
	published, err := p.engine.Next(ctx)
	if err != nil || signed.Size <= published {
		return err
	}
	tree := log.NewBuilder(nil)
	for tree.Size() < signed.Size {
		records, err := p.store.Records(ctx, tree.Size(), int(min(signed.Size-tree.Size(), 1024)))
		if err != nil {
			return fmt.Errorf("read order of record from %d: %w", tree.Size(), err)
		}
		if len(records) == 0 {
			return fmt.Errorf("read order of record from %d: it ends there", tree.Size())
		}
		for _, r := range records {
			if err := tree.Append(log.LeafHash(r.Leaf)); err != nil {
				return fmt.Errorf("hash order of record: %w", err)
			}
		}
	}
	if tree.Root() != signed.Root {
		fork := &guard.ForkError{Last: signed, Refused: log.Checkpoint{Origin: s.Origin, Size: tree.Size(), Root: tree.Root()}, State: s.guardPath()}
		return commandline.Refused(fmt.Errorf("compare the order of record with what was signed: %w", fork), s.forkHint())
	}
	return nil
}

// forkHint says what to do when log and guard contradict each other.
func (s *setup) forkHint() string {
	return "leave " + s.guardPath() + " as it is, and keep all files: the directory, the store or the guard is another log's or another history's; " +
		"restore the newest copies of the first two; see `the log contradicts what was signed` in docs/operating.md"
}

func (p *parts) openEngine(ctx context.Context, s *setup, logger *slog.Logger) error {
	config, err := s.engineConfig(p, logger)
	if err != nil {
		return err
	}
	p.engine, err = embedded.Open(ctx, config)
	if errors.Is(err, embedded.ErrOtherKey) {
		return commandline.Refused(err, "give the checkpoint key that signed it; or, if that is replaced or lost, keep its line in "+s.Policy+": log and its vkey")
	}
	if errors.Is(err, guard.ErrFork) {
		return commandline.Refused(err, s.forkHint())
	}
	if restored, ok := errors.AsType[*embedded.RestoredError](err); ok {
		return commandline.Refused(err, s.restoredHint(restored))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return commandline.Refusedf("restore directory whole, the hidden folder .state in it too, or mend the path", "%s has no log that goes with the state in %s, or not the whole of it: %w", s.Directory, s.State, commandline.PlainError(err))
	}
	return err
}

// restoredHint says what to do when a witness knows more of the log than it does.
func (s *setup) restoredHint(r *embedded.RestoredError) string {
	if x := r.Former; x != nil {
		return fmt.Sprintf("if this server signed that before its key was changed, %s, %s and the directory are older copies: restore the newest. If it did not, keep what the witness shows, have every witness retire %s, "+
			"and take witness %s out of the policy: it can't follow this log any more; see \"Changing the checkpoint key\" in docs/operating.md", s.storePath(), s.guardPath(), x.Key(), x.Witness)
	}
	return fmt.Sprintf("stop every other server of this log; restore the newest copies of %s, %s and the directory: entries that readers may hold are missing here. "+
		"What the witness holds is at its monitoring address under %x/checkpoint: if the log's key signed it, move %s away and give it to `pledgelog adopt-checkpoint`; "+
		"if the witness errs, take its address out of the policy until its operator has mended it",
		s.storePath(), s.guardPath(), sha256.Sum256([]byte(s.Origin)), s.guardPath())
}

// intakeConfig is what statements are taken in with.
func (s *setup) intakeConfig(p *parts, logger *slog.Logger) (intake.Config, error) {
	now, err := daemon.Clock(s.SimulatedClock, logger)
	return intake.Config{Origin: s.Origin, Policy: s.policy, Store: p.store, Log: p.engine, Dir: s.Directory, Clock: now, Logger: logger, Operator: s.operator, DirectoryAfter: s.DirectoryAfter}, err
}

// close ends the parts that were opened, in the order in which they hang on each
// other.
func (p *parts) close(ctx context.Context) error {
	var errs []error
	if p.engine != nil {
		err := p.engine.Close(ctx)
		if errors.Is(err, log.ErrQuorum) {
			// Nothing is lost: the next start publishes it.
			p.log.Warn("not everything could be published", "error", err.Error())
			err = nil
		}
		errs = append(errs, err)
	}
	if p.asking != nil {
		p.asking.Close()
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if p.lock != nil {
		errs = append(errs, p.lock.Close())
	}
	return errors.Join(errs...)
}
