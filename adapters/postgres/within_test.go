package postgres_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/plans"
	"github.com/insurance-navigator/navigator/ports"
)

// readWhole finds a table that a plan reads from end to end.
var readWhole = regexp.MustCompile(`Seq Scan on (\w+)`)

// explainer keeps the plans that the server tells of with each statement.
type explainer struct {
	mu    sync.Mutex
	plans []string
}

func (e *explainer) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.Contains(n.Message, "plan:") {
		e.plans = append(e.plans, n.Message)
	}
}

// Triggers and functions ask as well: what they ask on a document's way, at its
// listing and at its end reads no large table from end to end either.
func TestWhatTriggersAskReadsNoLargeTable(t *testing.T) {
	t.Parallel()
	h := &house{t: t, db: dbtest.New(t, plans.Seeded{}), queue: &memoryQueue{}}
	name := `"` + h.db.Name + `"`
	for _, sql := range []string{"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
		"auto_explain.log_nested_statements = on", "auto_explain.log_level = notice", "client_min_messages = notice"} {
		h.exec("alter database " + name + " set " + sql)
	}
	told := &explainer{}
	h.app, h.work = h.told("inav_app", told), h.told("inav_worker", told)
	h.library, h.store = postgres.NewLibrary(h.app, h.queue), postgres.NewStore(h.work, h.queue, postgres.DefaultWaits())
	who := user(t)
	kept, gone := h.upload(who, "kept", 2), h.upload(who, "gone", 2)
	h.walk(kept, core.Finish)
	h.walk(gone, core.Receive)
	if _, err := h.library.Cancel(t.Context(), who, gone.Document); err != nil {
		t.Fatal(err)
	}
	for _, id := range []core.ID{gone.Document, kept.Document} {
		if err := h.library.Remove(t.Context(), who, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.library.List(t.Context(), who, ports.Listing{Limit: 20}); err != nil {
		t.Fatal(err)
	}
	told.judge(t)
}

// told is a pool whose sessions explain themselves.
func (h *house) told(role string, to *explainer) *pgxpool.Pool {
	h.t.Helper()
	pool := h.pool(role)
	config := pool.Config()
	config.ConnConfig.OnNotice = to.notice
	own, err := pgxpool.NewWithConfig(h.t.Context(), config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(own.Close)
	return own
}

func (e *explainer) judge(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	nested := 0
	for _, plan := range e.plans {
		if strings.Contains(plan, "new.") || strings.Contains(plan, "insert into upload_pipeline.events") {
			nested++
		}
		for _, found := range readWhole.FindAllStringSubmatch(plan, -1) {
			if slices.Contains(plans.Large(), found[1]) {
				t.Errorf("all of %s is read:\n%s", found[1], plan)
			}
		}
	}
	if nested < 20 {
		t.Errorf("%d plans of triggers among %d: nothing was looked at", nested, len(e.plans))
	}
}
