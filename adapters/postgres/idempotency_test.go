package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// openUnder is open for a test that is parallel already.
func openUnder(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, db: dbtest.New(t, db.Schemas{})}
	h.app = h.pool("inav_app")
	return h
}

// age moves all times of a key into the past.
func age(t *testing.T, super *pgxpool.Pool, key [32]byte, d time.Duration) {
	t.Helper()
	tag, err := super.Exec(t.Context(), `update upload_pipeline.idempotency_keys set claimed_at = claimed_at - $2::interval,
		leased_until = leased_until - $2::interval, expires_at = expires_at - $2::interval where key_hash = $1`, key[:], d)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%v, %s", err, tag)
	}
}

func TestI13_IdempotencyKeepsTheContract(t *testing.T) {
	t.Parallel()
	portstest.Idempotency(t, func(t *testing.T) portstest.Keys {
		h := openUnder(t)
		super := h.super()
		return portstest.Keys{Idempotency: postgres.NewIdempotency(h.app),
			Age: func(key [32]byte, d time.Duration) { age(t, super, key, d) }}
	})
}

func TestI13_ExpiredKeysAreSweptInRounds(t *testing.T) {
	h := open(t)
	keys, super := postgres.NewIdempotency(h.app), h.super()
	var all [][32]byte
	for n := range 7 {
		use := ports.KeyUse{Key: sha256.Sum256(fmt.Append(nil, n)), Lease: time.Minute, Life: time.Hour}
		if _, err := keys.Claim(t.Context(), use); err != nil {
			t.Fatal(err)
		}
		all = append(all, use.Key)
	}
	for _, key := range all[:5] {
		age(t, super, key, 2*time.Hour)
	}
	for round, want := range []int{3, 2, 0} {
		if removed, err := h.store.Expire(t.Context(), core.KeptKeys, 24*time.Hour, 3); err != nil || removed != want {
			t.Errorf("round %d removed %d (%v), want %d", round, removed, err, want)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.idempotency_keys`); n != 2 {
		t.Errorf("%d keys are left, want 2", n)
	}
}

// The worker may sweep and no more: not even the sealed answers can it read.
func TestC4_TheWorkerReadsNoAnswer(t *testing.T) {
	h := open(t)
	for _, sql := range []string{
		`select answer from upload_pipeline.idempotency_keys`, `select fingerprint from upload_pipeline.idempotency_keys`,
		`update upload_pipeline.idempotency_keys set run = run`, `insert into upload_pipeline.idempotency_keys default values`,
	} {
		if _, err := h.try(h.work, "", nil, sql); sqlState(err) != denied {
			t.Errorf("%s: %v, want it denied", sql, err)
		}
	}
	if _, err := h.try(h.work, "", nil, `delete from upload_pipeline.idempotency_keys where expires_at < now()`); err != nil {
		t.Error(err)
	}
}

// Two runs of one upload may both come to Add: one row, whatever refuses the
// other, and the store knows the document by its id.
func TestI13_TwoRunsAddOneDocument(t *testing.T) {
	h := open(t)
	ada := user(t)
	first := newDocument(ada, "one")
	second := first
	second.Job, second.Key = core.NewID(), ada.User.String()+"/"+core.NewID().String()+"/original.pdf"
	if _, err := h.library.Add(t.Context(), ada, first); err != nil {
		t.Fatal(err)
	}
	if _, err := h.library.Add(t.Context(), ada, second); !core.HasCode(err, core.CodeConflict) && !core.HasCode(err, core.CodeDuplicate) {
		t.Errorf("the second run: %v", err)
	}
	if s, err := h.library.Standing(t.Context(), ada, first.ID); err != nil || s.Key != first.Key || s.Job != first.Job {
		t.Errorf("%+v, %v", s, err)
	}
}

// A database that is away is said to be, and no run is granted.
func TestI13_AClaimWithoutADatabaseIsNotGranted(t *testing.T) {
	h := open(t)
	h.app.Close()
	keys := postgres.NewIdempotency(h.app)
	if hold, err := keys.Claim(t.Context(), ports.KeyUse{Lease: time.Minute, Life: time.Hour}); !core.HasCode(err, core.CodeDatabaseUnavailable) {
		t.Errorf("%+v, %v", hold, err)
	}
	if err := keys.Keep(t.Context(), [32]byte{}, 1, nil, time.Hour); !core.HasCode(err, core.CodeDatabaseUnavailable) {
		t.Error(err)
	}
}
