package db_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// What the runbooks tell people to ask the database is understood by it.
func TestRunbooksAskTheDatabaseRightly(t *testing.T) {
	t.Parallel()
	conn := dbtest.New(t, db.Schemas{}).SuperConn()
	pages, err := filepath.Glob(filepath.Join("..", "docs", "runbooks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, page := range pages {
		text, err := os.ReadFile(page) //nolint:gosec // of this tree
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range sqlBlock.FindAllStringSubmatch(string(text), -1) {
			asked++
			if _, err := conn.Exec(t.Context(), block[1]); err != nil {
				t.Errorf("%s: %v", filepath.Base(page), err)
			}
		}
	}
	if asked == 0 {
		t.Error("no question was found")
	}
}
