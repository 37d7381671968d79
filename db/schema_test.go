package db_test

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/internal/dump"
)

// TestSchemaFileDrift holds schema.sql to the migrations.
func TestSchemaFileDrift(t *testing.T) {
	t.Parallel()
	got, err := dump.Dump(t.Context(), dbtest.New(t, db.Schemas{}).OwnerURL())
	if errors.Is(err, dump.ErrNoProgram) {
		t.Skipf("schema.sql is not compared: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatalf("%v: %s", err, dump.Command)
	}
	if diff := cmp.Diff(string(kept), got); diff != "" {
		t.Errorf("schema.sql is not what the migrations make: %s (-file +migrations):\n%s", dump.Command, diff)
	}
}

// An inverted index keeps the words of rows that are gone, and each job of the
// queue has words of its own. River's would be built anew by night, which takes
// the tables' owner, and no process is that.
func TestNoIndexOfTheQueueKeepsWhatIsGone(t *testing.T) {
	t.Parallel()
	var inverted []string
	err := dbtest.New(t, db.Schemas{}).SuperConn().QueryRow(t.Context(), `select coalesce(array_agg(indexname order by indexname), '{}') from pg_indexes
		where schemaname = 'river' and indexdef ilike '%using gin%'`).Scan(&inverted)
	if err != nil || len(inverted) > 0 {
		t.Errorf("%v (%v)", inverted, err)
	}
}
