package boot_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

func TestADeadPeerDoesNotRefuse(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	instances, pool := openInstances(t, house)
	dead := peer(t, house).Fingerprint(boot.Worker)
	dead.Environment = "former"
	if err := instances.Register(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	age := func(d time.Duration) {
		if _, err := pool.Exec(t.Context(), `update upload_pipeline.instances set seen_at = now() - $1::interval`, d); err != nil {
			t.Fatal(err)
		}
	}
	age(postgres.Alive / 2)
	if _, err := live(t, peer(t, house)); err == nil {
		t.Fatal("a peer seen half the time ago counts as dead")
	}
	age(postgres.Alive + time.Second)
	if _, err := live(t, peer(t, house)); err != nil {
		t.Errorf("beside a dead peer: %v", err)
	}
}

// Of processes that differ and register at once, one kind wins.
func TestConcurrentRegistrationsThatDifferHaveOneWinner(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	instances, pool := openInstances(t, house)
	for round := range 20 {
		errs := make([]error, 2)
		var group sync.WaitGroup
		begin := make(chan struct{})
		for n := range errs {
			self := peer(t, house).Fingerprint(boot.Worker)
			self.Environment = fmt.Sprintf("env-%d", n)
			group.Go(func() { <-begin; errs[n] = instances.Register(t.Context(), self) })
		}
		close(begin)
		group.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: want one winner: %v; %v", round, errs[0], errs[1])
		}
		if n := registered(t, house); n != 1 {
			t.Fatalf("round %d: %d are registered", round, n)
		}
		if _, err := pool.Exec(t.Context(), `delete from upload_pipeline.instances`); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheMasterKeyIsNotInItsFingerprint(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	config := peer(t, house)
	if _, err := live(t, config); err != nil {
		t.Fatal(err)
	}
	var row string
	err := house.SuperConn().QueryRow(t.Context(), `select i::text || ' ' || i.database_id from upload_pipeline.instances i`).Scan(&row)
	if err != nil {
		t.Fatal(err)
	}
	key := config.WebhookKey.Reveal()
	sum := sha256.Sum256([]byte(key))
	for _, form := range []string{key, key[:8], hex.EncodeToString(sum[:])[:8], base64.StdEncoding.EncodeToString([]byte(key))[:8]} {
		if strings.Contains(row, form) {
			t.Errorf("the row holds a form of the master key: %s", row)
		}
	}
	var identity string
	if err := house.SuperConn().QueryRow(t.Context(), `select database_id::text from upload_pipeline.identity`).Scan(&identity); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(row, identity+" "+house.Name) {
		t.Errorf("the row does not name the database: %s", row)
	}
}

func TestLeaveRemovesOneAndTheLongDead(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	instances, pool := openInstances(t, house)
	ids := make([]core.ID, 3)
	for n := range ids {
		self := peer(t, house).Fingerprint(boot.Worker)
		if ids[n] = self.ID; instances.Register(t.Context(), self) != nil {
			t.Fatal("it was refused")
		}
	}
	if _, err := pool.Exec(t.Context(), `update upload_pipeline.instances set seen_at = now() - interval '8 days' where instance_id = $1`, ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := instances.Leave(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	var left core.ID
	if err := pool.QueryRow(t.Context(), `select instance_id from upload_pipeline.instances`).Scan(&left); err != nil || left != ids[2] {
		t.Errorf("left is %v (%v), want the one that stays", left, err)
	}
}
