package embedded

import (
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
)

// SetAdd puts wrap between the engine and tessera's queue.
func SetAdd(e *Engine, wrap func(add tessera.AddFn) tessera.AddFn) { e.add = wrap(e.add) }

// OneBatch makes engines that the test opens take what it appends as one batch,
// however busy the machine is.
func OneBatch(t testing.TB) {
	before := maxAge
	maxAge = 600 * time.Millisecond
	t.Cleanup(func() { maxAge = before })
}
