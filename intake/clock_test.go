package intake

import (
	"errors"
	"testing"
	"time"
)

// TestClockWatch: a clock that jumps ahead is believed once it has kept to its new
// time for ten minutes, and at once when it comes back.
func TestClockWatch(t *testing.T) {
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		steps []struct {
			passed, wall time.Duration
			ok           bool
		}
	}{
		{"runs as it should", []struct {
			passed, wall time.Duration
			ok           bool
		}{{time.Hour, time.Hour, true}, {48 * time.Hour, 48*time.Hour + 9*time.Minute, true}}},
		{"a glitch", []struct {
			passed, wall time.Duration
			ok           bool
		}{{time.Minute, time.Minute, true}, {2 * time.Minute, 75 * 365 * 24 * time.Hour, false}, {3 * time.Minute, 3 * time.Minute, true}}},
		{"a machine that was suspended for a day", []struct {
			passed, wall time.Duration
			ok           bool
		}{{time.Minute, 25 * time.Hour, false}, {6 * time.Minute, 25*time.Hour + 5*time.Minute, false}, {11 * time.Minute, 25*time.Hour + 10*time.Minute, true}, {12 * time.Minute, 25*time.Hour + 11*time.Minute, true}}},
		{"jumps again while it is not believed", []struct {
			passed, wall time.Duration
			ok           bool
		}{{time.Minute, 25 * time.Hour, false}, {9 * time.Minute, 50 * time.Hour, false}, {12 * time.Minute, 50*time.Hour + 3*time.Minute, false}, {19 * time.Minute, 50*time.Hour + 10*time.Minute, true}}},
		{"goes back: the last entry's time guards that", []struct {
			passed, wall time.Duration
			ok           bool
		}{{time.Hour, -time.Hour, true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &clock{base: base}
			for i, s := range c.steps {
				err := k.watch(base.Add(s.wall), s.passed)
				if (err == nil) != s.ok || err != nil && !errors.Is(err, ErrJump) {
					t.Errorf("step %d: %v, want ok %v", i, err, s.ok)
				}
			}
		})
	}
	if _, err := newClock(time.Now).now(); err != nil {
		t.Errorf("the real clock: %v", err)
	}
}
