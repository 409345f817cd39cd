package pledge_test

import (
	"runtime"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// leavesOf plays a story and returns its leaves, read, their signatures taken to be
// good.
func leavesOf(tb testing.TB, n int) (origin string, items []*pledge.Item) {
	w := generator.New(generator.Options{Seed: 81, Signatories: 50, Challengers: 2, Slots: "week"})
	if err := w.Story(n); err != nil {
		tb.Fatal(err)
	}
	for i, e := range w.Logged {
		it := pledge.Read(uint64(i), e.Leaf)
		for range it.Leaf.Statement.Signatures {
			it.Valid = append(it.Valid, true)
		}
		items = append(items, it)
	}
	return w.Options.Origin, items
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkStep tells what the rules alone take for a statement, in time and in
// bytes that stay.
func BenchmarkStep(b *testing.B) {
	const n = 60000
	origin, items := leavesOf(b, n)
	for b.Loop() {
		before := heap()
		s := pledge.New(origin)
		for _, it := range items {
			s.Step(it)
		}
		b.ReportMetric(float64(heap()-before)/n, "bytes/statement")
		runtime.KeepAlive(s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/statement")
	runtime.KeepAlive(items)
}
