package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// The doctor compares a real standby with its primary, and never fails for it.
func TestTheDoctorLooksAtTheReplica(t *testing.T) {
	t.Parallel()
	primary, standby := dbtest.Pair(t, db.Schemas{})
	told := func(want doctor.State, detail, advice string, environ ...string) {
		t.Helper()
		environ = append([]string{"DATABASE_URL=" + primary.SuperURL(), "DATABASE_REPLICA_URL=" + standby.SuperURL(), "PORT=" + free(t)}, environ...)
		checks := doctor.Local(t.Context(), environ, boot.API, t.TempDir())
		i := slices.IndexFunc(checks, func(c doctor.Check) bool { return c.Name == "replica" })
		if i < 0 {
			t.Fatalf("no replica among %+v", checks)
		}
		if got := checks[i]; got.State != want || !strings.Contains(got.Detail, detail) || !strings.Contains(got.Advice, advice) {
			t.Errorf("got %+v, want %s with %q and %q", got, want, detail, advice)
		}
	}
	on := func(url, sql string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context()) //nolint:errcheck // nothing is pending
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	told(good, "a standby of this primary", "")
	foreign := dbtest.New(t, db.Schemas{})
	told(warned, "it is foreign", "very server in DATABASE_URL", "DATABASE_URL="+foreign.URL("inav_app"))
	told(warned, "no standby", "It takes writes", "DATABASE_REPLICA_URL="+primary.SuperURL())
	on(standby.SuperURL(), `select pg_wal_replay_pause()`)
	on(primary.SuperURL(), `create table public.written_since ()`)
	told(warned, "it is lagging, ", "pg_stat_wal_receiver", "DATABASE_REPLICA_MAX_LAG=1ns")
	on(standby.SuperURL(), `select pg_wal_replay_resume()`)
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	told(warned, "no standby", "It takes writes")
	if err := standby.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	told(warned, "nothing listens there", "check host and port")
}
