package witness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
)

var (
	// ErrUnknownLog says that the witness does not cosign the log of an origin.
	ErrUnknownLog = errors.New("the log is not known to this witness")
	// ErrDisabled says that it did once. It matches ErrUnknownLog too.
	ErrDisabled = fmt.Errorf("%w any more: it is disabled", ErrUnknownLog)
	// ErrInvalid says that no log can have such an origin or such keys.
	ErrInvalid = errors.New("that can't be a log")
	// ErrOtherKeys says that an origin is there with other keys.
	ErrOtherKeys = errors.New("the origin is there with other keys")
	// ErrOtherCharter says that a log is audited with another charter.
	ErrOtherCharter = errors.New("the log is audited with another charter")
)

// maxLogFile bounds the file of a log, in bytes: its keys, and the newest
// checkpoint with all signatures that were verified or made.
const maxLogFile = 1 << 20

// maxKeys is how many keys a log may have.
const maxKeys = 16

// A Log is what a witness keeps of a log.
type Log struct {
	Origin  string
	Keys    []log.Key    // any of them may sign a checkpoint, unless it is retired
	Retired []RetiredKey // those of Keys that sign no further one, as they were retired
	Enabled bool         // false: no further checkpoint is cosigned
	Audit   *AuditOf     // nil: what is in the log is not looked at

	// Head is the newest checkpoint that was cosigned: size 0 and the root of the
	// empty tree when there is none.
	Head log.Checkpoint
	// Time is that of its cosignature, in seconds since 1970; 0 when there is none.
	Time uint64
	// Note is it as a signed note, with the log's signatures that were verified and
	// the witness's cosignatures; nil when there is none.
	Note []byte
}

// logFile is a Log as a file.
type logFile struct {
	Origin     string       `json:"origin"`
	Keys       []string     `json:"keys"`
	Retired    []RetiredKey `json:"retired,omitzero"` // a witness that does not know it reads no file that has it
	Enabled    bool         `json:"enabled"`
	Audit      *AuditOf     `json:"audit,omitzero"` // the same
	Time       uint64       `json:"time"`
	Checkpoint string       `json:"checkpoint"`
}

func (l *Log) marshal() ([]byte, error) {
	f := logFile{Origin: l.Origin, Retired: l.Retired, Enabled: l.Enabled, Audit: l.Audit, Time: l.Time, Checkpoint: string(l.Note)}
	for _, k := range l.Keys {
		f.Keys = append(f.Keys, k.String())
	}
	b, err := json.Marshal(f, jsontext.WithIndent("  "))
	return append(b, '\n'), err
}

// parseLog reads what marshal writes. A checkpoint that none of the log's keys
// signed is refused: whatever damaged it, nothing may be cosigned after it.
func parseLog(b []byte) (*Log, error) {
	var f logFile
	if err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	l := &Log{Origin: f.Origin, Retired: f.Retired, Enabled: f.Enabled, Audit: f.Audit, Time: f.Time, Head: log.Checkpoint{Origin: f.Origin, Root: log.EmptyRoot()}}
	for _, vkey := range f.Keys {
		k, err := log.ParseKey(vkey)
		if err != nil {
			return nil, err
		}
		l.Keys = append(l.Keys, k)
	}
	if err := checkLog(l.Origin, l.Keys); err != nil {
		return nil, err
	}
	if err := l.checkRetired(); err != nil {
		return nil, err
	}
	if l.Audit != nil {
		if _, _, err := l.Audit.read(l.Origin, l.Keys); err != nil {
			return nil, fmt.Errorf("its audit: %w", err)
		}
	}
	if (f.Checkpoint == "") != (f.Time == 0) {
		return nil, errors.New("it has a time and no checkpoint, or the other way round")
	}
	if f.Checkpoint == "" {
		return l, nil
	}
	l.Note = []byte(f.Checkpoint)
	n, err := log.ParseNote(l.Note)
	if err != nil {
		return nil, err
	}
	if l.Head, err = log.ParseCheckpoint(n.Text); err != nil {
		return nil, err
	}
	if l.Head.Origin != l.Origin {
		return nil, fmt.Errorf("its checkpoint is of %q", l.Head.Origin)
	}
	if _, err := l.verify(n); err != nil {
		return nil, fmt.Errorf("its checkpoint is damaged: %w", err)
	}
	return l, nil
}

// checkLog says whether these can be a log's origin and keys.
func checkLog(origin string, keys []log.Key) error {
	text := log.Checkpoint{Origin: origin}.Marshal()
	if cp, err := log.ParseCheckpoint(text); err != nil || cp.Origin != origin {
		return fmt.Errorf("%q can't be an origin: it is one line, and not empty", origin)
	}
	if len(origin) > 255 {
		return fmt.Errorf("the origin has %d bytes, at most 255", len(origin))
	}
	if len(keys) == 0 {
		return errors.New("the log has no key")
	}
	if len(keys) > maxKeys {
		return fmt.Errorf("the log has %d keys, at most %d", len(keys), maxKeys)
	}
	for i, k := range keys {
		if _, err := log.ParseKey(k.String()); err != nil {
			return err
		}
		if k.Type == log.TypeCosignature {
			return fmt.Errorf("key %s+%08x is of type 0x04, which is for witnesses", k.Name, k.ID)
		}
		for _, o := range keys[:i] {
			if o.Name == k.Name && o.ID == k.ID {
				return fmt.Errorf("key %s+%08x is there twice", k.Name, k.ID)
			}
		}
	}
	return nil
}

