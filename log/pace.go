package log

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrTooSlow says that an answer came slower than [HTTPOptions] allow.
var ErrTooSlow = errors.New("too slow")

// A pace holds an answer to a rate: it may take a while, and as much longer as its
// bytes take at the rate. So a large answer over a slow line is waited for, and
// one that comes in drips is not.
type pace struct {
	began   time.Time
	allowed time.Duration
	rate    int64 // bytes a second
	timer   *time.Timer

	mu       sync.Mutex
	received int64
}

// startPace calls tooSlow when the answer has not kept to its pace.
func startPace(allowed time.Duration, rate int64, tooSlow func()) *pace {
	return &pace{began: time.Now(), allowed: allowed, rate: rate, timer: time.AfterFunc(allowed, tooSlow)}
}

func (p *pace) stop() { p.timer.Stop() }

// add counts what was received.
func (p *pace) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received += int64(n)
	more := time.Duration(float64(p.received) / float64(p.rate) * float64(time.Second))
	p.timer.Reset(time.Until(p.began.Add(p.allowed + more)))
}

// String says how far the answer has come.
func (p *pace) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d bytes in %v", p.received, time.Since(p.began).Round(time.Millisecond))
}

func (p *pace) reader(body io.ReadCloser) io.ReadCloser { return pacedBody{body, p} }

type pacedBody struct {
	io.ReadCloser
	pace *pace
}

func (b pacedBody) Read(buf []byte) (int, error) {
	n, err := b.ReadCloser.Read(buf)
	if n > 0 {
		b.pace.add(n)
	}
	return n, err
}
