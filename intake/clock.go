package intake

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// maxJump is how far the clock may run ahead of the time that has passed
	// before it is doubted: a date far ahead that was logged once would stop the
	// log until that date.
	maxJump = 10 * time.Minute
	// settleTime is how long a clock that jumped must keep to its new time before
	// it is believed. A machine that was suspended comes back so.
	settleTime = 10 * time.Minute
)

// ErrJump says that the clock jumped ahead and is not believed yet.
var ErrJump = errors.New("the server's clock jumped ahead")

// A clock is the server's clock, watched.
type clock struct {
	read  func() time.Time
	start time.Time // with a monotonic reading

	mu     sync.Mutex
	base   time.Time     // wall time when passed was 0
	jumped time.Duration // when a jump was first seen
	ahead  time.Duration // by how much, 0 when there is none
}

func newClock(read func() time.Time) *clock {
	return &clock{read: read, start: time.Now(), base: read().Round(0)}
}

// isSimulated reports whether the clock is one that may jump.
func (c *clock) isSimulated() bool {
	t := c.read()
	return t == t.Round(0)
}

// now returns Unix seconds. It is an ErrJump while the clock is not believed. A
// simulated clock, which has no monotonic reading, may jump as it likes.
func (c *clock) now() (int64, error) {
	t := c.read()
	if t == t.Round(0) {
		return t.Unix(), nil
	}
	return t.Unix(), c.watch(t.Round(0), time.Since(c.start))
}

// watch compares the wall clock with the time that has really passed.
func (c *clock) watch(wall time.Time, passed time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ahead := wall.Sub(c.base) - passed
	if ahead <= maxJump {
		c.ahead = 0
		return nil
	}
	if d := ahead - c.ahead; c.ahead == 0 || d > time.Minute || d < -time.Minute {
		c.ahead, c.jumped = ahead, passed
	}
	if passed-c.jumped >= settleTime {
		c.base, c.ahead = wall.Add(-passed), 0
		return nil
	}
	return fmt.Errorf("%w by %s; it is believed once it has kept to that for %s", ErrJump, ahead.Round(time.Second), settleTime)
}