// A State is the folder in which a witness keeps what it cosigned, a file a log.
// Several processes may use it at once. Each reads a log's file anew whenever it
// needs it, so that all see at once what one of them has changed.
//
// It is never to be restored from a backup: a witness that has forgotten what it
// cosigned can cosign another history.
type State struct {
	dir   string
	locks locks

	// step is called between the steps of a change, with their names: tests
	// break off there.
	step func(string) error
}

const logsDir = "logs"

// CreateState makes the state of a new witness. The folder may be there, but no
// state in it.
func CreateState(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	if err := os.Mkdir(filepath.Join(dir, logsDir), 0o700); err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	for _, d := range []string{filepath.Join(dir, logsDir), dir, filepath.Dir(filepath.Clean(dir))} {
		if err := atomicfile.SyncDir(d); err != nil {
			return fmt.Errorf("create state: %w", err)
		}
	}
	return nil
}

// OpenState opens a state that CreateState made. To a witness that has cosigned,
// no state is not the same as nothing cosigned: an error for a missing one matches
// fs.ErrNotExist.
func OpenState(dir string) (*State, error) {
	info, err := os.Stat(filepath.Join(dir, logsDir))
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", filepath.Join(dir, logsDir))
	}
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	return &State{dir: dir, step: func(string) error { return nil }}, nil
}

// OriginHash names a log in the state and in the monitoring interface.
func OriginHash(origin string) string {
	h := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(h[:])
}

func (s *State) path(hash string) string { return filepath.Join(s.dir, logsDir, hash+".json") }

// Load returns the log of an origin. An error for one that is not there matches
// ErrUnknownLog.
func (s *State) Load(origin string) (*Log, error) { return s.load(OriginHash(origin)) }

func (s *State) load(hash string) (*Log, error) {
	f, err := os.Open(s.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrUnknownLog
	}
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLogFile+1))
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	if len(b) > maxLogFile {
		return nil, fmt.Errorf("read state: %s has more than %d bytes", f.Name(), maxLogFile)
	}
	l, err := parseLog(b)
	if err == nil && OriginHash(l.Origin) != hash {
		err = fmt.Errorf("it is of the log %q, which has another file", l.Origin)
	}
	if err != nil {
		// Without its kind: a checkpoint of ours that is malformed is not a request
		// that is.
		return nil, fmt.Errorf("read state %s: %v", f.Name(), err)
	}
	return l, nil
}

// Logs returns all logs that can be read, sorted by origin, and the error of each that
// can't.
func (s *State) Logs() ([]*Log, error) {
	list, err := os.ReadDir(filepath.Join(s.dir, logsDir))
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	var logs []*Log
	var errs []error
	for _, e := range list {
		hash, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		l, err := s.load(hash)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		logs = append(logs, l)
	}
	slices.SortFunc(logs, func(a, b *Log) int { return strings.Compare(a.Origin, b.Origin) })
	return logs, errors.Join(errs...)
}

// Add adds a log, or keys to one that is there, and returns the keys that are
// new: none if all were there. If the log is there and some of the keys are new,
// more has to be true, else the error matches ErrOtherKeys. What was cosigned
// stays as it is. A key that is retired stays so: the error matches ErrRetired. An origin
// or keys that no log can have match ErrInvalid.
func (s *State) Add(ctx context.Context, origin string, keys []log.Key, more bool) (added []log.Key, err error) {
	added, _, err = s.AddAudited(ctx, origin, keys, more, nil)
	return added, err
}

