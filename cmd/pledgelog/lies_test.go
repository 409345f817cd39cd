package main

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

// lies are what a witness may do wrong. Each is told in its turn: a witness that failed is
// left alone for a while, so that it is not asked often.
type lies struct {
	mu    sync.Mutex
	begun int // how many were
	cut   int // those before it that are not at their end count as not told
	down  bool
	told  map[string]bool

	// Of the sizes that were named in one exchange:
	row   int    // how many
	text  []byte // for which checkpoint
	named uint64 // the last
	at    time.Time
}

// What comes first is told again and again when all were told: of these lines it alone
// verifies. drips comes last, as it takes its time.
var allLies = []string{"an hour ahead", "other root", "other origin", "strangers", otherSize, "no end", drips}

const (
	drips     = "drips"
	otherSize = "other size"
	// maxNamed is how often a server asks about one checkpoint before it gives up on a
	// witness that names another size each time.
	maxNamed = 3
)

// tell has the first lie told that was not told to its end, and the first when all were.
// Who asks again from the size that was named is named another one.
func (l *lies) tell(r *witnesstest.Request, tell func(lie string, told func())) {
	l.mu.Lock()
	lie := allLies[0]
	// A server that starts waits for all of its witnesses.
	if left := l.left(); len(left) > 0 && (left[0] != drips || !l.down) {
		lie = left[0]
	}
	// What comes later is another exchange: one that failed costs a second at least.
	if 0 < l.row && l.row < maxNamed && r.Add.Old == l.named && bytes.Equal(r.Text, l.text) && r.At.Sub(l.at) < 900*time.Millisecond {
		lie = otherSize
	} else {
		l.row = 0
	}
	row := 0
	if lie == otherSize {
		l.row++
		row, l.text, l.named, l.at = l.row, r.Text, (r.Add.Old+1)%3, r.At
	}
	l.begun++
	turn := l.begun
	l.mu.Unlock()
	told := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if turn > l.cut && (lie != otherSize || row > 1) { // it was believed at least once
			l.told[lie] = true
		}
	}
	tell(lie, told)
}

// killed says that nobody listens any more.
func (l *lies) killed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.down = l.begun, true
}

// up says that the server has started.
func (l *lies) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// untold are those that nobody told to its end.
func (l *lies) untold() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left()
}

func (l *lies) left() []string {
	return slices.DeleteFunc(slices.Clone(allLies), func(lie string) bool { return l.told[lie] })
}

// by makes them a witness's.
func (l *lies) by(w *witnesstest.Witness) witnesstest.Lie {
	other := func(text []byte, change func(*log.Checkpoint)) []byte {
		cp, _ := log.ParseCheckpoint(text)
		change(&cp)
		return cp.Marshal()
	}
	return func(rw http.ResponseWriter, r *witnesstest.Request) bool {
		key := w.Keys[0]
		l.tell(r, func(lie string, told func()) {
			switch lie {
			case "other root":
				fmt.Fprint(rw, w.Line(key, other(r.Text, func(c *log.Checkpoint) { c.Root[3] ^= 1 }), 0))
			case "other origin":
				fmt.Fprint(rw, w.Line(key, other(r.Text, func(c *log.Checkpoint) { c.Origin = "log.other.example" }), 0))
			case "an hour ahead":
				fmt.Fprint(rw, w.Line(key, r.Text, time.Hour))
			case "strangers":
				stranger, _ := log.NewCosigner("stranger.example", witnesstest.Seed("stranger"))
				fmt.Fprint(rw, strings.Repeat(w.Line(stranger, r.Text, 0), 400))
			case otherSize:
				witnesstest.Conflict(rw, (r.Add.Old+1)%3)
			case "no end":
				for line := []byte(w.Line(key, r.Text, 0)); r.Ctx.Err() == nil; {
					rw.Write(line)
				}
			case drips:
				for began := time.Now(); r.Ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
					rw.Write([]byte("x"))
					rw.(http.Flusher).Flush()
					if time.Since(began) > 2*time.Second {
						told()
					}
				}
				return // before two seconds it is none
			default:
				panic(lie)
			}
			told()
		})
		return true
	}
}
