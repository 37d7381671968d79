package metrics

import "github.com/prometheus/client_golang/prometheus"

// logs is the families of the log itself.
type logs struct {
	lines   *prometheus.CounterVec
	dropped *prometheus.CounterVec
	waiting *prometheus.GaugeVec
}

// The values of the labels.
var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logSinks   = []string{"loki", "stdout"}
	logReasons = []string{"queue_full", "closed", "late", "gone"}
)

func newLogs(m *Metrics) logs {
	l := logs{
		lines:   m.counter("log_messages_total", "Lines of the log, by level.", "level"),
		dropped: m.counter("log_records_dropped_total", "Lines that a sink did not take, by the reason.", "sink", "reason"),
		waiting: m.gauge("log_sink_queue_length", "Lines that wait for a sink.", "sink"),
	}
	for _, level := range logLevels {
		l.lines.WithLabelValues(level)
	}
	return l
}

// Logged counts a line; level is debug, info, warn or error.
func (m *Metrics) Logged(level string) {
	if m != nil {
		m.logs.lines.WithLabelValues(known(level, logLevels)).Inc()
	}
}

// LogDropped counts a line that a sink did not take.
func (m *Metrics) LogDropped(sink, reason string) {
	if m != nil {
		m.logs.dropped.WithLabelValues(known(sink, logSinks), known(reason, logReasons)).Inc()
	}
}

// LogSink adds a sink, and the reasons it may drop lines for.
func (m *Metrics) LogSink(sink string, reasons ...string) {
	if m == nil {
		return
	}
	for _, reason := range reasons {
		m.logs.dropped.WithLabelValues(known(sink, logSinks), known(reason, logReasons))
	}
	m.logs.waiting.WithLabelValues(known(sink, logSinks))
}

// LogWaiting tells how many lines wait for a sink.
func (m *Metrics) LogWaiting(sink string, lines int) {
	if m != nil {
		m.logs.waiting.WithLabelValues(known(sink, logSinks)).Set(float64(lines))
	}
}
