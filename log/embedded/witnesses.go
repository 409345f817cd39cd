package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

const (
	// minRefresh is the least time between two times that a log that stands still
	// is cosigned anew.
	minRefresh = time.Minute
	// lookEvery is how often the publisher looks whether that is due. A simulated
	// clock, which has no monotonic reading, may move at any time, and who moves it
	// waits for witnesses to vouch for the new time.
	lookEvery          = 250 * time.Millisecond
	lookEverySimulated = 50 * time.Millisecond
)

// askAtStart has the published checkpoint cosigned anew, and signed anew if a key of
// this log has not signed it. It shows what the time is
// and whether witnesses know a larger tree than this log remembers to have signed;
// then the engine must not go on. Without a quorum it goes on asking later.
func (e *Engine) askAtStart(ctx context.Context) error {
	signed := e.published
	if e.unsigned {
		var err error
		switch signed, err = e.resign(e.verified, e.published); {
		case errors.Is(err, guard.ErrBehind): // the log grows again to what was signed last, and then all sign
			e.cfg.Logger.Warn("the checkpoint lacks a signature of this log until it has grown", "error", err.Error())
			signed, e.unsigned = e.published, false
		case err != nil:
			return err
		case e.cfg.Witnesses == nil:
			e.published, e.unsigned = signed, false
			return e.rewriteCheckpoint(signed)
		}
	}
	if e.cfg.Witnesses == nil {
		return nil
	}
	asked := e.cfg.Clock()
	view, err := e.cosignAll(ctx, signed)
	switch {
	case errors.Is(err, log.ErrStopped):
		return err
	case errors.Is(err, log.ErrQuorum):
		e.cfg.Logger.Warn("the witnesses can't be reached: nothing is sequenced until they have cosigned", "error", err.Error())
		e.signErr = err
		return nil
	case err != nil:
		return err
	}
	e.takeView(view, asked)
	resigned := e.unsigned
	e.unsigned = false
	if _, err := e.cfg.Witnesses.Policy().Open(signed); err == nil {
		// It was published and may not be in the archive yet: then its own quorum
		// time, not today's, is the evidence of when its entries were there.
		e.published = signed
		e.due = e.cosigned.Add(min(2*minRefresh, e.cfg.Refresh))
		if !resigned {
			return nil
		}
	}
	return e.rewriteCheckpoint(e.published)
}

// resign returns the published checkpoint with the signatures of all keys of this log,
// in front of those that it has.
func (e *Engine) resign(cp log.Checkpoint, published []byte) ([]byte, error) {
	raw, err := sign(&e.cfg, cp)
	if err != nil {
		return nil, err
	}
	n, err := log.ParseNote(raw)
	if err != nil {
		return nil, err
	}
	before, err := log.ParseNote(published)
	if err != nil {
		return nil, err
	}
	for _, s := range before.Signatures {
		if !slices.ContainsFunc(n.Signatures, func(own log.NoteSignature) bool { return own.Name == s.Name && own.ID == s.ID }) {
			n.Signatures = append(n.Signatures, s)
		}
	}
	return n.Marshal(), nil
}

