package embedded

import "github.com/transparency-dev/tessera"

const (
	MaxBatch    = maxBatch
	CheckedTail = checkedTail
)

// SetAdd puts wrap between the engine and tessera's queue.
func SetAdd(e *Engine, wrap func(add tessera.AddFn) tessera.AddFn) { e.add = wrap(e.add) }
