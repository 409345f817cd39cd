// Package mirror keeps a verified copy of a log in a directory: one that any static
// file server can serve, at the same paths as the log itself, and that an audit
// accepts.
//
// A copy is what an audit read and found to be what the log's key signed. It is
// audited while it is fetched, and its checkpoint is written last: readers of the
// directory see the copy as it was before, or the whole of the new one. What a run
// that was cut short has fetched is used by the next.
package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// A Config says what to mirror.
type Config struct {
	// Policy says whose signatures count.
	Policy *log.Policy
	// Charter is the entry id of the charter. It need not be given again for a
	// directory that has a copy.
	Charter entry.ID
	// Source is where the log is read from.
	Source log.Source
	// Dir is the directory of the copy. Below it, in the folder StateDir, is what
	// the next run goes on from; nothing there is secret, and nothing of it has to
	// be served.
	Dir string
	// Cosigners make the mirror's cosignatures on the checkpoint of the copy
	// (c2sp.org/tlog-mirror): each says that the copy is whole and was there at the
	// time of the signature. None: the checkpoint is the log's.
	Cosigners []*log.Cosigner
	// Now is the mirror's clock.
	Now func() time.Time
	// Progress is as [verifier.Config] has it.
	Progress func(done, total uint64)
}

// StateDir is the folder, in that of the copy, with what the next run goes on from.
const StateDir = ".mirror"

// A Result is what a run came to.
type Result struct {
	// Report is what the audit says of the log. Other than [verifier.CannotDecide]
	// and what Copied says, it does not bear on the copy: one of a log that breaks
	// its rules is evidence.
	Report *verifier.Report
	// Copied says that the directory now holds the log up to Report.Size. When it is
	// false the copy is as it was.
	Copied bool
	// Before is the size of the copy before.
	Before uint64
	// Texts is how many texts were written, and Erased how many were taken off
	// since the operator logged that it erased them.
	Texts, Erased int
}

var (
	// ErrPolicy says that the policy does not vouch for the copy that is there.
	ErrPolicy = errors.New("the policy has no key that signed the copy's checkpoint")
	// ErrCosigner says that a cosigner's name or key is one of the policy: of a log or
	// a witness, whose signatures mean something else.
	ErrCosigner = errors.New("the mirror's key or its name is one that the policy has for a log or a witness")
	// ErrBusy says that another process is at work in the directory.
	ErrBusy = errors.New("another process is updating this mirror")
	// ErrNoMirror says that the directory holds files and no copy that this package
	// made.
	ErrNoMirror = errors.New("the directory is not empty, and holds no mirror")
)

// Run brings the copy up to the log's checkpoint. An error means that nothing could
// be done, or not all of it; the copy is then as it was, or a whole one. It matches
// one of those above, is a *[verifier.StateError], or is that of the file system.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	if err := checkDir(cfg.Dir); err != nil {
		return nil, err
	}
	if err := cfg.checkCosigners(); err != nil {
		return nil, err
	}
	state := filepath.Join(cfg.Dir, StateDir)
	if err := os.MkdirAll(state, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(state, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	c := &copying{cfg: cfg, state: state}
	if err := c.hold(); err != nil {
		return nil, err
	}
	r, err := c.try(ctx, false)
	if err == nil && !r.Copied && c.src.used() {
		// What an earlier run left may be to blame.
		r, err = c.try(ctx, true)
	}
	if err == nil && !r.Copied && r.Report.Undecided == nil {
		err = os.RemoveAll(c.src.incoming) // it is not the log
	}
	return r, err
}

// checkCosigners refuses keys whose signature would pass for another's.
func (cfg *Config) checkCosigners() error {
	for _, c := range cfg.Cosigners {
		key := c.Key()
		is := func(k log.Key) bool { return k.Name == key.Name || bytes.Equal(k.Public, key.Public) }
		if slices.ContainsFunc(cfg.Policy.Logs, func(l log.LogKey) bool { return is(l.Key) }) ||
			slices.ContainsFunc(cfg.Policy.Witnesses, func(w log.Witness) bool { return is(w.Key) }) {
			return fmt.Errorf("%s: %w", key.Name, ErrCosigner)
		}
	}
	return nil
}

// checkDir refuses to write among files that are somebody else's.
func checkDir(dir string) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || len(names) == 0 && err == nil {
		return nil
	} else if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, StateDir)); err != nil {
		return fmt.Errorf("%s: %w", dir, ErrNoMirror)
	}
	return nil
}

