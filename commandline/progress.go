package commandline

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
)

// A Progress draws a bar on a terminal, once the work has taken a second.
type Progress struct {
	w     io.Writer // nil: not a terminal
	unit  string
	since time.Time
	drawn time.Time
}

// NewProgress returns the progress of work on things of a unit, such as entries. It
// draws nothing where w is no terminal.
func NewProgress(w io.Writer, unit string) *Progress {
	p := &Progress{unit: unit, since: time.Now()}
	if f, ok := w.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		p.w = w
	}
	return p
}

// Show draws how much is done.
func (p *Progress) Show(done, total uint64) {
	now := time.Now()
	if p.w == nil || total == 0 || now.Sub(p.since) < time.Second || now.Sub(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = now
	const width = 30
	full := int(float64(done) / float64(total) * width)
	rate := float64(done) / now.Sub(p.since).Seconds()
	fmt.Fprintf(p.w, "\r\x1b[K%s%s %3d%%  %d of %d %s  %.0f/s", strings.Repeat("█", full), strings.Repeat("░", width-full), done*100/total, done, total, p.unit, rate)
}

// Clear takes the bar away, before anything else is written.
func (p *Progress) Clear() {
	if p.w != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
