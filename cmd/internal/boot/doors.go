package boot

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// doors is the listeners of a process.
type doors struct{ api, webhook, worker *gate }

// openGates binds every port the service listens on.
func openGates(ctx context.Context, c Config, service Service) (d doors, err error) {
	if service == API || service == Dev {
		if d.api, err = newGate(ctx, "API", c.Address(c.Port)); err != nil {
			return d, err
		}
	}
	if service == Webhook || service == Dev {
		if d.webhook, err = newGate(ctx, "webhook server", c.Address(c.WebhookPort)); err != nil {
			d.shutNow()
			return d, err
		}
	}
	if service == Worker { // dev's own API answers for its worker
		if d.worker, err = newGate(ctx, "worker", c.Address(c.WorkerPort)); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (d doors) all() (gates []*gate) {
	for _, g := range []*gate{d.api, d.webhook, d.worker} {
		if g != nil {
			gates = append(gates, g)
		}
	}
	return gates
}

func (d doors) addresses() (a Addresses) {
	if d.api != nil {
		a.API = "http://" + d.api.listener.Addr().String()
	}
	if d.webhook != nil {
		a.Webhook = "http://" + d.webhook.listener.Addr().String()
	}
	if d.worker != nil {
		a.Worker = "http://" + d.worker.listener.Addr().String()
	}
	return a
}

// unready takes readiness down.
func (d doors) unready() {
	for _, g := range d.all() {
		g.unready()
	}
}

// shut closes all doors at once, ends the streams and lets requests under way
// end.
func (d doors) shut(ctx context.Context) error {
	var group errgroup.Group
	for _, g := range d.all() {
		group.Go(func() error { return g.shut(ctx) })
	}
	return group.Wait()
}

// shutNow closes the doors at once.
func (d doors) shutNow() {
	for _, g := range d.all() {
		_ = g.listener.Close()
		_ = g.server.Close()
	}
}
