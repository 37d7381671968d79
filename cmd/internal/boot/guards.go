package boot

import (
	"log/slog"

	"github.com/insurance-navigator/navigator/adapters/breaker"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// guards holds this process's circuit breakers, one an outside service. Without
// any, calls go through.
type guards map[core.Service]*breaker.Breaker

// serviceNames is what the services are called in /health.
var serviceNames = map[core.Service]string{core.ServiceParser: nameParser, core.ServiceEmbedder: nameEmbedder,
	core.ServiceStorage: nameStorage, core.ServiceAccounts: nameAccounts, core.ServiceScanner: nameScanner}

// servicesOf is the services by those names.
var servicesOf = func() map[string]core.Service {
	services := map[string]core.Service{}
	for service, name := range serviceNames {
		services[name] = service
	}
	return services
}()

// guard makes the breakers, which tell the outcomes and the log how they stand.
func (o *outcomes) guard(c Config, log *slog.Logger) {
	told := func(service core.Service, open bool) {
		o.hold(serviceNames[service], open)
		o.meter.Circuit(service, open)
		if open {
			log.Error("a service is away: calls are held back", "peer", service, "rest", c.BreakerRest.String())
		} else {
			log.Info("a service is back", "peer", service)
		}
	}
	o.guards = guards{}
	for service := range serviceNames {
		o.guards[service] = breaker.New(service, breaker.Settings{Failures: c.BreakerFailures, Rest: c.BreakerRest}, told)
	}
}

func (g guards) embedder(e ports.Embedder) ports.Embedder {
	if b, ok := g[core.ServiceEmbedder]; ok {
		return breaker.Embedder{Embedder: e, Breaker: b}
	}
	return e
}

func (g guards) blobs(s ports.Blobs) ports.Blobs {
	if b, ok := g[core.ServiceStorage]; ok {
		return breaker.Blobs{Blobs: s, Breaker: b}
	}
	return s
}

func (g guards) scanner(s ports.Scanner) ports.Scanner {
	if b, ok := g[core.ServiceScanner]; ok {
		return breaker.Scanner{Scanner: s, Breaker: b}
	}
	return s
}

func (g guards) accounts(a ports.Accounts) ports.Accounts {
	if b, ok := g[core.ServiceAccounts]; ok {
		return breaker.Accounts{Accounts: a, Breaker: b}
	}
	return a
}

// guardParser puts the breaker before the parser, and beside both the standby,
// which takes over when the breaker has heard nothing but outages for long.
func (h *House) guardParser(p ports.Parser, reader ports.Parser) ports.Parser {
	b := h.seen.guards[core.ServiceParser]
	guarded := breaker.Parser{Parser: p, Breaker: b}
	if h.config.Parser == "pdftext" || h.config.FallbackAfter <= 0 {
		return guarded
	}
	return standbyParser{guarded, pipeline.Standby{Outside: guarded, Reader: reader, After: h.config.FallbackAfter, Away: b.Away}}
}
