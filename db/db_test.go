package db_test

import (
	"testing"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

func TestMigrateIsRepeatable(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	if err := db.Migrate(t.Context(), house.OwnerURL()); err != nil {
		t.Fatalf("a second migrate: %v", err)
	}
}
