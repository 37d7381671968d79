package db_test

import (
	"errors"
	"testing"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// A drill takes an empty database, again and again, and nobody's.
func TestAScratchDatabase(t *testing.T) {
	t.Parallel()
	scratch := dbtest.New(t, nil)
	schemas := func() (n int) {
		t.Helper()
		if err := scratch.SuperConn().QueryRow(t.Context(), `select count(*) from pg_namespace
			where nspname in ('upload_pipeline', 'local_auth', 'river', 'navigator_drill')`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := db.Wipe(t.Context(), scratch.OwnerURL()); !errors.Is(err, db.ErrInUse) {
		t.Errorf("wiping what was not claimed: %v", err)
	}
	for range 2 { // the second one comes after a drill that was killed
		if err := db.Claim(t.Context(), scratch.OwnerURL()); err != nil {
			t.Fatal(err)
		}
		if n := schemas(); n != 1 {
			t.Errorf("claimed, with %d schemas", n)
		}
		if err := db.Migrate(t.Context(), scratch.OwnerURL()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Wipe(t.Context(), scratch.OwnerURL()); err != nil || schemas() != 0 {
		t.Errorf("wiped, with %d schemas: %v", schemas(), err)
	}
}

func TestNobodysDatabaseIsWiped(t *testing.T) {
	t.Parallel()
	used := dbtest.New(t, db.Schemas{})
	if err := db.Claim(t.Context(), used.OwnerURL()); !errors.Is(err, db.ErrInUse) {
		t.Errorf("claimed: %v", err)
	}
	if err := db.Wipe(t.Context(), used.OwnerURL()); !errors.Is(err, db.ErrInUse) {
		t.Errorf("wiped: %v", err)
	}
	var there bool
	if err := used.SuperConn().QueryRow(t.Context(), `select to_regclass('upload_pipeline.documents') is not null`).Scan(&there); err != nil || !there {
		t.Errorf("its tables are there: %t, %v", there, err)
	}
}
