package faulttest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// ask runs one statement on a server, as the superuser, and reads what it gives.
func ask[T any](ctx context.Context, url, sql string) (answer T, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return answer, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	err = conn.QueryRow(ctx, sql).Scan(&answer)
	return answer, err
}

// standby makes a standby, in a folder of its own.
func (c *cluster) standby(ctx context.Context) (*pgserver.Cluster, string, error) {
	dir, err := c.room()
	if err != nil {
		return nil, "", err
	}
	standby, err := pgserver.Follow(ctx, c.options(dir), c.now())
	return standby, dir, err
}

// follow makes a standby without which the server commits nothing.
func (c *cluster) follow(ctx context.Context) (*pgserver.Cluster, string, error) {
	standby, dir, err := c.standby(ctx)
	if err != nil {
		return nil, "", err
	}
	conn, err := pgx.Connect(ctx, c.SuperURL())
	if err != nil {
		return nil, "", err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	for _, sql := range []string{`alter system set synchronous_standby_names = '*'`, `select pg_reload_conf()`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return nil, "", err
		}
	}
	_, err = again(ctx, func() (state string, err error) {
		err = conn.QueryRow(ctx, `select coalesce(max(sync_state), 'none') from pg_stat_replication`).Scan(&state)
		if err == nil && state != "sync" {
			err = fmt.Errorf("%w: the standby is %s", errAgain, state)
		}
		return state, err
	})
	return standby, dir, err
}

// failover loses the server and goes on with its standby. The address leads
// there before the standby is promoted, and before it has replayed what was
// taken last: those documents are away for a while, and never not there.
func (b *bed) failover(ctx context.Context) error {
	standby, dir, err := b.cluster.follow(ctx)
	if err != nil {
		return err
	}
	if _, err := ask[string](ctx, standby.SuperURL(), `select pg_wal_replay_pause()::text`); err != nil {
		return err
	}
	ids, err := b.upload(ctx)
	if err != nil {
		return err
	}
	if err := b.cluster.quit(ctx); err != nil {
		return err
	}
	b.cluster.dir = dir
	b.cluster.become(standby)
	b.retarget(b.cluster.host())
	if err := b.awayWith(ctx, ids); err != nil {
		return err
	}
	if err := b.refused(ctx); err != nil {
		return err
	}
	if err := standby.Promote(ctx); err != nil {
		return err
	}
	return b.complete(ctx, ids)
}

// awayWith asks for each document, and wants the answer that it is to be asked
// for again.
func (b *bed) awayWith(ctx context.Context, ids []core.ID) error {
	for _, id := range ids {
		r, err := b.person.send(ctx, http.MethodGet, "/documents/"+id.String()+"/status", nil, nil)
		if r.status != http.StatusServiceUnavailable || r.after == "" {
			return fmt.Errorf("at a standby the status of %s answered %d %s, Retry-After %q: %w", id, r.status, r.text("code"), r.after, err)
		}
	}
	return nil
}
