package boot

import (
	"context"
	"errors"
)

// doors is the listeners of a process.
type doors struct{ api, webhook *gate }

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
	return d, nil
}

func (d doors) all() (gates []*gate) {
	for _, g := range []*gate{d.api, d.webhook} {
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
	return a
}

// shut takes readiness down and ends the streams, then lets requests under way
// end.
func (d doors) shut(ctx context.Context) error {
	var errs []error
	for _, g := range d.all() {
		g.drain()
	}
	for _, g := range d.all() {
		errs = append(errs, g.shut(ctx))
	}
	return errors.Join(errs...)
}

// shutNow closes the doors at once.
func (d doors) shutNow() {
	for _, g := range d.all() {
		_ = g.listener.Close()
		_ = g.server.Close()
	}
}
