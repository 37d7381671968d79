package faulttest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

const root = "../../.."

// git asks the repository.
func git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// migrationsAt are a commit's migrations: the content's hash by name.
func migrationsAt(ctx context.Context, commit string) (map[string]string, error) {
	out, err := git(ctx, "ls-tree", commit, "db/migrations/")
	all := map[string]string{}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 4 {
			all[fields[3]] = fields[2]
		}
	}
	return all, err
}

// before reports whether a schema grew into today's by further migrations alone,
// all of them behind its own: a branch whose numbers had a gap until another was
// merged was no release.
func before(old, today map[string]string) bool {
	last := ""
	for name, hash := range old {
		if today[name] != hash {
			return false
		}
		last = max(last, name)
	}
	for name := range today {
		if _, had := old[name]; !had && name < last {
			return false
		}
	}
	return len(old) > 0 && len(old) < len(today)
}

// yesterday finds the last commit whose schema is an earlier one than today's,
// and says how many migrations that had. A release of it was real; the same
// source under another name would prove nothing of what changed since.
func yesterday(t *testing.T) (commit string, version int) {
	t.Helper()
	today, err := migrationsAt(t.Context(), "HEAD")
	if err != nil {
		t.Skipf("NOT TESTED: a rolling deployment needs git and the repository, to build an earlier release: %v", err)
	}
	commits, err := git(t.Context(), "log", "--format=%H", "-n", "60", "--", "db/migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Fields(commits) {
		if old, err := migrationsAt(t.Context(), c+"^"); err == nil && before(old, today) {
			return c + "^", len(old)
		}
	}
	// An earlier release is built from its commit: a shallow clone has none.
	t.Skip("NOT TESTED: a rolling deployment needs a commit from before the last change of the schema, and this clone has none (it is shallow?): git fetch --unshallow")
	return "", 0
}

// unpacked lays a commit's files out.
func unpacked(t *testing.T, commit string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	tree := filepath.Join(t.TempDir(), "tree.tar")
	if _, err := git(t.Context(), "archive", "--format=tar", "-o", tree, commit); err != nil {
		t.Fatal(err)
	}
	within(t, dir, "tar", "-xf", tree)
	return dir
}

// within runs a program in a folder; it has to go well.
func within(t *testing.T, dir string, words ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...) //nolint:gosec // written here
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
}

// built builds the services of a commit and returns where they are.
func built(t *testing.T, commit string) string {
	t.Helper()
	dir := unpacked(t, commit)
	bin := filepath.Join(dir, "bin")
	within(t, dir, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin+string(filepath.Separator), "./cmd/api", "./cmd/worker", "./cmd/webhook")
	return bin
}

// asOf is a database as an earlier release left it.
type asOf int

// Fingerprint is dbtest.Migration.
func (v asOf) Fingerprint() string { return fmt.Sprintf("%sv%d", db.Fingerprint(), v) }

// Apply is dbtest.Migration.
func (v asOf) Apply(ctx context.Context, url string) error { return db.MigrateTo(ctx, url, int64(v)) }

// deployment is what users do to a system that is being deployed, and what came of it.
type deployment struct {
	*world
	people []*client
	done   atomic.Int64 // documents that completed
	turns  chan struct{}
}

// use lets a user upload, wait for the end, and delete every second document,
// until ctx ends; what is under way then is waited for.
func (r *deployment) use(ctx context.Context, t *testing.T, user int) {
	t.Helper()
	for n := 0; ctx.Err() == nil; n++ {
		whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		id, err := r.people[user].upload(whole, corpus.Filler(1+n%2, uint64(user*1000+n)).Bytes) //nolint:gosec // small numbers
		if err == nil {
			err = r.people[user].completes(whole, id)
		}
		if err == nil && n%2 == 1 {
			err = r.people[user].remove(whole, id)
		}
		cancel()
		if err != nil {
			t.Error(err)
			return
		}
		r.done.Add(1)
		select {
		case r.turns <- struct{}{}:
		default:
		}
	}
}

