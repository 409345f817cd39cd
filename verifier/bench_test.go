package verifier_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// BenchmarkAudit audits a log of 100,000 statements by 50 signatories, from a
// warm directory.
func BenchmarkAudit(b *testing.B) {
	const n = 100_000
	dir := filepath.Join(b.TempDir(), "log")
	w := generator.New(generator.Options{Seed: 1, Signatories: 50})
	if err := w.WriteStory(dir, n); err != nil {
		b.Fatal(err)
	}
	cfg := verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(dir)}
	b.ReportAllocs()
	for b.Loop() {
		r, err := verifier.Audit(b.Context(), cfg)
		if err != nil || r.Result != verifier.Matches {
			b.Fatalf("audit: %v, %v", r, err)
		}
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "audit_per_s")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB_sys")
	os.RemoveAll(dir)
}
