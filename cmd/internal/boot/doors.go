package boot

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
)

// doors is the listeners of a process.
type doors struct{ api, webhook, worker, admin *gate }

// openGates binds every port the service listens on.
func openGates(ctx context.Context, c Config, service Service, log *slog.Logger) (d doors, err error) {
	defer func() {
		if err != nil {
			d.shutNow()
		}
	}()
	if err := d.openAdmin(ctx, c); err != nil {
		return d, err
	}
	var own *certificate
	if c.ownTLS() && service != Worker {
		if own, err = openCertificate(c.TLSCertFile, c.TLSKeyFile, log); err != nil {
			return d, err
		}
	}
	if service == API || service == Dev {
		if d.api, err = newGate(ctx, "API", c.Address(c.Port)); err != nil {
			return d, err
		}
		d.api.ownTLS(own)
	}
	if service == Webhook || service == Dev {
		if d.webhook, err = newGate(ctx, "webhook server", c.Address(c.WebhookPort)); err != nil {
			return d, err
		}
		d.webhook.ownTLS(own)
	}
	if service == Worker { // dev's own API answers for its worker
		if d.worker, err = newGate(ctx, "worker", c.Address(c.WorkerPort)); err != nil {
			return d, err
		}
	}
	return d, nil
}

// openAdmin binds the operators' own port, where one is set. It serves from the
// first moment on: profiles of a start that hangs are worth the most.
func (d *doors) openAdmin(ctx context.Context, c Config) (err error) {
	if c.AdminPort < 0 {
		return nil
	}
	host, err := c.adminAddress()
	if err != nil {
		return err
	}
	if d.admin, err = newGate(ctx, "admin port", net.JoinHostPort(host, strconv.Itoa(c.AdminPort))); err != nil {
		return err
	}
	d.measure(c, nil)
	return nil
}

// measure opens the operators' port, with the pages that there are by now.
func (d doors) measure(c Config, more map[string]http.Handler) {
	if d.admin == nil {
		return
	}
	d.admin.open(httpapi.NewAdmin(more, !c.adminLoopback()))
}

func (d doors) all() (gates []*gate) {
	for _, g := range []*gate{d.api, d.webhook, d.worker, d.admin} {
		if g != nil {
			gates = append(gates, g)
		}
	}
	return gates
}

func (d doors) addresses() (a Addresses) {
	if d.api != nil {
		a.API = d.api.url()
	}
	if d.webhook != nil {
		a.Webhook = d.webhook.url()
	}
	if d.worker != nil {
		a.Worker = d.worker.url()
	}
	if d.admin != nil {
		a.Admin = d.admin.url()
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

// cut ends the requests that are still under way.
func (d doors) cut() {
	for _, g := range d.all() {
		g.cut()
	}
}

// shutNow closes the doors at once.
func (d doors) shutNow() {
	for _, g := range d.all() {
		_ = g.listener.Close()
		_ = g.server.Close()
	}
}
