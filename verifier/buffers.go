package verifier

import "sync"

// A buffer is memory for the bytes of a bundle, which is used again for the next
// one: fresh memory for each would take as long as reading it. What is parsed from a
// bundle shares none of it. What does not fit, or comes from a source that can't
// read into it, lies elsewhere.
type buffer struct{ b []byte }

// usualBuffer is room for most bundles, in bytes.
const usualBuffer = 768 << 10

var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, usualBuffer)} }}

// spoil is called with a buffer that is given back. Tests make sure that nobody
// goes on using it.
var spoil = func([]byte) {}

func takeBuffer() *buffer { return buffers.Get().(*buffer) }

// giveBack ends the use of what b holds. A nil buffer is none.
func (b *buffer) giveBack() {
	if b == nil {
		return
	}
	spoil(b.b)
	buffers.Put(b)
}
