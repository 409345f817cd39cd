package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
)

// Published implements log.Log.
func (e *Engine) Published(context.Context) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.published, nil // Open does not succeed without one
}

// Await implements log.Log. Any number may wait: they are woken by the one
// publisher. If the engine stops before the index is covered the error says
// why, and matches log.ErrStopped.
func (e *Engine) Await(ctx context.Context, index uint64) ([]byte, error) {
	for {
		e.mu.Lock()
		published, size, changed, stopped := e.published, e.size, e.changed, e.stopped
		e.mu.Unlock()
		if size > index {
			return published, nil
		}
		if stopped != nil {
			return nil, fmt.Errorf("await checkpoint over index %d: %w", index, stopped)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("await checkpoint over index %d: %w", index, context.Cause(ctx))
		}
	}
}

// publishLoop publishes a checkpoint when the tree has grown, but not sooner
// than one interval after the last; a failed attempt is made again after an
// interval too, then for the newest tree. When the engine closes it makes one last
// attempt, at once.
func (e *Engine) publishLoop() {
	defer close(e.publisher)
	pause := time.NewTimer(0)
	<-pause.C
	var look <-chan time.Time
	if e.cfg.Witnesses != nil {
		every := lookEvery
		if now := e.cfg.Clock(); now == now.Round(0) {
			every = lookEverySimulated
		}
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		look = ticker.C
	}
	for {
		select {
		case <-e.grown:
		case <-e.late():
			e.addLate()
			continue
		case <-look:
			if !e.isDue() {
				continue
			}
		case <-e.closing:
			e.publishOnce()
			return
		}
		for again := true; again; {
			again = !e.publishOnce()
			// Waiting for witnesses is part of the interval.
			pause.Reset(max(e.cfg.Interval-e.waited, 0))
			select {
			case <-pause.C:
			case <-e.closing:
				e.publishOnce()
				return
			}
		}
	}
}

// publishOnce reports whether there is nothing left to try.
func (e *Engine) publishOnce() bool {
	err := e.publish()

	e.mu.Lock()
	if e.stopped != nil {
		e.mu.Unlock()
		return true
	}
	var before string
	if e.signErr != nil {
		before = e.signErr.Error()
	}
	// Who of the witnesses fails changes all the time, and their client tells it.
	waits := errors.Is(err, log.ErrQuorum) && errors.Is(e.signErr, log.ErrQuorum)
	e.signErr = err
	size := e.size
	e.wake()
	e.mu.Unlock()

	// There is no caller to return the error to. It is told once, not at every
	// attempt.
	switch {
	case err == nil:
		if before != "" {
			e.cfg.Logger.Info("checkpoint published again", "size", size)
		}
		return true
	case errors.Is(err, log.ErrStopped):
		e.cfg.Logger.Error("log stopped: no checkpoint was signed", "error", err)
		e.stop(err)
		return true
	case err.Error() != before && !waits:
		e.cfg.Logger.Error("publish checkpoint", "error", err)
	}
	return false
}

// publish signs the newest verified tree, has it cosigned and writes the
// checkpoint, if the tree has grown since the last one or that is to be cosigned
// anew.
func (e *Engine) publish() error {
	e.mu.Lock()
	e.waited = 0
	cp, size, raw, stopped, due := e.verified, e.size, e.published, e.stopped, e.refreshDue()
	e.mu.Unlock()
	if stopped != nil || cp.Size <= size && !due && !e.unsigned {
		return nil
	}
	w := e.cfg.Witnesses
	if w != nil {
		// What can't be published now is not signed now, and a log that waits for its
		// first quorum asks for it no more often than one that has lost it.
		if err := w.Ready(); err != nil {
			return err
		}
	}
	var err error
	switch {
	case cp.Size > size:
		raw, err = sign(&e.cfg, cp)
	case e.unsigned:
		raw, err = e.resign(cp, raw)
	}
	if err != nil {
		return err
	}
	view, asked := &log.View{Raw: raw, Checkpoint: cp}, e.cfg.Clock()
	if w != nil {
		began := time.Now()
		var err error
		view, err = e.cosign(e.publishing, raw)
		e.waited = time.Since(began)
		if err != nil {
			return err
		}
	}
	if err := writeCheckpoint(e.cfg.Dir, view.Raw); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	e.unsigned = false
	e.mu.Lock()
	defer e.mu.Unlock()
	e.takeView(view, asked)
	return nil
}

// sign returns the signed note of a checkpoint.
func sign(cfg *Config, cp log.Checkpoint) ([]byte, error) {
	if cfg.BeforeSign != nil {
		if err := cfg.BeforeSign(cp); err != nil {
			return nil, fmt.Errorf("before signing size %d: %w", cp.Size, err)
		}
	}
	text, key := cp.Marshal(), cfg.Signer.Key()
	sig, err := cfg.Signer.Sign(text)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	s := log.NoteSignature{Name: key.Name, ID: key.ID, Sig: sig}
	// A signature that nobody accepts must not replace one that everybody does.
	if _, err := key.Verify(text, s); err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	n := &log.Note{Text: text, Signatures: []log.NoteSignature{s}}
	for _, c := range cfg.Cosigners {
		s, err := c.Cosign(text, uint64(max(cfg.Clock().Unix(), 1)))
		if err == nil {
			_, err = c.Key().Verify(text, s)
		}
		if err != nil {
			return nil, fmt.Errorf("sign checkpoint: %w", err)
		}
		n.Signatures = append(n.Signatures, s)
	}
	return n.Marshal(), nil
}

// writeCheckpoint replaces the checkpoint file in one step that lasts: the
// data, the name, the directory. Readers see the old one or the new one.
func writeCheckpoint(dir string, raw []byte) error {
	err := renameio.WriteFile(filepath.Join(dir, log.CheckpointPath), raw, 0o644,
		renameio.WithTempDir(filepath.Join(dir, stateDir)), renameio.WithStaticPermissions(0o644))
	if err != nil {
		return err
	}
	return atomicfile.SyncDir(dir)
}
