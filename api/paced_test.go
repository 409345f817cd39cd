package api

import (
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A drain is a client that takes its time for each piece of an answer, and then the time
// that it has.
type drain struct {
	http.ResponseWriter
	each     time.Duration
	deadline time.Time
}

func (d *drain) SetWriteDeadline(t time.Time) error { d.deadline = t; return nil }

func (d *drain) Write(b []byte) (int, error) {
	if left := time.Until(d.deadline); left < d.each {
		time.Sleep(left)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(d.each)
	return len(b), nil
}

// TestPaced: who reads on gets all of a long answer, however long it is; who reads too
// slowly, or no more, is let go. What the server needs itself does not count.
func TestPaced(t *testing.T) {
	limits := Limits{ReadTime: 30 * time.Second, Slowest: 128 << 10}
	for name, c := range map[string]struct {
		each   time.Duration // for 64 KiB
		made   time.Duration // by the server, for a MiB
		least  time.Duration
		most   time.Duration
		whole  bool
		stalls bool
	}{
		"fast":              {time.Millisecond, 0, 0, time.Minute, true, false},
		"as slow as may be": {500 * time.Millisecond, 0, time.Hour, 3 * time.Hour, true, false},
		"too slow":          {600 * time.Millisecond, 0, 100 * time.Second, 200 * time.Second, false, false},
		"a slow server":     {time.Millisecond, time.Minute, 16 * time.Hour, 18 * time.Hour, true, false},
		"stops":             {time.Hour, 0, 30 * time.Second, 30 * time.Second, false, false},
		"stops later":       {time.Millisecond, 0, 30 * time.Second, time.Minute, false, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &drain{each: c.each}
			p := (&API{limits: limits}).paced(d)
			start := time.Now()
			var err error
			for i := range 1024 { // a GiB
				time.Sleep(c.made)
				if c.stalls && i == 512 {
					d.each = time.Hour
				}
				if _, err = p.Write(make([]byte, 1<<20)); err != nil {
					break
				}
			}
			took := time.Since(start)
			if took < c.least || took > c.most || (err == nil) != c.whole || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v after %v", name, err, took)
			}
		})
	}
}
