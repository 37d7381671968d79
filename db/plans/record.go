package plans

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"
)

var record = flag.Bool("plans", false, "write down the statements that these tests send, for db/plans")

// seen is what the process' tests have sent.
var seen = &recorder{statements: map[Statement]bool{}, within: map[*pgx.Conn]*transaction{}}

// Main runs an adapter's tests. Where all of them were run, it fails when they
// sent a statement that no plan is kept of; with -plans it keeps it, for the
// tests of db/plans to find its plan.
func Main(m *testing.M, adapter string) int {
	code := m.Run()
	if !*record && (code != 0 || !everyTest()) {
		return code
	}
	if err := seen.settle(adapter); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// everyTest reports whether no flag leaves tests out.
func everyTest() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}

// Watch makes the pools of a configuration tell what they are asked.
func Watch(config *pgxpool.Config) {
	if config.ConnConfig.Tracer == nil {
		config.ConnConfig.Tracer = seen
		return
	}
	config.ConnConfig.Tracer = multitracer.New(config.ConnConfig.Tracer, seen)
}

// Watched is a pool as the given one is, that tells what it is asked.
func Watched(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	config := pool.Config()
	pool.Close()
	Watch(config)
	return pgxpool.NewWithConfig(ctx, config)
}

type recorder struct {
	mu         sync.Mutex
	statements map[Statement]bool
	within     map[*pgx.Conn]*transaction
}

// transaction is what the present one of a connection has set.
type transaction struct {
	role     string
	settings []string
}

// settle compares with what is kept, or keeps it.
func (r *recorder) settle(adapter string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, err := Read(adapter)
	if err != nil {
		return err
	}
	var missing []string
	for s := range r.statements {
		if _, known := kept[s]; !known {
			missing = append(missing, s.Role+": "+s.SQL)
			kept[s] = unknown
		}
	}
	if *record {
		if everyTest() { // what none of them sent is not sent any more
			maps.DeleteFunc(kept, func(s Statement, _ string) bool { return !r.statements[s] })
		}
		return kept.Write(adapter)
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("db/plans/golden/%s.txt knows no plan of (make plans finds it):\n%s", adapter, strings.Join(missing, "\n"))
}

// unknown stands for a plan that is yet to be found.
const unknown = "  ?"

var (
	// concerns finds the statements that read or write tables.
	concerns = regexp.MustCompile(`(?is)^(select|insert|update|delete|with)\s.*\b(upload_pipeline|local_auth|river)\b`)
	setRole  = regexp.MustCompile(`(?i)^(?:set local role |select set_config\('role', ')(\w+)(?:', true\))?$`)
	setPlan  = regexp.MustCompile(`\bset_config\('(plan_cache_mode|enable_\w+|jit)', '(\w+)', true\)`)
	ended    = regexp.MustCompile(`(?i)^(begin|commit|rollback)\b`)
)

// idle is how PostgreSQL says that no transaction is open: what comes is one of
// its own.
const idle = 'I'

// begun forgets the former transaction of a connection that has none open.
func (r *recorder) begun(conn *pgx.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if conn.PgConn().TxStatus() == idle {
		delete(r.within, conn)
	}
}

// note takes down one statement; ours says that it is the services'.
func (r *recorder) note(conn *pgx.Conn, sql string, ours bool) {
	sql = plain(sql)
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.within[conn]
	if t == nil || ended.MatchString(sql) {
		t = &transaction{role: conn.Config().User}
		r.within[conn] = t
	}
	if found := setRole.FindStringSubmatch(sql); found != nil {
		t.role = found[1]
	}
	for _, found := range setPlan.FindAllStringSubmatch(sql, -1) {
		t.settings = append(t.settings, found[1]+" = "+found[2])
	}
	if ours && concerns.MatchString(sql) {
		r.statements[Statement{Role: t.role, Settings: strings.Join(t.settings, "; "), SQL: sql}] = true
	}
}

// The code that may ask: ours, and River's, which has goroutines of its own.
const (
	ourCode   = "github.com/insurance-navigator/navigator/"
	riverCode = "github.com/riverqueue/river"
)

// asked reports whether the services ask, and no test.
func asked() bool {
	callers := make([]uintptr, 40)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, riverCode):
			return true
		case strings.HasPrefix(frame.Function, ourCode+"db/plans"), strings.HasSuffix(frame.File, "/conflict.go"):
		case strings.HasPrefix(frame.Function, ourCode):
			return !strings.HasSuffix(frame.File, "_test.go")
		}
		if !more {
			return false
		}
	}
}

// TraceQueryStart is pgx.QueryTracer.
func (r *recorder) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.begun(conn)
	r.note(conn, data.SQL, asked())
	return ctx
}

// TraceQueryEnd is pgx.QueryTracer.
func (*recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart is pgx.BatchTracer.
func (r *recorder) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	ours := asked()
	r.begun(conn)
	for _, query := range data.Batch.QueuedQueries {
		r.note(conn, query.SQL, ours)
	}
	return ctx
}

// TraceBatchQuery is pgx.BatchTracer.
func (*recorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is pgx.BatchTracer.
func (*recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
