package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// measures are the figures of operation. None of them tells of a person: requests are told by route, not by address.
type measures struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newMeasures(s *Server) *measures {
	m := &measures{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "plumbline_requests_total", Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		took:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "plumbline_request_seconds", Help: "Time taken to answer, by route.", Buckets: []float64{.001, .005, .02, .05, .2, 1, 5, 30}}, []string{"route"})}
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("plumbline_ledger_sequence", "Sequence of the last event in the ledger.", func() float64 { return float64(s.company.Books.Ledger().Head().Seq) })
	gauge("plumbline_warehouse_sequence", "Sequence of the last event in the warehouse.", func() float64 { return float64(s.company.Books.Seq()) })
	gauge("plumbline_long_work_waiting", "Long pieces of work under way or waiting for their turn.", func() float64 { return float64(len(s.heavy.waiting)) })
	gauge("plumbline_jobs_failed", "Jobs whose last run failed.", func() float64 { return s.failedJobs() })
	m.registry.MustRegister(m.requests, m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (s *Server) failedJobs() (n float64) {
	if s.schedule == nil {
		return 0
	}
	for _, j := range s.schedule.Jobs() {
		if j.Last != nil && j.Last.Error != "" {
			n++
		}
	}
	return n
}

// answered counts a request.
func (m *measures) answered(rt *route, status int, took time.Duration) {
	m.requests.WithLabelValues(rt.pattern, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(rt.pattern).Observe(took.Seconds())
}

// Measures answers a Prometheus; it belongs on an address that only the operator reaches.
func (s *Server) Measures() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.measures.registry, promhttp.HandlerOpts{}))
	return mux
}
