package index

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"runtime/debug"

	"github.com/pledgelog/pledgelog/log"
)

// A Form writes rows one after the other.
type Form interface {
	Write(*Entry) error
	// Flush writes what was held back.
	Flush() error
}

// RowsAs goes through what Rows gives and yields it in a form: the bytes of some rows at
// a time, in order, which are good until the next ones are asked for. Rows are read, and
// put in their form, on all processors, while the ones before them are used; so form is
// called for more than one, and each Form sees some rows only. Of each Entry Canonical,
// ReferredBy, Previous and Next are left out beside what Rows leaves out.
//
// However long the log is, it holds at most the texts and the output of 512 rows.
func (s *Snapshot) RowsAs(ctx context.Context, size uint64, form func(io.Writer) Form) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := s.covers(size); err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		made, free := make(chan *formed), make(chan *formed, 2)
		for range cap(free) {
			free <- newFormed(form)
		}
		go func() {
			defer close(made)
			p := s.pinned(size)
			p.bare = true
			for first := uint64(0); first < size; first += log.TileWidth {
				var f *formed
				select {
				case f = <-free:
				case <-ctx.Done():
					return
				}
				f.fill(ctx, p, first, int(min(log.TileWidth, size-first)))
				select {
				case made <- f:
				case <-ctx.Done():
					return
				}
				if f.err() != nil {
					return
				}
			}
		}()
		defer func() {
			cancel()
			for range made {
			}
		}()
		for f := range made {
			for _, part := range f.parts {
				if part.out.Len() > 0 && !yield(part.out.Bytes(), nil) {
					return
				}
				if part.err != nil {
					yield(nil, part.err)
					return
				}
			}
			free <- f
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// formed are the rows of 256 entries in a form, in parts.
type formed struct{ parts []*formedPart }

type formedPart struct {
	out  bytes.Buffer
	form Form
	err  error // the row after those in out could not be read or put in its form
}

func newFormed(form func(io.Writer) Form) *formed {
	f := new(formed)
	for range runtime.GOMAXPROCS(0) {
		part := new(formedPart)
		part.form = form(&part.out)
		f.parts = append(f.parts, part)
	}
	return f
}

func (f *formed) err() error {
	for _, part := range f.parts {
		if part.err != nil {
			return part.err
		}
	}
	return nil
}

// maxKeptOutput is how much memory of the output of a part is kept for the next one,
// in bytes: texts are seldom large.
const maxKeptOutput = 4 << 20

// fill puts the n rows from first on in their form.
func (f *formed) fill(ctx context.Context, pinned *Snapshot, first uint64, n int) {
	p, ahead := *pinned, error(nil)
	ahead = p.readAhead(ctx, first)
	parallel(len(f.parts), func(i int) {
		part := f.parts[i]
		if part.out.Reset(); part.out.Cap() > maxKeptOutput {
			part.out = bytes.Buffer{}
		}
		if part.err = ahead; ahead == nil {
			part.fill(ctx, &p, first+uint64(i*n/len(f.parts)), first+uint64((i+1)*n/len(f.parts)))
		}
	})
}

func (part *formedPart) fill(ctx context.Context, p *Snapshot, from, to uint64) {
	// Whatever is wrong with a row must not end the process.
	defer func() {
		if v := recover(); v != nil {
			part.err = fmt.Errorf("rows from %d to %d: panic: %v\n%s", from, to, v, debug.Stack())
		}
	}()
	for i := from; i < to && part.err == nil; i++ {
		var e *Entry
		if e, part.err = p.row(ctx, i); part.err == nil {
			part.err = part.form.Write(e)
		}
	}
	if err := part.form.Flush(); part.err == nil {
		part.err = err
	}
}
