package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
)

// Follow returns a running standby of primary under opts.Dir, a folder of its
// own: a copy of the primary that streams what is written there, answers reads,
// and refuses writes until it is promoted. It needs local programs of
// PostgreSQL, and a primary that they run.
func Follow(ctx context.Context, opts Options, primary *Cluster) (*Cluster, error) {
	bins, err := Find(ctx, opts)
	if err != nil {
		return nil, err
	}
	if bins.Image != "" {
		return nil, errors.New("a standby needs PostgreSQL's programs on this machine: none are installed")
	}
	st, err := openState(opts.Dir)
	if err != nil {
		return nil, err
	}
	unlock, err := st.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := st.write(filePassword, primary.password); err != nil { // its roles are the primary's
		return nil, err
	}
	srv, err := newServer(opts, st, bins)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(srv.data()); errors.Is(err, os.ErrNotExist) {
		if err := srv.copyOf(ctx, primary); err != nil {
			return nil, err
		}
	}
	return srv.start(ctx)
}

// copyOf takes the primary's data, and notes where to stream from.
func (s *server) copyOf(ctx context.Context, primary *Cluster) error {
	s.opts.logf("copying %s to %s", primary.place, s.data())
	out, err := s.acct.command(ctx, s.program("pg_basebackup"), "-D", s.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", primary.SuperURL()).CombinedOutput()
	if err != nil {
		return explainOutput("pg_basebackup", s.home, reason(string(out)), err)
	}
	return nil
}

// Promote lets a standby take writes, and returns when it does.
func (c *Cluster) Promote(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.SuperURL())
	if err != nil {
		return fmt.Errorf("reach the standby in %s: %w", c.place, err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	var done bool
	if err := conn.QueryRow(ctx, `select pg_promote(true, 60)`).Scan(&done); err != nil {
		return fmt.Errorf("promote the standby in %s: %w", c.place, err)
	}
	if !done {
		return fmt.Errorf("the standby in %s was not promoted within a minute", c.place)
	}
	return nil
}
