package boot

import (
	"context"
	"strings"
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
	deps = append(deps, merged(peers, h.self.all())...)
	deps = append(deps, clocks(peers, h.self.all())...)
	return append(deps, h.resting(ctx)...)
}

// resting is what an operator has paused; nothing where all goes.
func (h health) resting(ctx context.Context) (list []ports.Dependency) {
	pauses, err := h.peers.Pauses(ctx)
	if err != nil {
		return []ports.Dependency{{Name: "database", Code: string(core.CodeDatabaseUnavailable), Since: time.Now().UTC()}}
	}
	for _, p := range pauses {
		list = append(list, ports.Dependency{Name: strings.Replace(p.What, ":", "_", 1), Code: string(p.Code()), Since: p.Since.UTC()})
	}
	return list
}

// clocks tells of a living process whose clock is not the database's: one that
// is right does not make up for another.
func clocks(peers []postgres.Peer, own []ports.Dependency) []ports.Dependency {
	for _, peer := range peers {
		if peer.Age < postgres.Alive {
			own = append(own, peer.Outside...)
		}
	}
	for _, dep := range own {
		if dep.Name == nameClock && !dep.OK {
			return []ports.Dependency{dep}
		}
	}
	return nil
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
	for _, name := range []string{nameStorage, nameParser, nameEmbedder, nameAccounts, nameScanner, nameMail, nameRedis} {
		if dep, ok := latest[name]; ok {
			list = append(list, dep)
		}
	}
	return list
}
