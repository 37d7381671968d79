package boot

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// health answers from the database's own word and from what the living
// processes recorded of their last calls.
type health struct {
	peers *postgres.Instances
	self  *outcomes
	purse *purse
}

// healthTime bounds the answer.
const healthTime = time.Second

// Dependencies is ports.Health.
func (h health) Dependencies(ctx context.Context) []ports.Dependency {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	peers, err := h.peers.Peers(ctx)
	now := time.Now().UTC()
	if err != nil {
		return append(h.self.all(), ports.Dependency{Name: "database", Code: string(core.CodeDatabaseUnavailable), Since: now})
	}
	deps := []ports.Dependency{{Name: "database", OK: true, Since: now}, worker(peers, now)}
	if dep, ok := h.purse.dependency(ctx); ok {
		deps = append(deps, dep)
	}
	return append(deps, merged(peers, h.self.all())...)
}

// worker says whether one lives: uploads without one would wait unseen.
func worker(peers []postgres.Peer, now time.Time) ports.Dependency {
	dep := ports.Dependency{Name: "worker", Code: string(core.CodeNoWorker)}
	for _, peer := range peers {
		if peer.Service != string(Worker) && peer.Service != string(Dev) {
			continue
		}
		if seen := now.Add(-peer.Age); seen.After(dep.Since) {
			dep.Since = seen
		}
	}
	if !dep.Since.IsZero() && now.Sub(dep.Since) < postgres.Alive {
		dep.OK, dep.Code = true, ""
	}
	return dep
}

// merged takes the latest result of each service from every living process.
func merged(peers []postgres.Peer, own []ports.Dependency) []ports.Dependency {
	latest := map[string]ports.Dependency{}
	take := func(deps []ports.Dependency) {
		for _, dep := range deps {
			if dep.Since.After(latest[dep.Name].Since) {
				latest[dep.Name] = dep
			}
		}
	}
	take(own)
	for _, peer := range peers {
		if peer.Age < postgres.Alive {
			take(peer.Outside)
		}
	}
	list := []ports.Dependency{}
	for _, name := range []string{nameStorage, nameParser, nameEmbedder} {
		if dep, ok := latest[name]; ok {
			list = append(list, dep)
		}
	}
	return list
}
