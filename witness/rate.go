package witness

import (
	"sync"
	"time"
)

// burst is how many cosignatures a log may have at once.
const burst = 20

// rates hold each log to a rate, with bursts. They are for logs that are known, and
// so are not many.
type rates struct {
	every time.Duration

	mu   sync.Mutex
	full map[string]time.Time // when a log will have its whole burst again
}

// take returns 0 and counts one, or returns how long to wait for it.
func (r *rates) take(origin string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now() // under the lock: not before that of a request that was counted already
	if r.full == nil {
		r.full = make(map[string]time.Time)
	}
	full := r.full[origin]
	if full.Before(now) {
		full = now
	}
	full = full.Add(r.every)
	if wait := full.Sub(now) - burst*r.every; wait > 0 {
		return wait
	}
	r.full[origin] = full
	return 0
}
