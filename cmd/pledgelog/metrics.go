package main

import (
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

// witnessFigures tells Prometheus how each witness of the policy does.
type witnessFigures struct{ asking *witnessing.Client }

var (
	witnessSize    = witnessMetric("tree_size", "Size of the largest checkpoint that the witness is known to have cosigned.")
	witnessSuccess = witnessMetric("cosigned_timestamp_seconds", "When the witness cosigned last; 0 when it has not since the start.")
	witnessCount   = witnessMetric("cosignatures_total", "Cosignatures of the witness that were taken.")
	witnessFailed  = witnessMetric("failures_total", "How often the witness did not cosign.")
	witnessAgainst = witnessMetric("contradictions_total", "How often the witness said that it cosigned a larger tree of this log, or another.")
	witnessInARow  = witnessMetric("failures_in_a_row", "How often the witness did not cosign since it last did.")
)

func witnessMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("pledgelog_witness_"+name, help, []string{"witness"}, nil)
}

func (w witnessFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{witnessSize, witnessSuccess, witnessCount, witnessFailed, witnessAgainst, witnessInARow} {
		ch <- d
	}
}

func (w witnessFigures) Collect(ch chan<- prometheus.Metric) {
	for _, f := range w.asking.Figures() {
		last := 0.0
		if !f.LastSuccess.IsZero() {
			last = float64(f.LastSuccess.Unix())
		}
		ch <- prometheus.MustNewConstMetric(witnessSize, prometheus.GaugeValue, float64(f.Size), f.Witness)
		ch <- prometheus.MustNewConstMetric(witnessSuccess, prometheus.GaugeValue, last, f.Witness)
		ch <- prometheus.MustNewConstMetric(witnessCount, prometheus.CounterValue, float64(f.Cosigned), f.Witness)
		ch <- prometheus.MustNewConstMetric(witnessFailed, prometheus.CounterValue, float64(f.Failures), f.Witness)
		ch <- prometheus.MustNewConstMetric(witnessAgainst, prometheus.CounterValue, float64(f.Contradictions), f.Witness)
		ch <- prometheus.MustNewConstMetric(witnessInARow, prometheus.GaugeValue, float64(f.InARow), f.Witness)
	}
}

// freeBytes is a gauge of the room that is left where a folder is; -1 when that can't
// be told.
func freeBytes(what, path string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pledgelog_free_bytes", Help: "Room that is left on the volume of a folder of the configuration.",
		ConstLabels: prometheus.Labels{"folder": what},
	}, func() float64 {
		var st unix.Statfs_t
		if err := unix.Statfs(path, &st); err != nil {
			return -1
		}
		return float64(st.Bavail) * float64(st.Bsize)
	})
}

// archiveBytes is a gauge of the archive's size; 0 while there is none.
func archiveBytes(dir string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pledgelog_archive_bytes", Help: "Size of the archive of checkpoints.",
	}, func() float64 {
		info, err := os.Stat(filepath.Join(dir, log.ArchivePath))
		if err != nil {
			return 0
		}
		return float64(info.Size())
	})
}

// collectors are the figures of this program that the API does not know.
func (s *server) collectors() []prometheus.Collector {
	all := []prometheus.Collector{freeBytes("directory", s.Directory), freeBytes("state", s.State), archiveBytes(s.Directory)}
	if s.parts.asking != nil {
		all = append(all, witnessFigures{s.parts.asking})
	}
	return all
}
