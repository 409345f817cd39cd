package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store"
)

// feedSize is how many leaves the engine is given at once.
const feedSize = 1024

// feedLoop gives the engine the leaves in the order of record. Texts are on
// disk before the leaf that publishes them can be.
func (in *Intake) feedLoop() {
	next, err := in.cfg.Log.Next(in.ctx)
	if in.ctx.Err() != nil {
		return
	}
	if err != nil {
		in.halt(fmt.Errorf("ask the engine for its next index: %w", err))
		return
	}
	for in.ctx.Err() == nil {
		n, err := in.feed(next)
		switch {
		case err != nil && (errors.Is(err, log.ErrMisplaced) || errors.Is(err, log.ErrStopped)):
			in.halt(err)
			return
		case err != nil:
			if in.ctx.Err() != nil {
				return
			}
			in.feedFails.CompareAndSwap(0, in.clock.read().Unix())
			if in.feedTrouble.set(err) {
				in.log.Error("statements are not appended", "first", next, "error", err.Error())
			}
			in.pause(retryAfter)
			if have, err := in.cfg.Log.Next(in.ctx); err == nil {
				next = have // an append that failed may have worked in part
			}
		case n > 0:
			in.feedFails.Store(0)
			if in.feedTrouble.set(nil) {
				in.log.Info("statements are appended again", "first", next)
			}
			next += uint64(n)
		default:
			in.feedFails.Store(0)
			in.feedTrouble.set(nil)
			select {
			case <-in.grown:
			case <-in.ctx.Done():
			}
		}
	}
}

func (in *Intake) feed(next uint64) (int, error) {
	records, err := in.cfg.Store.Records(in.ctx, next, feedSize)
	if err != nil {
		return 0, fmt.Errorf("read order of record from %d: %w", next, err)
	}
	if len(records) == 0 {
		return 0, nil
	}
	if err := in.files.writeTexts(in.ctx, next, next+uint64(len(records))); err != nil {
		return 0, err
	}
	leaves := make([][]byte, len(records))
	for i, r := range records {
		leaves[i] = r.Leaf
	}
	// An append is not cut short by a shutdown: the engine closes after us.
	if err := in.cfg.Log.Append(context.WithoutCancel(in.ctx), next, leaves); err != nil {
		return 0, fmt.Errorf("append leaves %d to %d: %w", next, next+uint64(len(leaves))-1, err)
	}
	return len(records), nil
}

