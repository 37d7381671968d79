package dbtest

import (
	"context"
	"os"
	"testing"

	"github.com/insurance-navigator/navigator/db/pgserver"
)

// Pair starts two servers of tb's own and stops them when tb ends: a primary that
// m was applied to, and a standby that streams from it. Nothing is flushed on
// either; commits are synchronous, as production's are. Any failure ends the test.
func Pair(tb testing.TB, m Migration) (primary, standby *pgserver.Cluster) {
	tb.Helper()
	primary = ownServer(tb, "primary", pgserver.Start)
	standby = ownServer(tb, "standby", func(ctx context.Context, o pgserver.Options) (*pgserver.Cluster, error) {
		if err := m.Apply(ctx, primary.SuperURL()); err != nil {
			return nil, err
		}
		return pgserver.Follow(ctx, o, primary)
	})
	return primary, standby
}

func ownServer(tb testing.TB, name string, start func(context.Context, pgserver.Options) (*pgserver.Cluster, error)) *pgserver.Cluster {
	tb.Helper()
	dir, err := os.MkdirTemp("", "navigator-"+name+"-") // a socket's path has to be short, and another user's to reach
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
		defer cancel()
		if err := pgserver.Remove(ctx, pgserver.Options{Dir: dir}); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	server, err := start(ctx, pgserver.Options{Dir: dir, Settings: map[string]string{"fsync": "off", "shared_buffers": "16MB"}})
	if err != nil {
		tb.Fatal(err)
	}
	return server
}
