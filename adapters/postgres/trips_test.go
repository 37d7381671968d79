package postgres_test

import (
	"crypto/sha256"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// A stage asks the database as few times as it can: over a network each time
// costs as much as all of its work.
const (
	tripsToBegin  = 1
	tripsToKeep   = 1 // all of it
	tripsToAccept = 2 // a callback: the look, and all of it
	tripsToIgnore = 1 // one that starts nothing
)

// watched is a pool whose round trips are counted.
func (h *house) watched(role string) (*pgxpool.Pool, *atomic.Int64) {
	h.t.Helper()
	trips := new(atomic.Int64)
	pool, err := postgres.Open(h.t.Context(), postgres.Options{URL: h.db.URL(role), Role: role, Name: "test", MaxConns: 1,
		Traced: func(postgres.Statement) { trips.Add(1) }})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(pool.Close)
	return pool, trips
}

// counted has the house's store count its round trips.
func (h *house) counted() *atomic.Int64 {
	h.t.Helper()
	pool, trips := h.watched("inav_worker")
	h.store = postgres.NewStore(pool, h.queue, postgres.DefaultWaits())
	return trips
}

func TestAStageAsksTheDatabaseSeldom(t *testing.T) {
	h := open(t)
	trips := h.counted()
	doc := h.upload(user(t), "counted", 2)
	for turn, stage := range core.Stages() {
		leg, _ := core.LegOf(stage)
		trips.Store(0)
		begun, err := h.store.Begin(t.Context(), core.Job{Stage: stage, Document: doc.Document, Attempt: 1, Turn: turn}, leg)
		if err != nil {
			t.Fatal(err)
		}
		if n := trips.Swap(0); n != tripsToBegin {
			t.Errorf("%s begins with %d round trips, want %d", stage, n, tripsToBegin)
		}
		if err := h.store.Keep(t.Context(), core.Step{Document: begun, Leg: leg, Made: made(stage, begun)}, nil); err != nil {
			t.Fatal(err)
		}
		if n := trips.Load(); n != tripsToKeep {
			t.Errorf("%s is kept with %d round trips, want %d", stage, n, tripsToKeep)
		}
	}
}

func TestACallbackAsksTheDatabaseSeldom(t *testing.T) {
	h := open(t)
	doc, early := h.waiting("waits"), h.upload(user(t), "not handed over yet", 2)
	trips := h.counted()
	first, idle, stranger := callback(doc.Job, "evt-1", "x"), callback(doc.Job, "evt-2", "x"), callback(core.NewID(), "evt-1", "x")
	idle.Relevant = false
	for _, c := range []struct {
		what string
		call ports.Callback
		want int64
	}{
		{"the first", first, tripsToAccept},
		{"its second delivery", first, tripsToIgnore},
		{"one that ends nothing", idle, tripsToIgnore},
		{"its second delivery", idle, tripsToIgnore},
		{"an early one", callback(early.Job, "evt-1", "x"), tripsToAccept},
		{"one of nobody", stranger, tripsToAccept},
		{"its second delivery", stranger, tripsToIgnore},
	} {
		trips.Store(0)
		h.receive(c.call)
		if n := trips.Load(); n != c.want {
			t.Errorf("%s is taken with %d round trips, want %d", c.what, n, c.want)
		}
	}
}

// A search sends begin, all that goes before, the statement, and commit.
const tripsToSearch = 4

func TestASearchAsksTheDatabaseSeldom(t *testing.T) {
	h := open(t)
	pool, trips := h.watched("inav_app")
	trips.Store(0)
	_, err := postgres.NewLibrary(pool, h.queue).Search(t.Context(), user(t), ports.Query{Text: "deductible", Vector: unit(1), Limit: 5})
	if n := trips.Load(); err != nil || n != tripsToSearch {
		t.Errorf("a search takes %d round trips, want %d: %v", n, tripsToSearch, err)
	}
}

// An upload looks for its content, notes the key it is about to write, and is
// kept by begin, the owner's rank, all that is written with a look at it, and
// commit. A quota asks before that: the claims, its lock, what is awaited, and the
// day's first.
const (
	tripsToFind   = 1
	tripsToIntend = 1
	tripsToAdd    = 4
	tripsOfQuota  = 4
)

func TestAnUploadAsksTheDatabaseSeldom(t *testing.T) {
	h := open(t)
	pool, trips := h.watched("inav_app")
	library, who := postgres.NewLibrary(pool, h.queue), user(t)
	for _, perDay := range []int{0, 5} {
		doc := ports.NewDocument{ID: core.NewID(), Job: core.NewID(), Key: "k/" + core.NewID().String(), Name: "a.pdf", ContentType: "application/pdf",
			Size: 1, SHA256: sha256.Sum256([]byte{byte(perDay)}), Pages: 1, PerDay: perDay}
		trips.Store(0)
		if _, err := library.Find(t.Context(), who, doc.SHA256); !core.HasCode(err, core.CodeNotFound) {
			t.Fatal(err)
		}
		if n := trips.Swap(0); n != tripsToFind {
			t.Errorf("a look for its content takes %d round trips, want %d", n, tripsToFind)
		}
		if err := library.Intend(t.Context(), who, doc.Key); err != nil {
			t.Fatal(err)
		}
		if n := trips.Swap(0); n != tripsToIntend {
			t.Errorf("its key is noted with %d round trips, want %d", n, tripsToIntend)
		}
		added, err := library.Add(t.Context(), who, doc)
		if err != nil || added.Document != doc.ID || added.Status != core.Uploaded {
			t.Fatalf("added %s as %s: %v", added.Document, added.Status, err)
		}
		want := int64(tripsToAdd)
		if perDay > 0 {
			want += tripsOfQuota
		}
		if n := trips.Load(); n != want {
			t.Errorf("with %d a day it is kept with %d round trips, want %d", perDay, n, want)
		}
	}
}