// AddAudited is Add for a log that is audited from now on: audit says how, in place of
// what was said before. A log that is audited stays so, and keeps its charter: an
// error for another one matches ErrOtherCharter. Nil changes nothing on that. Changed
// says whether another audit was set.
func (s *State) AddAudited(ctx context.Context, origin string, keys []log.Key, more bool, audit *AuditOf) (added []log.Key, changed bool, err error) {
	if err := checkLog(origin, keys); err != nil {
		return nil, false, fmt.Errorf("add log: %w: %w", ErrInvalid, err)
	}
	if audit != nil {
		// There before the log's file says that there is an audit.
		if err := s.makeAuditDir(OriginHash(origin)); err != nil {
			return nil, false, fmt.Errorf("add log %q: %w", origin, err)
		}
	}
	err = s.change(ctx, origin, func(l *Log) (*Log, error) {
		if l == nil {
			added = keys
			l = &Log{Origin: origin, Keys: keys, Enabled: true, Head: log.Checkpoint{Origin: origin, Root: log.EmptyRoot()}}
			return l.audited(audit, &changed)
		}
		next := *l
		next.Keys = slices.Clone(l.Keys)
		for _, k := range keys {
			if l.isRetired(k) {
				return nil, fmt.Errorf("%s+%08x: %w", k.Name, k.ID, ErrRetired)
			}
			if !slices.ContainsFunc(l.Keys, k.Equal) {
				added = append(added, k)
				next.Keys = append(next.Keys, k)
			}
		}
		if len(added) > 0 && !more {
			return nil, ErrOtherKeys
		}
		if err := checkLog(origin, next.Keys); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		with, err := next.audited(audit, &changed)
		if err != nil || len(added) > 0 || changed {
			return with, err
		}
		return l, nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("add log %q: %w", origin, err)
	}
	return added, changed, nil
}

// audited returns a log with another audit, if that is one.
func (l *Log) audited(audit *AuditOf, changed *bool) (*Log, error) {
	if audit == nil || l.Audit != nil && *l.Audit == *audit {
		return l, nil
	}
	if l.Audit != nil && l.Audit.Charter != audit.Charter {
		return nil, fmt.Errorf("%w: %s", ErrOtherCharter, l.Audit.Charter)
	}
	if _, _, err := audit.read(l.Origin, l.Keys); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	next := *l
	next.Audit, *changed = audit, true
	return &next, nil
}

// SetEnabled says whether further checkpoints of a log are cosigned, and returns
// whether that was otherwise before.
func (s *State) SetEnabled(ctx context.Context, origin string, enabled bool) (changed bool, err error) {
	err = s.change(ctx, origin, func(l *Log) (*Log, error) {
		if l == nil {
			return nil, ErrUnknownLog
		}
		if l.Enabled == enabled {
			return l, nil
		}
		changed = true
		next := *l
		next.Enabled = enabled
		return &next, nil
	})
	if err != nil {
		return false, fmt.Errorf("change log %q: %w", origin, err)
	}
	return changed, nil
}

// change replaces the log of an origin by what do makes of it, under the log's
// lock: nil stands for none, and one that do returns as it is stays. It returns nil
// once that is durable. After an error from the disk either may be the state.
func (s *State) change(ctx context.Context, origin string, do func(*Log) (*Log, error)) error {
	hash := OriginHash(origin)
	return s.locked(ctx, hash, func() error {
		old, err := s.load(hash)
		if errors.Is(err, ErrUnknownLog) {
			old, err = nil, nil
		}
		if err != nil {
			return err
		}
		next, err := do(old)
		if err != nil || next == old {
			return err
		}
		if err := mayFollow(old, next); err != nil {
			return err
		}
		b, err := next.marshal()
		if err != nil {
			return err
		}
		if len(b) > maxLogFile {
			return fmt.Errorf("write state: %d bytes, at most %d", len(b), maxLogFile)
		}
		return s.write(s.path(hash), b)
	})
}

// mayFollow is the last line of defence: whatever is wrong elsewhere, what a
// witness knows never gets less.
func mayFollow(old, next *Log) error {
	switch {
	case old == nil:
		return nil
	case next.Origin != old.Origin:
		return errors.New("write state: another origin")
	case next.Head.Size < old.Head.Size, next.Head.Size == old.Head.Size && next.Head.Root != old.Head.Root:
		return fmt.Errorf("write state: size %d after %d, or another root", next.Head.Size, old.Head.Size)
	case next.Time < old.Time:
		return errors.New("write state: time goes back")
	case old.Audit != nil && (next.Audit == nil || next.Audit.Charter != old.Audit.Charter):
		return errors.New("write state: the audit is gone, or has another charter")
	}
	for _, k := range old.Keys {
		if !slices.ContainsFunc(next.Keys, k.Equal) {
			return errors.New("write state: a key is gone")
		}
	}
	for _, r := range old.Retired {
		if !slices.Contains(next.Retired, r) {
			return errors.New("write state: a key is not retired any more")
		}
	}
	return nil
}

// write replaces a file: data on disk first, then the name, then the folder that
// holds the name. What it writes first has one name, as the log is locked: a process
// that is killed leaves no heap of them.
func (s *State) write(path string, b []byte) (err error) {
	temp := path + ".new"
	defer func() {
		if err != nil {
			err = fmt.Errorf("write state: %w", err)
		}
	}()
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = s.steps("created",
		func() error { _, err := io.Copy(f, bytes.NewReader(b)); return err }, "written",
		f.Sync, "synced")
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(temp) // it may be what a full disk needs
		return err
	}
	return s.steps(
		func() error { return os.Rename(temp, path) }, "renamed",
		func() error { return atomicfile.SyncDir(filepath.Dir(path)) }, "durable")
}

// probe writes as much as the file of a log may well have, and takes it away again.
func (s *State) probe() error {
	path := filepath.Join(s.dir, "probe")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	_, err = f.Write(make([]byte, 16<<10))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	os.Remove(path) // another process may have done so
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

// steps does what is given, and lets a test break off where there is a name.
func (s *State) steps(all ...any) error {
	for _, one := range all {
		var err error
		switch one := one.(type) {
		case string:
			err = s.step(one)
		case func() error:
			err = one()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
