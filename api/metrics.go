package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
)

// metrics counts for Prometheus. No label takes a value that a client chooses.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	submissions *prometheus.CounterVec
}

// The outcomes of submissions that are not codes of refusals.
const (
	outcomeLogged  = "logged"
	outcomeKnown   = "known"
	outcomePending = "pending"
)

func newMetrics(a *API) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pledgelog_http_requests_total", Help: "Requests by route, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pledgelog_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer, by route.",
			Buckets: []float64{.001, .005, .02, .05, .1, .2, .5, 1, 5, 30},
		}, []string{"route"}),
		submissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pledgelog_submissions_total", Help: "Statements that arrived, by outcome: logged, known, pending, or the code of the refusal.",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(a.cfg.Collectors...)
	m.registry.MustRegister(m.requests, m.duration, m.submissions,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "pledgelog_tree_size", Help: "Entries that the published checkpoint covers.",
		}, func() float64 { return float64(a.treeSize()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "pledgelog_index_lag_entries", Help: "Published entries that the index has not read yet.",
		}, func() float64 {
			size := a.cfg.Index.View().Size
			return float64(max(a.treeSize(), size) - size)
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "pledgelog_submissions_waiting", Help: "Single submissions that wait for their receipt.",
		}, func() float64 { return float64(len(a.slots)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "pledgelog_ready", Help: "1 when statements can be sequenced and published.",
		}, func() float64 {
			return one(a.cfg.Intake.Ready() == nil)
		}),
		a.standing("pledgelog_unpublished_entries", "Entries that have their index and are not published yet.", func(s intake.Status) float64 {
			return float64(max(s.Size, s.Published) - s.Published)
		}),
		a.standing("pledgelog_quorum_timestamp_seconds", "The time that a quorum of witnesses gave last; 0 when it has not since the start, or the policy wants none.", func(s intake.Status) float64 { return float64(s.QuorumTime) }),
		a.standing("pledgelog_directory_logged_timestamp_seconds", "When the newest directory was logged; 0 when there is none.", func(s intake.Status) float64 {
			if s.Directory == nil {
				return 0
			}
			return float64(s.Directory.Logged)
		}),
		a.standing("pledgelog_directory_due_timestamp_seconds", "By when the next directory is due; 0 when the newest covers everything.", func(s intake.Status) float64 { return float64(s.DirectoryDue) }),
		a.standing("pledgelog_directory_failing", "1 when the directory that is due can't be made, or the server has no key to make any.", func(s intake.Status) float64 {
			return one(!s.Operator || s.DirectoryTrouble != nil)
		}),
		a.standing("pledgelog_erasure_failing", "1 when an erased text is not deleted yet because of an error.", func(s intake.Status) float64 { return one(s.EraseTrouble != nil) }),
		a.standing("pledgelog_ended", "1 when the log has ended.", func(s intake.Status) float64 { return one(s.Ended) }),
	)
	return m
}

// standing is a gauge of how the log stands.
func (a *API) standing(name, help string, value func(intake.Status) float64) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(a.cfg.Intake.Status()) })
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// treeSize is the size of the published checkpoint; 0 when there is none.
func (a *API) treeSize() uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	view, err := a.proofs.head(ctx)
	if err != nil {
		return 0
	}
	return view.Checkpoint.Size
}

func (m *metrics) request(rw *response, r *http.Request, took time.Duration) {
	method := "other"
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		method = r.Method
	}
	m.requests.WithLabelValues(rw.route, method, strconv.Itoa(rw.status)).Inc()
	m.duration.WithLabelValues(rw.route).Observe(took.Seconds())
}

// submitted counts what became of a statement.
func (m *metrics) submitted(outcome string) { m.submissions.WithLabelValues(outcome).Inc() }

func (m *metrics) refused(c entry.Code) { m.submitted(string(c)) }

// Metrics answers with the metrics in Prometheus' format. It is for a listener
// of its own, which the public can't reach.
func (a *API) Metrics() http.Handler {
	return promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}