func (e *Engine) rewriteCheckpoint(raw []byte) error {
	if err := writeCheckpoint(e.cfg.Dir, raw); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// takeView makes the published one of a checkpoint that witnesses were asked for at a
// time by Clock, after which they gave theirs: a simulated clock may have moved far
// between, and stand still since. The caller holds mu, or
// is alone.
func (e *Engine) takeView(view *log.View, asked time.Time) {
	e.published, e.size = view.Raw, view.Checkpoint.Size
	e.confirmed, e.cosigned = true, asked
	e.due = e.cosigned.Add(e.cfg.Refresh)
	e.quorumTime = max(e.quorumTime, view.QuorumTime)
}

// cosign brings a signed checkpoint to the quorum. Until witnesses have cosigned
// for this process once, all that may be asked are waited for, and one that knows a
// larger tree than was signed stops the log: it may have been restored, guard and
// all, while they could not be reached. Later such a claim, which is not signed, is that
// witness's failure: a quorum has confirmed what was signed since.
func (e *Engine) cosign(ctx context.Context, signed []byte) (*log.View, error) {
	e.mu.Lock()
	confirmed := e.confirmed
	e.mu.Unlock()
	if !confirmed {
		return e.cosignAll(ctx, signed)
	}
	view, err := e.cfg.Witnesses.Cosign(ctx, signed)
	if against := e.contradicted(ctx); against != nil {
		return nil, against
	}
	return view, err
}

// contradicted stops the log when a witness shows a checkpoint by this log's key that is
// not of this log, however long after the start: then a second history is signed. What a
// witness only says, and does not prove, is told once, loudly: it may be the first sign of
// that, or the witness errs.
func (e *Engine) contradicted(ctx context.Context) error {
	for _, x := range e.cfg.Witnesses.Contradictions() {
		last, known, err := e.lastSigned(ctx)
		if err != nil {
			return err
		}
		// What was signed and not published, before a crash, a witness may well have seen.
		if ahead, ok := errors.AsType[*witnessing.AheadError](x); ok && known && ahead.Size <= last {
			continue
		}
		proof := x.Shown != nil && (x.Fork || known && x.Shown.Checkpoint.Size > last)
		switch {
		case proof && !x.Former:
			e.cfg.Logger.Error("a witness shows another history of this log, signed by its key", "witness", x.Witness, "checkpoint", string(x.Shown.Raw))
			return fmt.Errorf("%w: %w: stop every other server of this log, keep all files and that checkpoint; see \"After losing the machine\" in docs/operating.md", log.ErrStopped, x)
		case proof && e.tellOnce(x.Witness+" "+x.Key()):
			// What a key that is gone signs is none of this server's doing, and must not stop
			// it: whoever stole the key could do so for ever.
			e.cfg.Logger.Error("a witness shows another history of this log, signed by a former key: that key was stolen, or another server uses it",
				"witness", x.Witness, "url", x.URL, "key", x.Key(), "checkpoint", string(x.Shown.Raw),
				"hint", "keep that checkpoint; have every witness retire the key; this one can't follow the log any more; see \"Changing the checkpoint key\" in docs/operating.md")
		case !proof && e.tellOnce(x.Witness):
			e.cfg.Logger.Error("a witness contradicts this log and shows no proof: compare what it shows with what this log signed", "witness", x.Witness, "url", x.URL, "error", x.Said.Error())
		}
	}
	return nil
}

// tellOnce reports whether something is not told yet.
func (e *Engine) tellOnce(what string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.told[what] {
		return false
	}
	if e.told == nil {
		e.told = make(map[string]bool)
	}
	e.told[what] = true
	return true
}

func (e *Engine) cosignAll(ctx context.Context, signed []byte) (view *log.View, err error) {
	view, ahead, err := e.cfg.Witnesses.CosignAll(ctx, signed)
	if len(ahead) == 0 {
		if against := e.contradicted(ctx); against != nil {
			return nil, against
		}
		return view, err
	}
	last, known, lastErr := e.lastSigned(ctx)
	if lastErr != nil {
		return nil, lastErr
	}
	defer func() {
		if err == nil || !errors.Is(err, log.ErrStopped) {
			if against := e.contradicted(ctx); against != nil {
				view, err = nil, against
			}
		}
	}()
	for _, a := range ahead {
		// What was signed and not published, before a crash, a witness may well
		// have seen: the log grows to it again.
		if known && a.Size > last {
			return nil, fmt.Errorf("%w: %w", log.ErrStopped, &RestoredError{*a, last, formerOf(e.cfg.Witnesses.Contradictions(), a.Witness)})
		}
	}
	return view, err
}

// lastSigned returns the size that was signed last, if the signer remembers it.
func (e *Engine) lastSigned(ctx context.Context) (size uint64, known bool, err error) {
	s, ok := e.cfg.Signer.(interface {
		Last(context.Context) (log.Checkpoint, error)
	})
	if !ok {
		return 0, false, nil
	}
	last, err := s.Last(ctx)
	return last.Size, true, err
}

// RestoredError says that a witness knows more of the log than the log itself does.
type RestoredError struct {
	Ahead witnessing.AheadError
	Last  uint64 // size of the largest tree that this log remembers to have signed
	// Former is what the witness shows, if a key signed it that does not sign now; else nil.
	Former *witnessing.Contradiction
}

// formerOf finds what a witness shows that a former key signed.
func formerOf(against []*witnessing.Contradiction, name string) *witnessing.Contradiction {
	for _, x := range against {
		if x.Witness == name && x.Former {
			return x
		}
	}
	return nil
}

func (e *RestoredError) Error() string {
	if e.Former != nil {
		return fmt.Sprintf("%v; this log remembers to have signed no more than %d", e.Former, e.Last)
	}
	return fmt.Sprintf("witness %s (%s) says that it has cosigned a tree of %d entries, and this log remembers to have signed no more than %d: "+
		"log and guard were restored together from an older copy, or another server signs for this log, or the witness errs",
		e.Ahead.Witness, e.Ahead.URL, e.Ahead.Size, e.Last)
}

func (e *RestoredError) Unwrap() error { return &e.Ahead }

// refreshDue reports whether the published checkpoint is to be cosigned anew
// although nothing was appended: it is how readers, and the log itself, know that
// it is not stale. The caller holds mu.
func (e *Engine) refreshDue() bool {
	if e.cfg.Witnesses == nil {
		return false
	}
	if !e.confirmed {
		return true
	}
	now := e.cfg.Clock()
	// A witness whose clock is behind gives times that are old when they come.
	return !now.Before(e.due) ||
		e.quorumTime != 0 && now.Sub(e.cosigned) >= minRefresh && now.Sub(time.Unix(int64(e.quorumTime), 0)) >= e.cfg.Refresh
}

// isDue is refreshDue for who does not hold mu.
func (e *Engine) isDue() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stopped == nil && e.refreshDue()
}

// late tells when cosignatures came after their checkpoint was published.
func (e *Engine) late() <-chan struct{} {
	if e.cfg.Witnesses == nil {
		return nil
	}
	return e.cfg.Witnesses.Late()
}

// addLate adds cosignatures to the published checkpoint that came after it was
// written: those of a witness that thinks for longer, or audits first, would never
// be seen otherwise. Its text stays, and so does its quorum time.
func (e *Engine) addLate() {
	if err := e.contradicted(e.publishing); errors.Is(err, log.ErrStopped) {
		e.cfg.Logger.Error("log stopped", "error", err.Error())
		e.stop(err)
		return
	}
	view, err := e.cfg.Witnesses.Newest()
	if err != nil || view == nil {
		return
	}
	e.mu.Lock()
	current := e.size == view.Checkpoint.Size && e.stopped == nil
	e.mu.Unlock()
	if !current {
		return
	}
	if err := writeCheckpoint(e.cfg.Dir, view.Raw); err != nil {
		e.cfg.Logger.Error("add late cosignatures", "error", err.Error())
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.published = view.Raw
}

// QuorumTime returns the newest time, in seconds since 1970, for which the quorum of
// witnesses vouches by what they have cosigned since the engine was opened; 0 while
// they have not. It is not needed if the policy wants no witness.
func (e *Engine) QuorumTime() (t int64, needed bool) {
	if e.cfg.Witnesses == nil || e.cfg.Witnesses.Policy().Quorum == log.QuorumNone {
		return 0, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(e.quorumTime), true
}