// further waits until so many more documents have completed.
func (r *deployment) further(ctx context.Context, n int64) error {
	for until := r.done.Load() + n; r.done.Load() < until; {
		select {
		case <-r.turns:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// shared waits until documents were worked by workers of both releases.
func (r *deployment) shared(ctx context.Context, least int) error {
	_, err := again(ctx, func() (n int, err error) {
		err = r.super(ctx, func(conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `select count(*) from (select from river.river_job where args ? 'document' and state = 'completed'
				group by args ->> 'document' having count(distinct attempted_by[array_upper(attempted_by, 1)]) > 1) d`).Scan(&n)
		})
		if err == nil && n < least {
			err = fmt.Errorf("%w: %d documents were worked by both", errAgain, n)
		}
		return n, err
	})
	return err
}

var services = []string{"webhook", "worker", "api"}

// deploy brings today's release beside yesterday's under load: the schema
// first, then process by process, and yesterday's away.
func (r *deployment) deploy(ctx context.Context) error {
	if err := r.further(ctx, 4); err != nil {
		return err
	}
	if err := db.Migrate(ctx, r.db.SuperURL()); err != nil {
		return err
	}
	if err := r.further(ctx, 4); err != nil {
		return fmt.Errorf("yesterday's release under today's schema: %w", err)
	}
	for _, service := range services {
		r.run(service, service+"-today")
	}
	if err := r.shared(ctx, 3); err != nil {
		return err
	}
	for _, service := range services {
		if err := r.process(service + "-yesterday").stop(); err != nil {
			return err
		}
	}
	return r.further(ctx, 4)
}

// Today's release takes over from an earlier one under load, the schema with it:
// no request fails, each reads what the other has queued, and every document
// completes.
func TestARollingDeploymentUnderLoad(t *testing.T) {
	t.Parallel()
	commit, version := yesterday(t)
	bin := built(t, commit)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, d := &deployment{world: newWorld(t, dbtest.New(t, asOf(version))), turns: make(chan struct{}, 1)}, &diary{}
	for _, service := range services {
		r.runAt(filepath.Join(bin, service), service+"-yesterday")
	}
	calm := r.load(ctx, t, d)
	if err := r.deploy(ctx); err != nil {
		t.Error(err)
	}
	calm()
	r.judge(ctx, t, d, version)
}

// load has users work until calm is called, which waits for what is under way.
func (r *deployment) load(ctx context.Context, t *testing.T, d *diary) (calm func()) {
	t.Helper()
	for user := range 3 {
		person, err := r.signUp(ctx, fmt.Sprintf("user-%d", user), d)
		if err != nil {
			t.Fatal(err)
		}
		r.people = append(r.people, person)
	}
	loaded, stop := context.WithCancel(ctx)
	var users sync.WaitGroup
	for user := range r.people {
		users.Go(func() { r.use(loaded, t, user) })
	}
	return func() { stop(); users.Wait() }
}

// judge wants no request refused and no invariant broken.
func (r *deployment) judge(ctx context.Context, t *testing.T, d *diary, version int) {
	t.Helper()
	refused, sent := int64(0), int64(0)
	for _, person := range r.people {
		refused, sent = refused+person.refused.Load(), sent+person.sent.Load()
	}
	if refused > 0 {
		t.Errorf("%d of %d requests were not answered, or with 5xx", refused, sent)
	}
	found := r.lost(ctx, t, d)
	t.Logf("deploy: schema %d to %d under load: %d documents, %d requests, %d refused, %d violations", version, db.Version(), r.done.Load(), sent, refused, found)
}

// lost waits until all rests, and counts what is lost, doubled or stuck.
func (r *deployment) lost(ctx context.Context, t *testing.T, d *diary) int {
	t.Helper()
	if err := r.rests(ctx); err != nil {
		t.Error(err)
	}
	r.shut()
	found, err := r.violations(d.acts)
	if err != nil {
		t.Error(err)
	}
	for _, v := range found {
		t.Error(v)
	}
	return len(found)
}
