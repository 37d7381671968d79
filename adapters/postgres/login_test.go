package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
)

func TestC4_OnlyAHeldLoginServesTheAPI(t *testing.T) {
	h := open(t)
	if err := postgres.CheckLogin(t.Context(), h.app); err != nil {
		t.Errorf("inav_app: %v", err)
	}
	if err := postgres.CheckLogin(t.Context(), h.work); err == nil {
		t.Error("the worker's login, which inherits, may serve the API")
	}
	// An owner that only changes to the role is still an owner.
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: h.db.SuperURL(), Role: "inav_app", Name: "test", MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := postgres.CheckLogin(t.Context(), pool); err == nil {
		t.Error("a superuser's login may serve the API")
	}
}

func TestFM012m_OnlyALoginThatCanMigrateMigrates(t *testing.T) {
	h := open(t)
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: h.db.OwnerURL(), Name: "test", MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := postgres.CheckMigrator(t.Context(), pool); err != nil {
		t.Errorf("the owner: %v", err)
	}
	for _, service := range []*pgxpool.Pool{h.app, h.work} {
		if err := postgres.CheckMigrator(t.Context(), service); err == nil {
			t.Error("a service's login may migrate")
		}
	}
}
