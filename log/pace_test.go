package log

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A drip is a body of which at most n bytes come at a time, and for n bytes it
// takes a pause. It stops when its request is called off.
type drip struct {
	ctx   context.Context
	left  int
	n     int
	pause time.Duration
}

func (d *drip) Close() error { return nil }

func (d *drip) Read(b []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	n := min(d.n, d.left, len(b))
	select {
	case <-time.After(d.pause * time.Duration(n) / time.Duration(d.n)):
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	d.left -= n
	return n, nil
}

// An answer may take as long as its bytes need at the least rate, and a minute
// more.
func TestHTTPSourcePace(t *testing.T) {
	for _, tt := range []struct {
		name     string
		size, n  int
		pause    time.Duration
		deadline time.Duration // of the caller; 0: none
		want     error
		took     time.Duration
	}{
		{"a minute for any answer", 59, 1, time.Second, 0, nil, 59 * time.Second},
		{"a large one over a slow line", 20 << 20, 20 << 10, time.Second, 0, nil, 1024 * time.Second},
		{"a byte a second", 1 << 20, 1, time.Second, 0, ErrTooSlow, time.Minute},
		{"half the rate", 20 << 20, 8 << 10, time.Second, 0, ErrTooSlow, 2 * time.Minute},
		{"a sixteenth of the rate", 20 << 20, 1 << 10, time.Second, 0, ErrTooSlow, 64 * time.Second},
		{"the caller's time is over", 1 << 20, 1, time.Second, 5500 * time.Millisecond, context.DeadlineExceeded, 5500 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, err := NewHTTPSource("http://log.example/", HTTPOptions{
					Attempts: 1,
					Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
						return &http.Response{StatusCode: 200, ContentLength: -1, Body: &drip{r.Context(), tt.size, tt.n, tt.pause}}, nil
					}),
				})
				if err != nil {
					t.Fatal(err)
				}
				ctx := context.Background()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				start := time.Now()
				b, err := src.Get(ctx, "checkpoint", 32<<20)
				if took := time.Since(start); (took - tt.took).Abs() > 2*time.Second {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
				if !errors.Is(err, tt.want) || err == nil && len(b) != tt.size {
					t.Errorf("%d bytes, %v; want %v", len(b), err, tt.want)
				}
				if tt.name == "the caller's time is over" {
					wantError(t, err, "get http://log.example/checkpoint: 5 bytes in 5.5s: ")
				}
			})
		})
	}
}
