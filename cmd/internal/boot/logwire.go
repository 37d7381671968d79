package boot

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/insurance-navigator/navigator/adapters/lokilog"
)

// lokiFlush bounds the sending of the last lines.
const lokiFlush = 5 * time.Second

// Names of the sinks in log_records_dropped_total and log_sink_queue_length.
const (
	sinkLoki   = "loki"
	sinkStdout = "stdout"
)

// wireLog adds to a log what a running service has beside its lines: their
// count and, with LOKI_URL, Loki. The end sends the lines that wait.
func (c Config) wireLog(log *slog.Logger, service Service, meter meters) (wired *slog.Logger, end func(), err error) {
	j := journalOf(log).also(countedLog{meter})
	endLoki := func() {}
	if c.LokiURL != "" {
		if j, endLoki, err = c.wireLoki(j, service, meter); err != nil {
			return nil, nil, err
		}
	}
	unwatch := watchLevel(j)
	return slog.New(j).With("service", service, "version", Build()), func() { unwatch(); endLoki() }, nil
}

// wireLoki sends the lines to Loki, too. The client's own warnings go to the
// durable log alone.
func (c Config) wireLoki(j *journal, service Service, meter meters) (*journal, func(), error) {
	sink, err := lokilog.Open(lokilog.Config{
		URL: c.LokiURL, User: c.LokiUser, Password: c.LokiPassword.Reveal(), Tenant: c.LokiTenant,
		Labels:  map[string]string{"service_name": string(service), "env": c.Environment},
		Dropped: func(reason string) { meter.LogDropped(sinkLoki, reason) },
		Waiting: func(lines int) { meter.LogWaiting(sinkLoki, lines) }, Log: slog.New(j),
	})
	if err != nil {
		return nil, nil, err
	}
	meter.LogSink(sinkLoki, lokilog.Reasons()...)
	handler := lokilog.NewHandler(sink, jsonLines).WithAttrs([]slog.Attr{slog.String("environment", c.Environment)})
	end := func() {
		ctx, cancel := context.WithTimeout(context.Background(), lokiFlush)
		defer cancel()
		if err := sink.Close(ctx); err != nil {
			slog.New(j).Warn("log lines were dropped", "sink", sinkLoki)
		}
	}
	return j.also(handler), end, nil
}

// countedLog counts lines by level.
type countedLog struct{ meter meters }

// Enabled is slog.Handler.
func (countedLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle is slog.Handler.
func (c countedLog) Handle(_ context.Context, r slog.Record) error {
	c.meter.Logged(lokilog.Level(r.Level))
	return nil
}

// WithAttrs is slog.Handler.
func (c countedLog) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup is slog.Handler.
func (c countedLog) WithGroup(string) slog.Handler { return c }

// checkWatch holds where lines and spans go to what can be reached in safety:
// they tell of people's documents.
func (c Config) checkWatch(f *faults) {
	for name, address := range map[string]string{"LOKI_URL": c.LokiURL, "OTEL_EXPORTER_OTLP_ENDPOINT": c.TraceEndpoint,
		"METRICS_AGENT_URL": c.MetricsAgentURL, "PROBER_URL": c.ProberURL} {
		if address != "" {
			checkCollector(f, name, address)
		}
	}
	if (c.LokiUser == "") != !c.LokiPassword.Set() {
		f.add("LOKI_USERNAME and LOKI_PASSWORD: both, or neither")
	}
	if c.TraceShare < 0 || c.TraceShare > 1 {
		f.add("OTEL_TRACES_SAMPLER_ARG: from 0 to 1")
	}
}

// checkCollector takes a collector beside us, on this machine or in our own
// network, without TLS, and no other.
func checkCollector(f *faults, name, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		f.add("%s: not an http(s) address", name)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		f.add("%s: an address without user, query and fragment", name)
	case u.Scheme == "http" && public(u.Hostname()):
		f.add("%s: https is required for a public host", name)
	}
}
