package db_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// migrations reads the files as they lie in the repository.
func migrations(t *testing.T) (names []string, texts map[string]string) {
	t.Helper()
	names, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migration is found: %v", err)
	}
	all, err := os.ReadDir("migrations")
	if err != nil || len(all) != len(names) {
		t.Fatalf("%d files beside %d migrations (%v)", len(all), len(names), err)
	}
	slices.Sort(names)
	texts = map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // the repository's own
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return names, texts
}

func TestFM012m_MigrationsAreNumberedWithoutGapsAndOnlyForward(t *testing.T) {
	t.Parallel()
	names, texts := migrations(t)
	down := regexp.MustCompile(`(?im)^\s*--\s*\+goose\s+(down|no\s+transaction)`)
	relaxed := regexp.MustCompile(`(?i)(disable|no\s+force)\s+row\s+level\s+security`)
	for i, name := range names {
		if want := fmt.Sprintf("migrations/%05d_", i+1); !strings.HasPrefix(filepath.ToSlash(name), want) {
			t.Errorf("migration %d is called %s, want %s…", i+1, name, want)
		}
		if down.MatchString(texts[name]) {
			t.Errorf("%s goes backward, or is applied without a transaction", name)
		}
		if !strings.Contains(texts[name], "-- +goose Up") {
			t.Errorf("%s does not go forward", name)
		}
		if relaxed.MatchString(texts[name]) {
			t.Errorf("C-5: %s switches row security off", name)
		}
	}
	if db.Version() != int64(len(names)) {
		t.Errorf("the binary's version is %d of %d migrations", db.Version(), len(names))
	}
}

// Each migration says which binaries it still serves.
func TestWschema_EveryMigrationDeclaresWhomItServes(t *testing.T) {
	t.Parallel()
	rows, err := dbtest.New(t, db.Schemas{}).SuperConn().Query(t.Context(), `select version from upload_pipeline.schema_serves order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	var want []int64
	for version := int64(1); version <= db.Version(); version++ {
		want = append(want, version)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the versions declared:\n%s", diff)
	}
}

// fingerprint is the checksum over names, lengths and texts.
func fingerprint(names []string, texts map[string]string) string {
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s %d\n%s", filepath.ToSlash(name), len(texts[name]), texts[name])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func TestFM012m_TheFingerprintIsThatOfEveryText(t *testing.T) {
	t.Parallel()
	names, texts := migrations(t)
	if got, want := db.Fingerprint(), fingerprint(names, texts); got != want || (db.Schemas{}).Fingerprint() != want {
		t.Fatalf("the fingerprint is %s, and of the files %s: are they embedded?", got, want)
	}
	for _, name := range names {
		kept := texts[name]
		texts[name] = strings.Replace(kept, " ", "  ", 1)
		if kept == texts[name] || fingerprint(names, texts) == db.Fingerprint() {
			t.Errorf("a blank more in %s leaves the fingerprint", name)
		}
		texts[name] = kept
	}
}