// copying is one run.
type copying struct {
	cfg    Config
	state  string // folder
	before uint64 // size of the copy so far
	signed []byte // its checkpoint; nil when there is no copy
	src    *source
}

// hold notes what the directory has. The log is held to it, whatever the state of the
// audit knows.
func (c *copying) hold() error {
	raw, err := os.ReadFile(filepath.Join(c.cfg.Dir, log.CheckpointPath))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	v, err := c.cfg.Policy.OpenUnwitnessed(raw)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	c.before, c.signed = v.Checkpoint.Size, raw
	return nil
}

// try audits the log while it is fetched, and makes what was fetched the copy. With
// anew, what an earlier run has left is not used.
func (c *copying) try(ctx context.Context, anew bool) (*Result, error) {
	var err error
	if c.src, err = newSource(c.cfg.Source, c.cfg.Dir, c.state, anew); err != nil {
		return nil, err
	}
	next := filepath.Join(c.state, "next")
	if err := c.prepareState(next); err != nil {
		return nil, err
	}
	now := c.cfg.Now().Unix()
	audit := verifier.Config{Policy: c.cfg.Policy, Charter: c.cfg.Charter, Source: c.src, State: next, Now: &now, Progress: c.cfg.Progress}
	if c.signed != nil {
		audit.Checkpoints = [][]byte{c.signed}
	}
	report, err := verifier.Audit(ctx, audit)
	// What was seen signed is kept, however the audit ended.
	if keepErr := c.takeState(next, verifier.SeenFile); err == nil {
		err = keepErr
	}
	if err != nil {
		return nil, err
	}
	if err := c.src.err(); err != nil {
		return nil, err
	}
	r := &Result{Report: report, Before: c.before}
	if !copyable(report) || report.Size < c.before || report.Size != c.src.covers() {
		return r, nil // the last: by a larger checkpoint than the one that would be served
	}
	if report.State != nil && report.State.Err != nil {
		return nil, fmt.Errorf("keep state: %w", report.State.Err)
	}
	if err := c.commit(next, report, r); err != nil {
		return nil, err
	}
	return r, c.prune()
}

// copyable reports whether what the audit read is the log that was signed. What the
// log says in it is another matter.
func copyable(r *verifier.Report) bool {
	if r.Result == verifier.CannotDecide || r.Result == verifier.Misbehaviour || r.Charter == "" {
		return false
	}
	passed := 0
	for _, s := range r.Steps {
		if slices.Contains([]string{"checkpoint", "root", "tiles"}, s.Name) && s.State == verifier.Passed {
			passed++
		}
	}
	return passed == 3
}

// stateOf is the folder with the state of the audit of the copy.
func (c *copying) stateOf() string { return filepath.Join(c.state, "audit") }

// prepareState makes the folder next one with the state that the copy's audit left:
// the state of the log comes with the copy, so that an audit which ends before the
// copy is whole is done again.
func (c *copying) prepareState(next string) error {
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := os.MkdirAll(next, 0o755); err != nil {
		return err
	}
	for _, name := range []string{verifier.StateFile, verifier.SeenFile} {
		from, to := filepath.Join(c.stateOf(), name), filepath.Join(next, name)
		if name == verifier.StateFile && c.before == 0 {
			continue // there is nothing that it would belong to
		}
		err := os.Link(from, to) // which is never written to, but replaced
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *copying) path(p string) string {
	return filepath.Join(c.cfg.Dir, filepath.FromSlash(p))
}
