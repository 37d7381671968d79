package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

var modes = []postgres.Mode{postgres.Direct, postgres.Session, postgres.Transaction}

// addresses are the same database's in each mode.
func addresses(t *testing.T, role string) map[postgres.Mode]string {
	t.Helper()
	house := dbtest.New(t, db.Schemas{})
	return map[postgres.Mode]string{
		postgres.Direct:      house.URL(role),
		postgres.Session:     house.Bouncer("session", role).URL(role),
		postgres.Transaction: house.Bouncer("transaction", role).URL(role),
	}
}

func TestFM020_TheModeIsFoundByAsking(t *testing.T) {
	t.Parallel()
	for mode, address := range addresses(t, "inav_app") {
		found, err := postgres.Probe(t.Context(), postgres.Options{URL: address, Role: "inav_app", Name: "test"})
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		if found.Mode != mode || found.Network != "IPv4" || found.TLS != "none" || found.Login != "inav_app" || found.Role != "inav_app" ||
			found.Place.UserForm() != "plain" || found.Place.Host != "127.0.0.1" || found.Place.Port == 0 || found.Server == "" {
			t.Errorf("%s: found %+v", mode, found)
		}
	}
}

func TestFM026_AnotherModeThanExpectedIsRefused(t *testing.T) {
	t.Parallel()
	for mode, address := range addresses(t, "inav_app") {
		for _, expected := range modes {
			pool, found, err := postgres.Connect(t.Context(), postgres.Options{URL: address, Role: "inav_app", Name: "test", MaxConns: 1, Expect: expected})
			if pool != nil {
				pool.Close()
			}
			var mismatch *postgres.Mismatch
			switch {
			case expected == mode && err != nil:
				t.Errorf("%s as expected: %v", mode, err)
			case expected == mode:
			case !errors.As(err, &mismatch) || !postgres.Final(err) || pool != nil:
				t.Errorf("%s where %s is expected: %v", mode, expected, err)
			case !strings.Contains(err.Error(), "set DATABASE_POOL_MODE="+string(mode)) || !strings.Contains(err.Error(), found.Place.String()):
				t.Errorf("the fix is not named: %v", err)
			}
		}
	}
}
