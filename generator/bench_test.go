package generator_test

import (
	"testing"

	"github.com/pledgelog/pledgelog/generator"
)

// BenchmarkWriteStory writes a large log's first 100,000 statements.
func BenchmarkWriteStory(b *testing.B) {
	for name, options := range map[string][]func(*generator.Writer){"bodies": nil, "bundled": {generator.Bundled}} {
		b.Run(name, func(b *testing.B) {
			const n = 100_000
			b.ReportAllocs()
			for b.Loop() {
				w := generator.New(generator.LargeOptions())
				if err := w.WriteStory(b.TempDir(), n, options...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "statements/s")
		})
	}
}
