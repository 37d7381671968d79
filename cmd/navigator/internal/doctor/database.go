package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// database checks each connection that the service will make.
func (l look) database(ctx context.Context) []Check {
	if l.service == boot.Dev && !given(l.environ, "DATABASE_URL") {
		return []Check{program(ctx, l.dir)}
	}
	var checks []Check
	for _, s := range sides(l.config, l.service) {
		if !s.url.Set() {
			checks = append(checks, skipped(s.name, "no address is set"))
			continue
		}
		checks = append(checks, l.side(ctx, s)...)
	}
	return checks
}

// side is one connection of a service.
type side struct {
	name   string
	url    boot.Secret
	role   string // empty: migrate's, who is the owner
	listen bool   // it has to be woken
}

func sides(config boot.Config, service boot.Service) []side {
	api := side{name: "database", url: config.DatabaseURL, role: "inav_app"}
	work := side{name: "database", url: config.WorkerURL(), role: "inav_worker", listen: service != boot.Webhook}
	switch service {
	case boot.Worker, boot.Webhook:
		return []side{work}
	case boot.Migrate:
		return []side{{name: "database", url: config.MigrateURL()}}
	case boot.Dev:
		work.name = "worker's database"
		return []side{api, work}
	}
	return []side{api}
}

// side connects as the service will, and looks at what it finds.
func (l look) side(ctx context.Context, s side) []Check {
	options := postgres.Options{URL: s.url.Reveal(), Name: "navigator-doctor", Role: s.role, MaxConns: 1, Lookup: l.way.lookup}
	if s.role != "" {
		options.Expect = postgres.Mode(l.config.PoolMode)
	}
	pool, found, err := postgres.Connect(ctx, options)
	if err != nil {
		return s.told(found, err)
	}
	defer pool.Close()
	checks := s.told(found, s.deaf(found, l.config))
	schema, empty := s.schema(ctx, pool, l.early)
	checks = append(append(checks, schema), s.carried(ctx, pool, empty)...)
	if !empty || s.role == "" {
		checks = append(checks, s.login(ctx, pool, l.config)...)
	}
	if empty || s.role == "" {
		return checks
	}
	checks = append(checks, s.clock(ctx, pool, l.config))
	if l.service == boot.Dev { // its keys are made anew with each start
		return checks
	}
	return append(checks, s.peers(ctx, pool, l.config, l.service), s.room(ctx, pool, found.Mode, l.config, l.service))
}

// deaf refuses a pooler where the side needs what that cannot give.
func (s side) deaf(found postgres.Finding, config boot.Config) error {
	switch {
	case found.Mode != postgres.Transaction:
		return nil
	case s.role == "":
		return fmt.Errorf("the address %w", postgres.ErrNoSession)
	case s.listen && !config.AllowPollOnly:
		return fmt.Errorf("the address %w", postgres.ErrPollOnly)
	}
	return nil
}

// told puts what was found, or met, into checks.
func (s side) told(found postgres.Finding, err error) []Check {
	var advised postgres.Advised
	switch {
	case errors.As(err, &advised) && advised.Advice() != "":
		return []Check{bad(s.name, advised.Detail(), advised.Advice())}
	case errors.As(err, &advised):
		return []Check{bad(s.name, advised.Detail(), "Wait until it is up.")}
	case errors.Is(err, postgres.ErrPollOnly), errors.Is(err, postgres.ErrNoSession):
		return []Check{bad(s.name, found.String(), err.Error())}
	case err != nil:
		return []Check{bad(s.name, err.Error(), "It has to begin with postgres:// and name host, user and database.")}
	}
	checks := []Check{good(s.name, found.String())}
	for _, note := range found.Notes {
		checks = append(checks, warning(s.name+" "+note.About, note.Detail, note.Advice))
	}
	return checks
}
