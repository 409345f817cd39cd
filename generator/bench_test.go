package generator_test

import (
	"testing"

	"github.com/pledgelog/pledgelog/generator"
)

// BenchmarkWriteStory writes a large log's first 100,000 statements.
func BenchmarkWriteStory(b *testing.B) {
	const n = 100_000
	for _, c := range []struct {
		name    string
		world   generator.Options
		options []func(*generator.Writer)
	}{
		{"bodies", generator.LargeOptions(), nil},
		{"bundled", generator.LargeOptions(), []func(*generator.Writer){generator.Bundled}},
		{"lifelike", generator.SearchOptions(n), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := generator.New(c.world)
				if err := w.WriteStory(b.TempDir(), n, c.options...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "statements/s")
		})
	}
}
