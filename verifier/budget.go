package verifier

import (
	"context"
	"sync"
)

// A budget bounds how much is under way. Only one goroutine at a time may take
// from it; any may release.
type budget struct {
	max int64

	mu    sync.Mutex
	used  int64
	freed chan struct{} // holds a note when something was released
}

func newBudget(max int64) *budget { return &budget{max: max, freed: make(chan struct{}, 1)} }

// take waits until there is room for n, or nothing else is under way.
func (b *budget) take(ctx context.Context, n int64) error {
	for {
		b.mu.Lock()
		ok := b.used == 0 || b.used+n <= b.max
		if ok {
			b.used += n
		}
		b.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-b.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *budget) release(n int64) {
	b.mu.Lock()
	b.used -= n
	b.mu.Unlock()
	select {
	case b.freed <- struct{}{}:
	default:
	}
}
