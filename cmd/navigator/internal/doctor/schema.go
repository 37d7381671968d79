package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
)

// schema compares the database's version with this release's. Before a release,
// and for migrate, an older one is what is to be: the migration is yet to come.
func (s side) schema(ctx context.Context, pool *pgxpool.Pool, early bool) (found Check, empty bool) {
	name := s.name + " schema"
	version, err := db.Check(ctx, pool)
	empty = errors.Is(err, db.ErrNoSchema)
	switch {
	case err == nil:
		return good(name, fmt.Sprintf("version %d", version)), false
	case !early && s.role != "":
	case empty:
		return good(name, fmt.Sprintf("none yet; this release's migration makes version %d", db.Version())), true
	case version > 0 && version < db.Version():
		return good(name, fmt.Sprintf("version %d; this release's migration brings it to %d", version, db.Version())), false
	}
	return bad(name, err.Error(), "Bring it to this release's schema: navigator migrate"), empty
}

// carried looks at what the schema stands on and is guarded by.
func (s side) carried(ctx context.Context, pool *pgxpool.Pool, empty bool) []Check {
	extension, rows := s.name+" extension", s.name+" row security"
	c, err := postgres.ReadCatalog(ctx, pool)
	if err != nil {
		return []Check{refused(extension, err)}
	}
	checks := []Check{vector(extension, c, empty)}
	switch {
	case empty:
	case len(c.Open) > 0:
		checks = append(checks, bad(rows, "not forced on "+strings.Join(c.Open, ", ")+": rows of others can be read there",
			"As the owner: alter table <table> enable row level security, force row level security. Then find out who took it away."))
	default:
		checks = append(checks, good(rows, "enabled and forced on every table"))
	}
	return checks
}

func vector(name string, c postgres.Catalog, empty bool) Check {
	switch {
	case c.Vector != "" && c.VectorPlace == postgres.VectorSchema:
		return good(name, "pgvector "+c.Vector)
	case c.Vector != "":
		return bad(name, "pgvector is in the schema "+c.VectorPlace+", where nothing of ours looks",
			"As the owner: alter extension vector set schema "+postgres.VectorSchema)
	case c.Offered == "":
		return bad(name, "the server has no pgvector", "Install it on the server; at Supabase it is among Database, Extensions.")
	case empty:
		return good(name, "pgvector "+c.Offered+" is there for the migration to install")
	}
	return bad(name, "pgvector is not installed in this database", "As the owner: create extension vector with schema "+postgres.VectorSchema)
}

// login refuses an API's login that the row policies would not hold, as the
// start does, and a migration's that could not do its work.
func (s side) login(ctx context.Context, pool *pgxpool.Pool, config boot.Config) (checks []Check) {
	name := s.name + " login"
	if s.role == "" {
		if err := postgres.CheckMigrator(ctx, pool); err != nil {
			return []Check{bad(name, err.Error(), "Let MIGRATE_DATABASE_URL log in as the database's owner; at Supabase that is postgres.")}
		}
		return []Check{good(name, "may make and change the schema")}
	}
	if s.role != "inav_app" || config.Mode == boot.Development {
		return nil
	}
	if err := postgres.CheckLogin(ctx, pool); err != nil {
		return []Check{bad(name, err.Error(), "Give inav_app a password (docs/database.md) and let DATABASE_URL log in as it.")}
	}
	return []Check{good(name, "no superuser, bypasses no policy, owns no table")}
}

// clock compares this machine's clock with the database's.
func (s side) clock(ctx context.Context, pool *pgxpool.Pool, config boot.Config) Check {
	name := s.name + " clock"
	skew, err := postgres.NewInstances(pool).Skew(ctx, time.Now)
	if err != nil {
		return refused(name, err)
	}
	detail := fmt.Sprintf("%s from this machine's", skew.Abs().Round(time.Millisecond))
	told, refusal := config.JudgeSkew(skew)
	switch {
	case refusal != nil:
		return bad(name, refusal.Error(), advice(core.CodeClockSkew))
	case told:
		return warning(name, detail, advice(core.CodeClockSkew))
	}
	return good(name, detail)
}

// peers compares this service's fingerprint with those of the processes that
// live: one that differs would not start beside them.
func (s side) peers(ctx context.Context, pool *pgxpool.Pool, config boot.Config, service boot.Service) Check {
	const name = "fingerprint"
	instances, self := postgres.NewInstances(pool), config.Fingerprint(service)
	if err := instances.Fits(ctx, self); err != nil {
		return bad(name, err.Error(), "Compare the settings of all services: navigator config show prints one's.")
	}
	peers, err := living(ctx, instances)
	if err != nil {
		return refused(name, err)
	}
	if len(peers) == 0 {
		return good(name, self.SettingsHash+"; no other process lives on this database")
	}
	var builds []string
	for _, p := range peers {
		builds = append(builds, p.Service+" "+p.Build)
	}
	slices.Sort(builds)
	return good(name, fmt.Sprintf("%s, as of %d processes that live: %s", self.SettingsHash, len(peers), strings.Join(slices.Compact(builds), ", ")))
}

// living are the processes whose heart beats.
func living(ctx context.Context, instances *postgres.Instances) ([]postgres.Peer, error) {
	peers, err := instances.Peers(ctx)
	return slices.DeleteFunc(peers, func(p postgres.Peer) bool { return p.Age >= postgres.Alive }), err
}

// room compares what the processes that live, and one of this service, may hold
// of connections with what the server gives, as a release rolls. Behind a pooler
// its pool sizes hold them to less.
func (s side) room(ctx context.Context, pool *pgxpool.Pool, mode postgres.Mode, config boot.Config, service boot.Service) Check {
	name := s.name + " connections"
	peers, err := living(ctx, postgres.NewInstances(pool))
	if err != nil {
		return refused(name, err)
	}
	there, err := postgres.ReadRoom(ctx, pool)
	if err != nil {
		return refused(name, err)
	}
	processes := map[boot.Service]int{}
	for _, p := range peers {
		processes[boot.Service(p.Service)]++
	}
	processes[service] = max(processes[service], 1)
	_, most := boot.Connections(processes, func(boot.Service) int { return int(config.MaxConns) })
	detail := fmt.Sprintf("up to %d while a release rolls, of %d that the server gives", most, there)
	switch {
	case mode != postgres.Direct:
		return good(name, detail+"; the pooler's sizes hold them to less")
	case most > there:
		return warning(name, detail, "A smaller DATABASE_MAX_CONNS, fewer processes, a pooler, or a larger server: docs/database.md has the sums.")
	}
	return good(name, detail)
}
