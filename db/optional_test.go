package db_test

import (
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

func TestTheOptionalIndexComesAndGoes(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	conn := house.SuperConn()
	valid := func() (there, valid bool) {
		t.Helper()
		err := conn.QueryRow(t.Context(), `select count(*) > 0, coalesce(bool_and(indisvalid), false) from pg_index
			where indexrelid = to_regclass('upload_pipeline.document_chunks_nearest')`).Scan(&there, &valid)
		if err != nil {
			t.Fatal(err)
		}
		return there, valid
	}
	if there, _ := valid(); there {
		t.Fatal("the migrations build it")
	}
	for range 2 {
		if err := db.Add(t.Context(), house.OwnerURL(), "hnsw"); err != nil {
			t.Fatal(err)
		}
	}
	if _, whole := valid(); !whole {
		t.Fatal("it is not there")
	}
	if _, err := conn.Exec(t.Context(), `update pg_index set indisvalid = false where indexrelid = 'upload_pipeline.document_chunks_nearest'::regclass`); err != nil {
		t.Fatal(err)
	}
	if err := db.Add(t.Context(), house.OwnerURL(), "hnsw"); err != nil {
		t.Fatal(err)
	}
	if _, whole := valid(); !whole {
		t.Error("what an interrupted run left is not built anew")
	}
	for range 2 {
		if err := db.Drop(t.Context(), house.OwnerURL(), "hnsw"); err != nil {
			t.Fatal(err)
		}
	}
	if there, _ := valid(); there {
		t.Error("it is still there")
	}
	if err := db.Add(t.Context(), house.OwnerURL(), "ivfflat"); err == nil || !strings.Contains(err.Error(), "hnsw") {
		t.Errorf("an unknown index: %v", err)
	}
}
