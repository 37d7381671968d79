package plans_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/plans"
)

var update = flag.Bool("update", false, "write db/plans/golden")

// adapters are those that send statements.
var adapters = []string{"localauth", "postgres", "riverqueue"}

// goldenVersion is the major version whose plans are kept. Another one may
// choose otherwise: of it is only asked what holds for all.
const goldenVersion = 15

// Each statement of the services has the plan that was last looked at, reads no
// large table from end to end without an excuse, and keeps its indexes when the
// server takes one plan for all of its runs.
func TestPlans(t *testing.T) {
	t.Parallel()
	conn := dbtest.New(t, plans.Seeded{}).SuperConn()
	var version int
	if err := conn.QueryRow(t.Context(), `select current_setting('server_version_num')::int / 10000`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version != goldenVersion {
		t.Logf("the plans that are kept are PostgreSQL %d's: this server's (%d) are not compared with them", goldenVersion, version)
	}
	used := map[string]bool{}
	for _, adapter := range adapters {
		kept, err := plans.Read(adapter)
		if err != nil || len(kept) == 0 {
			t.Fatalf("%s sends %d statements: %v", adapter, len(kept), err)
		}
		found := plans.Kept{}
		for s := range kept {
			first, last, err := explained(t.Context(), conn, s)
			if err != nil {
				t.Errorf("%s: %v", s.SQL, err)
				found[s] = kept[s]
				continue
			}
			found[s] = first.tree(1)
			judge(t, s, first, used)
			steady(t, s, first, last, used)
		}
		settle(t, adapter, kept, found, version)
	}
	for _, words := range excused() {
		if !used[words] {
			t.Errorf("no statement needs the excuse of %q", words)
		}
	}
}

// settle compares with what is kept, or keeps it.
func settle(t *testing.T, adapter string, kept, found plans.Kept, version int) {
	t.Helper()
	if *update {
		if err := found.Write(adapter); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(kept, found); diff != "" && version == goldenVersion {
		t.Errorf("plans of %s changed (-kept +now). If it is well so: go test ./db/plans -update\n%s", adapter, diff)
	}
}

// judge fails for a large table that is read whole without an excuse.
func judge(t *testing.T, s plans.Statement, plan node, used map[string]bool) {
	t.Helper()
	for _, table := range plan.scanned() {
		if !slices.Contains(plans.Large(), table) {
			continue
		}
		if words := excuseOf(s); words != "" {
			used[words] = true
			return
		}
		t.Errorf("all of %s is read for\n%s\n%s", table, s.SQL, plan.tree(1))
	}
}

// excuseOf is the words of the statement that excuse it.
func excuseOf(s plans.Statement) string {
	for _, e := range excuses {
		for _, words := range e.words {
			if strings.Contains(s.SQL, words) {
				return words
			}
		}
	}
	return ""
}

// steady fails for a statement that goes another way once the server takes one
// plan for all of its runs.
func steady(t *testing.T, s plans.Statement, first, last node, used map[string]bool) {
	t.Helper()
	diff := cmp.Diff(first.ways(), last.ways())
	if diff == "" || excuseOf(s) != "" {
		return
	}
	for _, words := range either {
		if strings.Contains(s.SQL, words) {
			used[words] = true
			return
		}
	}
	t.Errorf("from its sixth run on the plan of this statement goes another way; say plan_cache_mode, or make it depend less on its values:\n%s\n%s", s.SQL, diff)
}

func excused() (all []string) {
	for _, e := range excuses {
		all = append(all, e.words...)
	}
	return append(all, either...)
}
