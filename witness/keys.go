package witness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

var (
	// ErrRetired says that a key of a log is retired: what it signs is not cosigned.
	ErrRetired = errors.New("the key is retired")
	// ErrUnknownKey says that a log has no such key.
	ErrUnknownKey = errors.New("the log has no such key")
	// ErrLastKey says that no other key of a log would be left.
	ErrLastKey = errors.New("it is the only key that is left of the log")
)

// A RetiredKey is a key of a log that signs no further checkpoint. What it signed before and
// was cosigned stays so, which is why the log keeps the key.
type RetiredKey struct {
	Key  string `json:"key"`  // the vkey, which is one of the log's
	When string `json:"when"` // YYYY-MM-DDThh:mm:ssZ, by the witness's clock
}

// Signing returns the keys that may sign a further checkpoint.
func (l *Log) Signing() []log.Key {
	var keys []log.Key
	for _, k := range l.Keys {
		if !l.isRetired(k) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (l *Log) isRetired(k log.Key) bool {
	return slices.ContainsFunc(l.Retired, func(r RetiredKey) bool { return r.Key == k.String() })
}

// checkRetired says whether these can be retired keys of a log.
func (l *Log) checkRetired() error {
	for i, r := range l.Retired {
		switch {
		case !slices.ContainsFunc(l.Keys, func(k log.Key) bool { return k.String() == r.Key }):
			return fmt.Errorf("key %s is retired, and is none of the log's", r.Key)
		case slices.ContainsFunc(l.Retired[:i], func(o RetiredKey) bool { return o.Key == r.Key }):
			return fmt.Errorf("key %s is retired twice", r.Key)
		}
		if _, err := entry.ParseTime(r.When); err != nil {
			return fmt.Errorf("key %s is retired: %w", r.Key, err)
		}
	}
	if len(l.Signing()) == 0 {
		return errors.New("all keys of the log are retired")
	}
	return nil
}

// Retire has no further checkpoint cosigned that this key alone signed, from the next
// request on and for ever, and returns whether that was otherwise before. What was cosigned
// stays as it is. Errors match ErrUnknownLog, ErrUnknownKey or ErrLastKey.
func (s *State) Retire(ctx context.Context, origin string, key log.Key, now time.Time) (changed bool, err error) {
	err = s.change(ctx, origin, func(l *Log) (*Log, error) {
		switch {
		case l == nil:
			return nil, ErrUnknownLog
		case !slices.ContainsFunc(l.Keys, key.Equal):
			return nil, ErrUnknownKey
		case l.isRetired(key):
			return l, nil
		case len(l.Signing()) == 1:
			return nil, ErrLastKey
		}
		changed = true
		next := *l
		next.Retired = append(slices.Clone(l.Retired), RetiredKey{key.String(), entry.FormatTime(now.Unix())})
		return &next, nil
	})
	if err != nil {
		return false, fmt.Errorf("retire a key of %q: %w", origin, err)
	}
	return changed, nil
}

// verifyNext is verify for a checkpoint that is to be cosigned: a key that is retired
// counts as one that is not known.
func (l *Log) verifyNext(n *log.Note) ([]log.NoteSignature, error) {
	next := *l
	next.Keys = l.Signing()
	byLog, err := next.verify(n)
	if err == nil || !errors.Is(err, errNoSignature) {
		return byLog, err
	}
	for _, s := range n.Signatures {
		if slices.ContainsFunc(l.Keys, func(k log.Key) bool { return k.Name == s.Name && k.ID == s.ID }) {
			return nil, fmt.Errorf("%w: %w", ErrNotSigned, ErrRetired)
		}
	}
	return nil, err
}
