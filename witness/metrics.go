package witness

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics count for Prometheus. No label takes a value that a client chooses: an
// origin is one only once somebody has added its log.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration prometheus.Histogram
}

// NewMetrics returns the metrics of a witness.
func NewMetrics(w *Witness) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pledge_witness_requests_total", Help: "Requests for a cosignature, by status of the answer.",
		}, []string{"status"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "pledge_witness_request_duration_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: []float64{.001, .005, .02, .05, .1, .2, .5, 1, 5, 30},
		}),
	}
	m.registry.MustRegister(m.requests, m.duration, stateCollector{w},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves them.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) answered(status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(strconv.Itoa(status)).Inc()
	m.duration.Observe(took.Seconds())
}

// A stateCollector shows what the state holds at the moment it is asked.
type stateCollector struct{ w *Witness }

var (
	readableDesc = prometheus.NewDesc("pledge_witness_state_readable", "1 when the whole state can be read.", nil, nil)
	sizeDesc     = prometheus.NewDesc("pledge_witness_log_size", "Size of the checkpoint that was cosigned last.", []string{"origin"}, nil)
	timeDesc     = prometheus.NewDesc("pledge_witness_log_cosigned_timestamp_seconds", "When it was cosigned; 0 for never.", []string{"origin"}, nil)
	auditedDesc  = prometheus.NewDesc("pledge_witness_audited_size", "Size of the checkpoint that was audited last since the start.", []string{"origin"}, nil)
	refusesDesc  = prometheus.NewDesc("pledge_witness_audit_refuses", "1 when what that audit came to keeps the log from being cosigned.", []string{"origin"}, nil)
	enabledDesc  = prometheus.NewDesc("pledge_witness_log_enabled", "1 when further checkpoints of the log are cosigned.", []string{"origin"}, nil)
)

// Describe implements prometheus.Collector.
func (c stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{readableDesc, sizeDesc, timeDesc, enabledDesc, auditedDesc, refusesDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c stateCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	logs, err := c.w.State.Logs()
	gauge(readableDesc, one(err == nil))
	for _, l := range logs {
		gauge(sizeDesc, float64(l.Head.Size), l.Origin)
		gauge(timeDesc, float64(l.Time), l.Origin)
		gauge(enabledDesc, one(l.Enabled), l.Origin)
	}
	a, ok := c.w.Check.(*Auditor)
	if !ok {
		return
	}
	for _, o := range a.lastAudits() {
		gauge(auditedDesc, float64(o.Size), o.Origin)
		decisions, err := c.w.State.Decisions(o.Origin)
		gauge(refusesDesc, one(err != nil || o.Weigh(decisions).Err != nil), o.Origin)
	}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
