package index_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
)

// told writes a line of each row, and holds every second one back.
type told struct {
	out  io.Writer
	held []byte
	fail uint64 // the row that can't be written
	rows *atomic.Int64
}

var errRow = errors.New("this row can't be written")

func line(e *index.Entry) string {
	text := "none"
	if e.Body != nil {
		text = fmt.Sprintf("%d bytes, %s", len(e.Body), e.BodyState)
	}
	return fmt.Sprintln(e.Index, e.ID, e.Verdict.Kind, text, len(e.Refers), len(e.Erasures), e.Correction != nil)
}

func (f *told) Write(e *index.Entry) error {
	f.rows.Add(1)
	if e.Index == f.fail {
		return errRow
	}
	f.held = append(f.held, line(e)...)
	if e.Index%2 == 0 {
		return nil
	}
	return f.Flush()
}

func (f *told) Flush() error {
	_, err := f.out.Write(f.held)
	f.held = f.held[:0]
	return err
}

// TestRowsAs: what RowsAs yields is each row of Rows in its form, in order.
func TestRowsAs(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed = 9
	p := newPublished(t, o)
	if err := p.world.EveryKind(700); err != nil {
		t.Fatal(err)
	}
	all := uint64(len(p.world.Logged))
	p.publish(int(all))
	x := p.open()
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := x.Snapshot()
	var written atomic.Int64
	read := func(ctx context.Context, size, fail uint64) (string, error) {
		var got bytes.Buffer
		for b, err := range s.RowsAs(ctx, size, func(out io.Writer) index.Form { return &told{out: out, fail: fail, rows: &written} }) {
			if err != nil {
				return got.String(), err
			}
			got.Write(b)
		}
		return got.String(), nil
	}
	const never = 1 << 40
	for _, size := range []uint64{0, 1, 2, 255, 256, 257, 513, all} {
		want := ""
		for _, e := range rows(t, x, size) {
			want += line(e)
		}
		if got, err := read(t.Context(), size, never); err != nil || got != want {
			t.Errorf("size %d: %d bytes, %v; want %d", size, len(got), err, len(want))
		}
	}
	for _, fail := range []uint64{0, 1, 127, 255, 256, 600, all - 1} {
		want := ""
		for _, e := range rows(t, x, all)[:fail] {
			want += line(e)
		}
		if got, err := read(t.Context(), all, fail); !errors.Is(err, errRow) || got != want {
			t.Errorf("row %d fails: %v, and %d bytes before, want %d", fail, err, len(got), len(want))
		}
	}
	if got, err := read(t.Context(), all+1, never); got != "" || !errors.Is(err, index.ErrNotFound) {
		t.Errorf("beyond the log: %q, %v", got, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := read(ended, all, never); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody wants it any more: %v", err)
	}

	// Who reads no further has nothing written any more, and no more than what is ahead.
	written.Store(0)
	for range s.RowsAs(t.Context(), all, func(out io.Writer) index.Form { return &told{out: out, fail: never, rows: &written} }) {
		break
	}
	after := written.Load()
	if after > 512 {
		t.Errorf("%d rows were written ahead", after)
	}
	if _, err := read(t.Context(), 1, never); err != nil || written.Load() != after+1 {
		t.Errorf("%d rows were written after it had ended (%v)", written.Load()-after-1, err)
	}
}

// TestRowsAsPanics: a row that is wrong in whatever way ends its answer, not the process.
func TestRowsAsPanics(t *testing.T) {
	p := newPublished(t, generator.Options{Seed: 9})
	if err := p.world.Story(300); err != nil {
		t.Fatal(err)
	}
	p.publish(300)
	x := p.open()
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range x.Snapshot().RowsAs(t.Context(), 300, func(io.Writer) index.Form { return new(told) }) {
		last = err
	}
	if last == nil {
		t.Error("it goes on after a panic")
	}
}