// publishLoop follows the published checkpoint and tells those who wait for it.
func (in *Intake) publishLoop() {
	raw, err := in.cfg.Log.Published(in.ctx)
	size := uint64(0)
	every := time.Second
	if in.clock.isSimulated() {
		every = 50 * time.Millisecond // who moves it waits for what follows
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var shown []byte
	var told trouble // the same error is told once
	for {
		if err == nil && raw != nil {
			switch v := in.open(raw); {
			case v == nil:
				in.pause(retryAfter) // Await would give it again at once
			case v.Checkpoint.Size > size:
				size, shown = v.Checkpoint.Size, raw
				in.head.set(v)
				in.release(size)
				in.wake(in.publishedMore)
				in.files.published(v)
			}
		}
		next := make(chan struct{})
		go func() {
			defer close(next)
			raw, err = in.cfg.Log.Await(in.ctx, size)
		}()
		for waiting := true; waiting; {
			select {
			case <-next:
				waiting = false
			case <-tick.C:
				shown = in.cosigned(shown)
				in.files.settle(false)
				in.probe()
			}
		}
		if in.ctx.Err() != nil {
			return
		}
		if errors.Is(err, log.ErrStopped) {
			// It stopped in its publisher: the feeder may rest, and would hear of it only
			// once one more statement has its index.
			in.halt(err)
			return
		}
		if news := told.set(err); err != nil {
			if news {
				in.log.Error("could not learn of a new checkpoint", "error", err.Error())
			}
			in.pause(retryAfter)
		}
	}
}

// cosigned takes note when the checkpoint that was shown last was published once more,
// with other cosignatures. It returns what is shown then.
func (in *Intake) cosigned(shown []byte) []byte {
	raw, err := in.cfg.Log.Published(in.ctx)
	if err != nil || shown == nil || bytes.Equal(raw, shown) || !sameText(raw, shown) {
		return shown
	}
	v := in.open(raw)
	if v == nil {
		return shown
	}
	in.head.set(v)
	in.files.cosigned(v)
	return raw
}

// sameText reports whether two signed notes have one text.
func sameText(a, b []byte) bool {
	text := func(n []byte) []byte { t, _, _ := bytes.Cut(n, []byte("\n\n")); return t }
	return bytes.Equal(text(a), text(b))
}

// open verifies a checkpoint of our own under the policy; nil if it does not hold.
func (in *Intake) open(raw []byte) *log.View {
	v, err := in.cfg.Policy.Open(raw)
	if err != nil {
		in.report(fmt.Errorf("the published checkpoint does not satisfy the policy: %w", err))
		return nil
	}
	return v
}

// A comparison holds the order of record against what the engine has.
type comparison struct {
	in        *Intake
	next      uint64 // the engine's
	published *log.View
	builder   *log.Builder

	bundle      [][]byte // leaves that are not published yet, of bundle bundleIndex
	bundleIndex uint64
}

func (in *Intake) newComparison(ctx context.Context, size uint64) (*comparison, error) {
	c := &comparison{in: in, builder: log.NewBuilder(nil)}
	var err error
	if c.next, err = in.cfg.Log.Next(ctx); err != nil {
		return nil, fmt.Errorf("ask the engine for its next index: %w", err)
	}
	if c.next > size {
		return nil, fmt.Errorf("the log holds %d entries and the order of record only %d: the store was restored from an older copy than the log; restore the newest copy of the store", c.next, size)
	}
	raw, err := in.cfg.Log.Published(ctx)
	if errors.Is(err, log.ErrNotFound) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	// After a change of the policy the published checkpoint may lack its quorum,
	// until the engine's witnesses have cosigned it.
	if _, needed := in.quorumTime(); needed {
		c.published, err = in.cfg.Policy.OpenUnwitnessed(raw)
	} else {
		c.published, err = in.cfg.Policy.Open(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("verify checkpoint: %w", err)
	}
	return c, nil
}

// add compares the next record: by the root up to the published checkpoint, and
// leaf by leaf after it.
func (c *comparison) add(ctx context.Context, r store.Record) error {
	if r.Index >= c.next {
		return nil
	}
	h := log.LeafHash(r.Leaf)
	if err := c.builder.Append(h); err != nil {
		return fmt.Errorf("hash order of record: %w", err)
	}
	if v := c.published; v != nil {
		if c.builder.Size() == v.Checkpoint.Size && c.builder.Root() != v.Checkpoint.Root {
			return fmt.Errorf("the published checkpoint of %d entries is not that of the order of record: %w", v.Checkpoint.Size, log.ErrMisplaced)
		}
		if r.Index < v.Checkpoint.Size {
			return nil
		}
	}
	if n := r.Index / 256; c.bundle == nil || c.bundleIndex != n {
		width := int(min(c.next-n*256, 256))
		b, err := c.in.cfg.Log.Source().Get(ctx, log.EntriesPath(n, width), log.MaxBundleSize)
		if err != nil {
			return fmt.Errorf("read entries from %d: %w", n*256, err)
		}
		if c.bundle, err = log.ParseBundle(b, width); err != nil {
			return fmt.Errorf("read entries from %d: %w", n*256, err)
		}
		c.bundleIndex = n
	}
	if got := log.LeafHash(c.bundle[r.Index%256]); got != h {
		return &log.MisplacedError{Index: r.Index, GotIndex: r.Index, Want: h, Got: got}
	}
	return nil
}
