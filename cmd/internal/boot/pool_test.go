package boot_test

import (
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func TestFM043b_ThePoolModeIsReadFromTheDriversParser(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"postgres://u:p@h:6543/db": true, "postgres://u:p@h:5432/db": false, "postgres://u:p@h/db": false,
		"postgres://u:p%40%3A6543@h/db": false, "postgres://u:p@[::1]:6543/db": true, "postgres://u:p@[::6543]/db": false,
		"postgres://u:p@h/6543": false, "postgresql://u.ref:p@h:6543/db?sslmode=require": true, "host=h port=6543 user=u": true,
		"postgres://h/db?port=6543": true, "postgres://u:p@h:x/db": false, "": false,
	} {
		config := boot.Defaults()
		config.DatabaseURL = boot.Secret(address)
		if got := config.Transaction(); got != want {
			t.Errorf("%s: a transaction pooler: %t, want %t", address, got, want)
		}
		for mode, forced := range map[string]bool{"transaction": true, "session": false, "direct": false} {
			if config.PoolMode = mode; config.Transaction() != forced || config.Queues().PollOnly != forced {
				t.Errorf("%s: the mode %s is not obeyed", address, mode)
			}
		}
	}
}

// Each address is judged by itself: the API's pooler is not the worker's.
func TestP010_EachAddressHasItsOwnPoolMode(t *testing.T) {
	t.Parallel()
	config := boot.Defaults()
	config.DatabaseURL, config.WorkerDatabaseURL = "postgres://u:p@h:6543/db", "postgres://u:p@h:5432/db"
	if !config.Pooled(config.DatabaseURL) || config.Pooled(config.WorkerURL()) || config.Transaction() {
		t.Error("the two sides are judged as one")
	}
}

func TestP010_AWorkerBehindATransactionPoolerIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		service boot.Service
		allow   string
		faults  int
	}{{boot.Worker, "", 1}, {boot.Dev, "", 1}, {boot.Worker, "true", 0}, {boot.API, "", 0}, {boot.Webhook, "", 0}} {
		environ := sound(t)
		environ["WORKER_DATABASE_URL"], environ["ALLOW_POLL_ONLY"] = "postgres://u:p@h:6543/db?sslmode=require", test.allow
		got := faultsOf(t, environ, test.service)
		if len(got) != test.faults || (len(got) == 1 && !strings.Contains(got[0], "WORKER_DATABASE_URL goes through a transaction pooler")) {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

func TestFM043b_TLSIsSaidAndNotGuessed(t *testing.T) {
	t.Parallel()
	for suffix, fine := range map[string]bool{"": false, "?sslmode=prefer": false, "?sslmode=allow": false, "?sslmode=require": true,
		"?sslmode=verify-full": true, "?sslmode=verify-ca": true, "?sslmode=disable": true} {
		for _, service := range services {
			for mode, strict := range map[string]bool{"development": false, "staging": true, "PRODUCTION": true} {
				environ := sound(t)
				environ["SERVICE_MODE"] = mode
				environ["DATABASE_URL"], environ["WORKER_DATABASE_URL"] = "postgres://u:p@h/db"+suffix, "postgres://u:p@h/db"+suffix
				got := faultsOf(t, environ, service)
				if (len(got) == 0) != (fine || !strict) || (len(got) > 0 && !strings.Contains(got[0], "DATABASE_URL: say sslmode=")) {
					t.Errorf("%s in %s with %q: %q", service, mode, suffix, got)
				}
			}
		}
	}
}

// Searches never use up the pool, but where it is a single connection, and
// uploads leave room for both searches and what is quick.
func TestSearchesAndUploadsLeaveConnectionsForTheRest(t *testing.T) {
	t.Parallel()
	for conns, want := range map[int32]struct{ searches, uploads int }{
		1: {1, 1}, 2: {1, 1}, 3: {2, 1}, 4: {3, 1}, 5: {4, 1}, 6: {4, 1}, 7: {5, 2}, 8: {6, 2}, 9: {7, 2}, 10: {8, 3}, 100: {8, 3},
	} {
		config := boot.Defaults()
		config.MaxConns = conns
		if got := config.Searches(8); got != want.searches {
			t.Errorf("%d connections: %d searches at once, want %d", conns, got, want.searches)
		}
		if got := config.Intakes(3); got != want.uploads {
			t.Errorf("%d connections: %d uploads at once, want %d", conns, got, want.uploads)
		}
	}
}
