package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// notes is a small migration that counts how often it ran.
type notes struct {
	fingerprint string
	applied     *atomic.Int32
	fail        error
}

func (n notes) Fingerprint() string { return n.fingerprint }

func (n notes) Apply(ctx context.Context, url string) error {
	n.applied.Add(1)
	if n.fail != nil {
		return n.fail
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE EXTENSION vector;
		CREATE TABLE notes (body text, at vector(3));
		DO $$ BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dbtest_reader') THEN CREATE ROLE dbtest_reader NOLOGIN; END IF;
		END $$;
		GRANT SELECT ON notes TO dbtest_reader`)
	return errors.Join(err, conn.Close(ctx))
}

// freshNotes has a fingerprint of its own, whose template goes with the test.
func freshNotes(t *testing.T) notes {
	t.Helper()
	n := notes{fingerprint: rand.Text(), applied: &atomic.Int32{}}
	t.Cleanup(func() { dropTemplate(t, n) })
	return n
}

func dropTemplate(t *testing.T, m Migration) {
	srv, err := sharedServer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	srv.mu.Lock()
	name := srv.templates[m.Fingerprint()]
	srv.mu.Unlock()
	if name == "" {
		return
	}
	if err := srv.drop(context.Background(), name); err != nil {
		t.Error(err)
	}
}

func query[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func TestTwentyDatabasesAtOnceAreIsolated(t *testing.T) {
	t.Parallel()
	m := freshNotes(t)
	names := make([]string, 20)
	t.Run("group", func(t *testing.T) {
		for i := range names {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				db := New(t, m)
				names[i] = db.Name
				conn := db.SuperConn()
				if _, err := conn.Exec(context.Background(), "INSERT INTO notes VALUES ($1, '[1,2,3]')", t.Name()); err != nil {
					t.Fatal(err)
				}
				if got := query[int](t, conn, "SELECT count(*) FROM notes"); got != 1 {
					t.Errorf("sees %d notes, want its own one", got)
				}
				if got := query[string](t, conn, "SELECT current_database()"); got != db.Name {
					t.Errorf("connected to %s, want %s", got, db.Name)
				}
			})
		}
	})
	if got := m.applied.Load(); got != 1 {
		t.Errorf("the template was migrated %d times, want 1", got)
	}
	assertGone(t, names)
}

func assertGone(t *testing.T, names []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range names {
		if n == "" || seen[n] {
			t.Errorf("database name %q is empty or used twice", n)
		}
		seen[n] = true
	}
	left := query[int](t, New(t, nil).SuperConn(), "SELECT count(*) FROM pg_database WHERE datname = ANY($1)", names)
	if left != 0 {
		t.Errorf("%d databases of finished tests are left", left)
	}
}

// Two server values stand for two test processes: they share no memory.
func TestProcessesShareOneTemplate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := freshNotes(t)
	target, err := ServerURL(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	built := make([]string, 4)
	for i := range built {
		wg.Go(func() {
			srv, err := openServer(ctx, target)
			if err != nil {
				t.Error(err)
				return
			}
			if built[i], err = srv.template(ctx, m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	New(t, m)
	if got := m.applied.Load(); got != 1 {
		t.Errorf("the template was migrated %d times, want 1", got)
	}
	for _, name := range built {
		if name != built[0] || !strings.HasPrefix(name, templatePrefix) {
			t.Errorf("templates differ: %q", built)
		}
	}
}

func TestNewWithoutMigrationIsEmptyButHasVector(t *testing.T) {
	t.Parallel()
	conn := New(t, nil).SuperConn()
	if got := query[int](t, conn, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'"); got != 0 {
		t.Error("pgvector is installed in an empty database")
	}
	if _, err := conn.Exec(context.Background(), "CREATE EXTENSION vector"); err != nil {
		t.Errorf("pgvector cannot be created: %v", err)
	}
}

func TestURLLogsInAsTheRole(t *testing.T) {
	t.Parallel()
	db := New(t, freshNotes(t))
	conn := db.Conn("dbtest_reader")
	if got := query[string](t, conn, "SELECT session_user"); got != "dbtest_reader" {
		t.Errorf("logged in as %s", got)
	}
	if _, err := conn.Exec(context.Background(), "INSERT INTO notes (body) VALUES ('x')"); err == nil {
		t.Error("a reader could write")
	}
	other, err := openServer(context.Background(), db.srv.base.String())
	if err != nil {
		t.Fatal(err)
	}
	mine, err1 := db.srv.login(context.Background(), "dbtest_reader")
	theirs, err2 := other.login(context.Background(), "dbtest_reader")
	if err := errors.Join(err1, err2); err != nil || mine != theirs {
		t.Errorf("two processes disagree on the role's password (%v)", err)
	}
}

func TestFailedMigrationLeavesNoTemplate(t *testing.T) {
	t.Parallel()
	srv, err := sharedServer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	m := notes{fingerprint: rand.Text(), applied: &atomic.Int32{}, fail: errors.New("broken migration")}
	if _, err := srv.template(context.Background(), m); !errors.Is(err, m.fail) {
		t.Fatalf("got %v, want the migration's own error", err)
	}
	m.fail = nil
	if _, err := srv.template(context.Background(), m); err != nil {
		t.Errorf("a repaired migration still fails: %v", err)
	}
	dropTemplate(t, m)
}

func TestCleanupDropsConnectedDatabase(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("leaves a connection open", func(t *testing.T) {
		db := New(t, nil)
		name = db.Name
		if _, err := pgx.Connect(context.Background(), db.SuperURL()); err != nil {
			t.Fatal(err)
		}
	})
	assertGone(t, []string{name})
}

func TestSweepDropsOldDatabasesOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, err := sharedServer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	young := New(t, nil)
	old := newName(time.Now().Add(-2 * testAge))
	if err := srv.clone(ctx, old, pristine); err != nil {
		t.Fatal(err)
	}
	if err := srv.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	assertGone(t, []string{old})
	query[int](t, young.SuperConn(), "SELECT 1")
}

func TestStale(t *testing.T) {
	t.Parallel()
	now := time.Unix(2_000_000_000, 0)
	at := func(ago time.Duration) string { return strconv.FormatInt(now.Add(-ago).Unix(), 10) }
	for _, tc := range []struct {
		name, comment string
		want          bool
	}{
		{newName(now), "", false},
		{newName(now.Add(-testAge - time.Minute)), "", true},
		{testPrefix + "nonsense", "", false},
		{templatePrefix + "aa", "", false},
		{templatePrefix + "aa", at(testAge * 2), false},
		{templatePrefix + "aa", at(templateAge + time.Hour), true},
	} {
		if got := stale(tc.name, tc.comment, now); got != tc.want {
			t.Errorf("stale(%q, %q) = %v, want %v", tc.name, tc.comment, got, tc.want)
		}
	}
}

func TestModuleRootHoldsGoMod(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root + "/go.mod"); err != nil {
		t.Errorf("%s: %v", root, err)
	}
}

// BenchmarkClone compares PostgreSQL's two ways to copy a template.
func BenchmarkClone(b *testing.B) {
	ctx := context.Background()
	srv, err := sharedServer(ctx)
	if err != nil {
		b.Fatal(err)
	}
	for _, strategy := range []string{"wal_log", "file_copy"} {
		b.Run(strategy, func(b *testing.B) {
			for b.Loop() {
				name := newName(time.Now())
				sql := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY %s", quote(name), pristine, strategy)
				if err := srv.exec(ctx, sql); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := srv.drop(ctx, name); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
