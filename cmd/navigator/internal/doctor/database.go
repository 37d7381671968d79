package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/db"
)

// database checks each connection that the service will make.
func database(ctx context.Context, environ []string, config boot.Config, service boot.Service, dir string) []Check {
	if service == boot.Dev && !given(environ, "DATABASE_URL") {
		return []Check{program(ctx, dir)}
	}
	var checks []Check
	for _, s := range sides(config, service) {
		if !s.url.Set() {
			checks = append(checks, skipped(s.name, "no address is set"))
			continue
		}
		checks = append(checks, s.check(ctx, config)...)
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

// check connects as the service will, and looks at the schema.
func (s side) check(ctx context.Context, config boot.Config) []Check {
	options := postgres.Options{URL: s.url.Reveal(), Name: "navigator-doctor", Role: s.role, MaxConns: 1}
	if s.role == "" {
		found, err := postgres.Probe(ctx, options)
		if err == nil && found.Mode == postgres.Transaction {
			err = fmt.Errorf("the address %w", postgres.ErrNoSession)
		}
		return s.told(found, err)
	}
	options.Expect = postgres.Mode(config.PoolMode)
	pool, found, err := postgres.Connect(ctx, options)
	if err != nil {
		return s.told(found, err)
	}
	defer pool.Close()
	if found.Mode == postgres.Transaction && s.listen && !config.AllowPollOnly {
		err = fmt.Errorf("the address %w", postgres.ErrPollOnly)
	}
	checks := s.told(found, err)
	version, err := db.Check(ctx, pool)
	if err != nil {
		return append(checks, bad(s.name+" schema", err.Error(), "Bring it to this release's schema: navigator migrate"))
	}
	return append(checks, good(s.name+" schema", fmt.Sprintf("version %d", version)))
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
