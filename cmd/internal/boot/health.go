package boot

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	known *known
}

const (
	// healthPatience is how long an answer waits for a look at the database
	// while what the look before found is still fresh.
	healthPatience = 30 * time.Millisecond
	// healthTime bounds the answer where nothing fresh is known.
	healthTime = time.Second
	// healthLook bounds a look: under a load that takes every connection it
	// waits for its turn, though none who asked waits as long.
	healthLook = 5 * time.Second
	// healthFresh is how old what was found may be told.
	healthFresh = 5 * time.Second
)

// facts is what one look at the database found.
type facts struct {
	at     time.Time
	peers  []postgres.Peer
	budget *ports.Dependency
	pauses []core.Pause
	err    error
}

// look asks the database, everything at once: where connections are scarce,
// each question waits for one.
func (h health) look(ctx context.Context) facts {
	var found facts
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		found.peers, err = h.peers.Peers(ctx)
		return err
	})
	all.Go(func() (err error) {
		found.pauses, err = h.peers.Pauses(ctx)
		return err
	})
	all.Go(func() error {
		if dep, ok := h.purse.dependency(ctx); ok {
			found.budget = &dep
		}
		return nil
	})
	found.err = all.Wait()
	found.at = time.Now().UTC()
	return found
}

// known is what the last look found, and the one under way: one serves all who
// ask meanwhile.
type known struct {
	mu    sync.Mutex
	last  facts
	under chan struct{} // closed at the look's end; nil: none is under way
}

// begin starts a look where none is under way. The channel closes at its end.
func (k *known) begin(look func() facts) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.under == nil {
		under := make(chan struct{})
		k.under = under
		go func() {
			found := look()
			k.mu.Lock()
			defer k.mu.Unlock()
			k.last, k.under = found, nil
			close(under)
		}()
	}
	return k.under
}

// fresh is what the last look found, unless that is too old to be told.
func (k *known) fresh() (facts, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last, time.Since(k.last.at) < healthFresh
}

// facts are those of a look that ends soon, else the last that are fresh, else
// those of a look that ends within healthTime.
func (k *known) facts(ctx context.Context, look func(context.Context) facts) facts {
	ended := k.begin(func() facts {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthLook)
		defer cancel()
		return look(ctx)
	})
	for _, wait := range []time.Duration{healthPatience, healthTime - healthPatience} {
		timer := time.NewTimer(wait)
		select {
		case <-ended:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if found, ok := k.fresh(); ok {
			return found
		}
	}
	return facts{at: time.Now().UTC(), err: context.DeadlineExceeded}
}

// Dependencies is ports.Health.
func (h health) Dependencies(ctx context.Context) []ports.Dependency {
	found := h.known.facts(ctx, h.look)
	own := h.self.all()
	if found.err != nil {
		return append(own, ports.Dependency{Name: "database", Code: string(core.CodeDatabaseUnavailable), Since: found.at})
	}
	deps := []ports.Dependency{{Name: "database", OK: true, Since: found.at}, worker(found.peers, found.at)}
	if found.budget != nil {
		deps = append(deps, *found.budget)
	}
	deps = append(deps, merged(found.peers, own)...)
	deps = append(deps, clocks(found.peers, own)...)
	return append(deps, resting(found.pauses)...)
}

// resting is what an operator has paused; nothing where all goes.
func resting(pauses []core.Pause) (list []ports.Dependency) {
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
