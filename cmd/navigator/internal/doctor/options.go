package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// option is a program beside the services that a deployment may have or not.
type option struct {
	name, setting string
	ready         string // the path that says whether it works
	off           string // what is lost without it
	away          string // what is lost while it does not answer
	advice        string // what to do then
}

// The options that say by a path whether they work.
var (
	lokiOption = option{"loki", "LOKI_URL", "/ready", "logs are on the standard output alone", "logs are on the standard output alone meanwhile",
		"Check LOKI_URL, that Loki runs, and that this machine may reach it."}
	agentOption = option{"metrics agent", "METRICS_AGENT_URL", "/-/ready", "it is not known who scrapes ADMIN_PORT: without anybody, no alert on metrics comes",
		"dashboards stand still, and alerts on metrics do not come meanwhile",
		"Check METRICS_AGENT_URL, and that the Prometheus agent runs: its log says what it cannot read or write."}
	proberOption = option{"outside prober", "PROBER_URL", "/-/healthy", "nobody counts how we look from outside: the objective of uptime has no figures",
		"nobody counts how we look from outside meanwhile", "Check PROBER_URL, and that the prober runs."}
)

// asked asks an option whether it works. Without one, or while it is away, the
// services work all the same: that is a warning at most.
func (l look) asked(ctx context.Context, o option) Check {
	address := setting(l.environ, o.setting)
	if address == "" {
		return skipped(o.name, "off: "+o.setting+" is not set: "+o.off)
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return bad(o.name, o.setting+" cannot be read", settingsAdvice)
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	base := url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: o.ready}
	if status, _, err := l.way.ask(ctx, base.String()); err != nil || status != http.StatusOK {
		return warning(o.name, "it does not answer "+o.ready+"; "+o.away, o.advice)
	}
	return good(o.name, "it is ready")
}

// traces asks the collector of spans whether it would take some.
func (l look) traces(ctx context.Context) Check {
	const name = "traces"
	if l.config.TraceEndpoint == "" {
		return skipped(name, "off: OTEL_EXPORTER_OTLP_ENDPOINT is not set: a document's way is in the logs alone")
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	if err := l.config.PingTraces(ctx); err != nil {
		return warning(name, "the collector does not take spans; they are lost meanwhile, and nothing else is",
			"Check OTEL_EXPORTER_OTLP_ENDPOINT (its base address, without /v1/traces) and OTEL_EXPORTER_OTLP_HEADERS, that it runs, and that this machine may reach it.")
	}
	return good(name, "the collector takes spans")
}

// setting is a variable of the environment, as it stands there.
func setting(environ []string, name string) string {
	for _, pair := range environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
