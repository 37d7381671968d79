package smoke

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// processes are the services, each started as its own main starts it.
type processes struct {
	api   string
	stop  context.CancelFunc
	ended []chan error
}

// start starts the services one after the other. Their life is not ctx's: a
// document that was sent is removed with their help when ctx has ended.
func start(ctx context.Context, config boot.Config, log *slog.Logger) (*processes, error) {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &processes{stop: stop}
	for _, service := range services(config) {
		if err := p.open(ctx, life, copyFor(config, service), service, log); err != nil {
			return nil, errors.Join(fmt.Errorf("the %s does not start: %w", service, err), p.close())
		}
	}
	return p, nil
}

func (p *processes) open(ctx, life context.Context, config boot.Config, service boot.Service, log *slog.Logger) error {
	ready, ended := make(chan boot.Addresses, 1), make(chan error, 1)
	go func() { ended <- boot.Run(life, config, service, log, func(a boot.Addresses) { ready <- a }) }()
	select {
	case a := <-ready:
		p.ended = append(p.ended, ended)
		if a.API != "" {
			p.api = a.API
		}
		return nil
	case err := <-ended:
		return err
	case <-ctx.Done():
		p.ended = append(p.ended, ended)
		return ctx.Err()
	}
}

// close stops the services in order and waits for each.
func (p *processes) close() error {
	p.stop()
	var all []error
	for _, ended := range p.ended {
		all = append(all, <-ended)
	}
	p.ended = nil
	return errors.Join(all...)
}
