package embedded_test

import (
	"fmt"
	"testing"
)

// BenchmarkAppend appends batches of leaves of the usual size. One iteration is
// one batch.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 100, 1000, 4000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			e := open(b, create(b))
			next := uint64(0)
			for b.Loop() {
				leaves := make([][]byte, batch)
				for i := range leaves {
					leaves[i] = make([]byte, 1500)
					copy(leaves[i], fmt.Append(nil, next+uint64(i)))
				}
				if err := e.Append(b.Context(), next, leaves); err != nil {
					b.Fatal(err)
				}
				next += uint64(batch)
			}
			b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}
