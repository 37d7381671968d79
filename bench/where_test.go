package bench

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
)

// wantsProfiles: with BENCH_PROFILE the CPU profile of the worker that drains a
// line, or of the webhook server, is kept beside the logs, and the statements
// that cost the database most are printed. Both cost a little themselves: such a
// run's figures are no results.
func wantsProfiles() bool { return os.Getenv("BENCH_PROFILE") != "" }

// cpuProfile keeps so many seconds of a process's CPU profile, in the background;
// the returned function waits for it.
func cpuProfile(b *testing.B, name, admin string, seconds int) (wait func()) {
	if !wantsProfiles() || admin == "" {
		return func() {}
	}
	done := make(chan error, 1)
	path := filepath.Join(outDir, strings.NewReplacer("/", "-").Replace(b.Name()+" "+name)+".pprof")
	go func() { done <- fetch(fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", admin, seconds), path) }()
	return func() {
		if err := <-done; err != nil {
			b.Logf("no profile: %v", err)
			return
		}
		b.Logf("profile: %s", path)
	}
}

func fetch(address, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	response, err := http.Get(address) //nolint:gosec // our own process
	if err != nil {
		return err
	}
	defer response.Body.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}

// settings of the private server beside its own.
func serverSettings() map[string]string {
	if !wantsProfiles() {
		return nil
	}
	return map[string]string{"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "2000",
		"pg_stat_statements.track_planning": "on"}
}

// statements prints what cost the database most since forgetStatements.
func (d *database) statements(b *testing.B, per int) {
	b.Helper()
	if !wantsProfiles() {
		return
	}
	rows, err := d.super.Query(b.Context(), `select calls, total_exec_time, total_plan_time, wal_bytes::float8, rows, query
		from measured.pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) order by total_exec_time + total_plan_time desc limit 30`)
	if err != nil {
		b.Fatal(err)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "calls\tcalls/document\tms/call\tplan ms/call\tms/document\tWAL kB/document\tstatement\n")
	var calls, n int64
	var exec, plan, wal float64
	var query string
	_, err = pgx.ForEachRow(rows, []any{&calls, &exec, &plan, &wal, &n, &query}, func() error {
		query = strings.Join(strings.Fields(query), " ")
		fmt.Fprintf(table, "%d\t%.1f\t%.3f\t%.3f\t%.2f\t%.1f\t%.110s\n", calls, float64(calls)/float64(per), exec/float64(calls), plan/float64(calls),
			(exec+plan)/float64(per), wal/1000/float64(per), query)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	_ = table.Flush()
}

func (d *database) forgetStatements(b *testing.B) {
	b.Helper()
	if wantsProfiles() {
		run(b, d.super, "create schema if not exists measured; create extension if not exists pg_stat_statements schema measured")
		run(b, d.super, "select measured.pg_stat_statements_reset()")
	}
}
