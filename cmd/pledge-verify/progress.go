package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
)

// A progress draws a bar on a terminal, once the work has taken a second.
type progress struct {
	w     io.Writer // nil: not a terminal
	since time.Time
	drawn time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{since: time.Now()}
	if f, ok := w.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		p.w = w
	}
	return p
}

func (p *progress) show(done, total uint64) {
	now := time.Now()
	if p.w == nil || total == 0 || now.Sub(p.since) < time.Second || now.Sub(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = now
	const width = 30
	full := int(float64(done) / float64(total) * width)
	rate := float64(done) / now.Sub(p.since).Seconds()
	fmt.Fprintf(p.w, "\r\x1b[K%s%s %3d%%  %d of %d entries  %.0f/s", strings.Repeat("█", full), strings.Repeat("░", width-full), done*100/total, done, total, rate)
}

func (p *progress) clear() {
	if p.w != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
