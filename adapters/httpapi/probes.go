package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/insurance-navigator/navigator/ports"
)

// Probes is what the platform asks of a process, and nothing else: /health,
// /livez and /readyz.
type Probes struct {
	Health  ports.Health
	Logger  *slog.Logger
	Version string
	Ready   func() error // nil while work is taken; when not set, always
	Live    func() error // nil while the process makes progress; when not set, always
}

// NewProbes is the whole door of a process that serves no calls: the worker.
func NewProbes(p Probes) http.Handler {
	return publicDoor(p.routes(), p.Logger, DefaultLimits())
}

func (p Probes) routes() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"GET /health": p.health,
		"GET /livez":  p.live,
		"GET /readyz": p.ready,
	}
}

func (p Probes) health(r *http.Request) (any, error) {
	return healthReport(r.Context(), p.Health, p.Version), nil
}

func (p Probes) live(*http.Request) (any, error) {
	return Liveness{Status: "ok"}, liveness(p.Live)
}

func (p Probes) ready(*http.Request) (any, error) {
	return Readiness{Status: "ready"}, readiness(p.Ready)
}
