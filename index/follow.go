package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// Follow catches up with the log now and then every interval, until ctx ends,
// which is no error. What may pass (a source that does not answer, a checkpoint
// that lacks cosignatures) is logged and tried again. It returns an error that
// matches ErrMismatch when the log is not what it says it is.
func (x *Index) Follow(ctx context.Context, interval time.Duration) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := x.CatchUp(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, ErrMismatch) {
				x.cfg.Logger.Error("index stopped", slog.Any("error", err), slog.Uint64("size", x.View().Size))
				return err
			}
			x.cfg.Logger.Warn("index is behind", slog.Any("error", err), slog.Uint64("size", x.View().Size))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// CatchUp reads the published checkpoint, replays what it covers beyond what is
// shown, and shows it once its root is the checkpoint's. A log without a
// checkpoint is no error: there is nothing to show yet. After an error that does
// not match ErrMismatch the next call goes on where this one ended.
func (x *Index) CatchUp(ctx context.Context) error {
	x.catching.Lock()
	defer x.catching.Unlock()
	if x.stopped != nil {
		return x.stopped
	}
	raw, err := x.cfg.Source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if errors.Is(err, log.ErrNotFound) && x.shown.Load().view.Size == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	cp, err := x.cfg.Policy.Open(raw)
	if err != nil {
		return err
	}
	if cp.Checkpoint.Origin != x.cfg.Origin {
		return fmt.Errorf("open checkpoint: it is of %q, not of %q", cp.Checkpoint.Origin, x.cfg.Origin)
	}
	shown := x.shown.Load().view
	size := cp.Checkpoint.Size
	if size < shown.Size || size < x.tree.Size() {
		return fmt.Errorf("open checkpoint: its size is %d, and %d was read before: an old copy", size, max(shown.Size, x.tree.Size()))
	}
	if size == shown.Size && shown.Checkpoint != nil && cp.Checkpoint.Root != shown.Root {
		return x.stop("two checkpoints of size %d have different roots, %x and %x", size, shown.Root, cp.Checkpoint.Root)
	}
	if size > shown.Size {
		x.announce(size)
		if err := x.replay(ctx, size); err != nil {
			return err
		}
		if root := x.tree.Root(); root != cp.Checkpoint.Root {
			return x.stop("the %d leaves read hash to root %x, and the signed checkpoint has %x", size, root, cp.Checkpoint.Root)
		}
	}
	if err := x.settleDirty(ctx); err != nil {
		return err
	}
	settled, err := x.lookAgain(ctx)
	if err != nil {
		return err
	}
	if size > shown.Size || settled || !bytes.Equal(raw, shown.Checkpoint) || x.shown.Load().textFailed != nil {
		return x.show(ctx, cp)
	}
	return nil
}

func (x *Index) stop(format string, args ...any) error {
	x.stopped = fmt.Errorf("%w: "+format+"; run pledge-verify audit on %s", append(append([]any{ErrMismatch}, args...), x.cfg.Source)...)
	return x.stopped
}

// announce tells how far behind the index is while it replays.
func (x *Index) announce(size uint64) {
	s := *x.shown.Load()
	s.view.Published = size
	x.shown.Store(&s)
}

// show makes what was replayed the newest snapshot.
func (x *Index) show(ctx context.Context, cp *log.View) error {
	v := View{
		Origin:        x.cfg.Origin,
		Size:          cp.Checkpoint.Size,
		Root:          cp.Checkpoint.Root,
		Logged:        x.state.Now(),
		AsOf:          x.state.Now(),
		Checkpoint:    cp.Raw,
		Cosignatures:  cp.Cosignatures,
		Quorum:        x.cfg.Policy.Quorum,
		QuorumTime:    cp.QuorumTime,
		HasQuorumTime: cp.HasQuorumTime,
		Published:     cp.Checkpoint.Size,
	}
	if v.HasQuorumTime {
		v.AsOf = max(v.AsOf, int64(v.QuorumTime))
	}
	s := &Snapshot{x: x, view: v, newest: v.Size, statuses: x.state.Statuses(v.AsOf), byAuthor: make(map[string]int), byIndex: make(map[uint64][]pledge.Finding)}
	for i, st := range s.statuses {
		s.byAuthor[st.ID] = i
	}
	for _, id := range []string{entry.AuthorSecretariat, entry.AuthorOperator} {
		if st, ok := x.state.Status(id, v.AsOf); ok {
			s.reserved = append(s.reserved, st)
		}
	}
	s.charter, s.charterID = x.state.Charter()
	s.terms, s.clauses, s.directory = x.state.Terms(v.AsOf), maps.Clone(x.clauses), x.directory
	if at, successor, ok := x.state.Ends(); ok {
		s.end = &End{at, successor}
	}
	s.challenges, s.challenged, s.disputed = x.state.Challenges(), make(map[entry.ID]int), make(map[entry.ID][]int)
	for i, c := range s.challenges {
		s.challenged[c.Entry] = i
		if !c.About.IsZero() {
			s.disputed[c.About] = append(s.disputed[c.About], i)
		}
	}
	s.held = make(map[uint64]int64)
	for _, t := range x.withheld {
		if x.state.TextOf(t.id, t.digest) == pledge.TextWithheld {
			s.held[t.index], _ = x.state.Review(t.id)
		}
	}

	s.findings = append(append(s.findings, x.stepped...), x.state.Promises(v.AsOf)...)
	for _, found := range x.bodies {
		s.findings = append(s.findings, found...)
	}
	for index, t := range x.sealed {
		s.findings = append(s.findings, x.state.Seals(index, x.rows[index].logged, t.st, t.seals, func(digest string) bool { return x.isOpened(index, digest) }, v.AsOf)...)
	}
	pledge.SortFindings(s.findings)
	for _, f := range s.findings {
		if f.Index != nil {
			s.byIndex[*f.Index] = append(s.byIndex[*f.Index], f)
		}
	}
	if err := x.restateAll(ctx, s); err != nil {
		return err
	}
	x.cfg.Logger.Debug("index shows", slog.Uint64("size", v.Size), slog.Int("findings", len(s.findings)))
	return nil
}
