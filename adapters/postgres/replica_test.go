package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/pgserver"
	"github.com/insurance-navigator/navigator/ports"
)

// pair is a primary and its standby, and the store over both.
type pair struct {
	house

	primary, standby *pgserver.Cluster
	replica          *postgres.Replica
	super            *pgx.Conn // of the standby

	mu     sync.Mutex
	states []postgres.ReplicaState
	reads  map[string]int
}

const maxLag = 5 * time.Second

// openPair starts both servers.
func openPair(t *testing.T) *pair {
	t.Helper()
	t.Parallel()
	p := &pair{house: house{t: t, queue: &memoryQueue{}}, reads: map[string]int{}}
	p.primary, p.standby = dbtest.Pair(t, db.Schemas{})
	p.super = p.connect(p.standby.SuperURL())
	p.app, p.work = p.open("inav_app"), p.open("inav_worker")
	p.library = postgres.NewLibrary(p.app, p.queue)
	p.store = postgres.NewStore(p.work, p.queue, postgres.DefaultWaits())
	p.follow(p.library, p.standby.SuperURL())
	return p
}

func (p *pair) open(role string) *pgxpool.Pool {
	p.t.Helper()
	pool, err := postgres.Open(p.t.Context(), postgres.Options{URL: p.primary.SuperURL(), Role: role, Name: "test", MaxConns: 8})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(pool.Close)
	return pool
}

func (p *pair) connect(url string) *pgx.Conn {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), url)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// follow has the library read at the address as well.
func (p *pair) follow(library *postgres.Library, address string) {
	p.t.Helper()
	p.replica = postgres.NewReplica(postgres.ReplicaOptions{
		Pool: postgres.Options{URL: address, Role: "inav_app", Name: "test", MaxConns: 8}, Primary: p.app, MaxLag: maxLag,
		Turned: func(s postgres.ReplicaState) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.states = append(p.states, s)
		},
		Read: func(became string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.reads[became]++
		},
	})
	p.t.Cleanup(p.replica.Close)
	library.Follow(p.replica)
	p.replica.Look(p.t.Context())
}

// became reads and empties the counts of reads.
func (p *pair) became() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	reads := p.reads
	p.reads = map[string]int{}
	return reads
}

// replay stops the standby where it is, or lets it go on.
func (p *pair) replay(on bool) {
	p.t.Helper()
	sql := map[bool]string{true: `select pg_wal_replay_resume()`, false: `select pg_wal_replay_pause()`}[on]
	if _, err := p.super.Exec(p.t.Context(), sql); err != nil {
		p.t.Fatal(err)
	}
	until(p.t, "the standby to stand still", func() bool {
		var state string
		if err := p.super.QueryRow(p.t.Context(), `select pg_get_wal_replay_pause_state()`).Scan(&state); err != nil {
			p.t.Fatal(err)
		}
		return on == (state == "not paused") && state != "pause requested"
	})
}

// until asks the database again until it has come as far: it tells nobody when
// it replayed, or that a session waits. It ends at the deadline, and the pause
// spares the processor.
func until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !yes() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("waited for %s", what)
		}
	}
}

// caughtUp waits until the standby has everything.
func (p *pair) caughtUp() {
	p.t.Helper()
	until(p.t, "the standby to catch up", func() bool {
		p.replica.Look(p.t.Context())
		return p.replica.State() == postgres.ReplicaReady && p.replica.Lag() == 0
	})
}

// readAll reads whatever can be read at a replica, and tells the document's status
// by each of the ways.
func (p *pair) readAll(who ports.Principal, id core.ID) map[string]core.Status {
	p.t.Helper()
	seen := map[string]core.Status{}
	note := func(way string, list []ports.Standing, err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatalf("%s: %v", way, err)
		}
		for _, s := range list {
			if s.Document == id {
				seen[way] = s.Status
			}
		}
	}
	one, err := p.library.Standing(p.t.Context(), who, id)
	note("status", []ports.Standing{one}, err)
	list, err := p.library.List(p.t.Context(), who, ports.Listing{Limit: 10, Statuses: core.Statuses()})
	note("list", list, err)
	several, err := p.library.Standings(p.t.Context(), who, []core.ID{id})
	note("batch", several, err)
	news, err := p.library.News(p.t.Context(), who, []ports.Mark{{Document: id}})
	if err != nil || len(news) != 1 {
		p.t.Fatalf("history: %v, %v", news, err)
	}
	note("history", []ports.Standing{*news[0].Standing}, nil)
	return seen
}

// wantAll wants one status by every way.
func (p *pair) wantAll(who ports.Principal, id core.ID, want core.Status) {
	p.t.Helper()
	for way, got := range p.readAll(who, id) {
		if got != want {
			p.t.Errorf("the %s reads %q and not %q", way, got, want)
		}
	}
}

// With a standby that stands still, everybody sees each write at once all the
// same, and once it has caught up it serves the reads.
func TestReadsAtAReplicaMissNoWrite(t *testing.T) {
	p := openPair(t)
	who, other := user(t), user(t)
	doc := p.upload(who, "a", 2)
	p.caughtUp()
	p.became()
	p.wantAll(who, doc.Document, core.Uploaded)
	if got := p.became(); got[postgres.ReadReplica] != 4 || len(got) != 1 {
		t.Errorf("with nothing to wait for, reads went %v", got)
	}

	p.replay(false)
	p.walk(doc, core.Finish)
	p.wantAll(who, doc.Document, core.Complete)
	fresh := p.upload(who, "b", 2)
	p.wantAll(who, fresh.Document, core.Uploaded)
	if err := p.library.Remove(t.Context(), who, doc.Document); err != nil {
		t.Fatal(err)
	}
	p.wantAll(who, doc.Document, core.Deleting)
	if got := p.became(); got[postgres.ReadReplica] != 0 || got[postgres.ReadBehind] != 12 {
		t.Errorf("with a standby that stands still, reads went %v", got)
	}
	if n := p.onStandby(`select count(*)::text from upload_pipeline.documents`); n != "1" {
		t.Errorf("the standby was to stand still, and has %s documents", n)
	}

	p.replay(true)
	p.caughtUp()
	p.wantAll(who, doc.Document, core.Deleting)
	if got := p.became(); got[postgres.ReadReplica] != 4 {
		t.Errorf("with a standby that has caught up, reads went %v", got)
	}
	p.foreign(other, doc.Document)
}

func (p *pair) onStandby(sql string) (answer string) {
	p.t.Helper()
	if err := p.super.QueryRow(p.t.Context(), sql).Scan(&answer); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// foreign holds that the row policies are the same at the standby.
func (p *pair) foreign(other ports.Principal, id core.ID) {
	p.t.Helper()
	if _, err := p.library.Standing(p.t.Context(), other, id); !core.HasCode(err, core.CodeNotFound) {
		p.t.Errorf("another's document reads %v", err)
	}
	if list, err := p.library.List(p.t.Context(), other, ports.Listing{Limit: 10, Statuses: core.Statuses()}); err != nil || len(list) > 0 {
		p.t.Errorf("another's list has %d documents, %v", len(list), err)
	}
	if _, err := p.library.Standing(p.t.Context(), ports.Principal{User: other.User, Claims: []byte(`{}`)}, id); !core.HasCode(err, core.CodeNotFound) {
		p.t.Errorf("without a user a row reads %v", err)
	}
	if got := p.became(); got[postgres.ReadReplica] != 1 || got[postgres.ReadAhead] != 2 || len(got) != 2 {
		p.t.Errorf("only what is not there is to be asked for at the primary, too: %v", got)
	}
}

// While documents move on, nobody who reads sees time go back, whichever process
// and whichever server answers.
func TestReadsAtAReplicaNeverGoBack(t *testing.T) {
	p := openPair(t)
	who := user(t)
	doc := p.upload(who, "a", 2)
	p.caughtUp()
	second := postgres.NewLibrary(p.app, p.queue) // another process's
	readers, failed := sync.WaitGroup{}, make(chan string, 8)
	over := make(chan struct{})
	for n := range 8 {
		readers.Go(func() {
			way, last := core.Way(), -1
			for turn := 0; ; turn++ {
				library := p.library
				if (turn+n)%2 == 0 {
					library = second
				}
				s, err := library.Standing(t.Context(), who, doc.Document)
				at := slices.Index(way, s.Status)
				if err != nil || at < last {
					failed <- fmt.Sprintf("%s after %s: %v", s.Status, way[last], err)
					return
				}
				last = at
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	p.walk(doc, core.Finish)
	close(over)
	readers.Wait()
	close(failed)
	for fault := range failed {
		t.Error(fault)
	}
	p.caughtUp()
	p.wantAll(who, doc.Document, core.Complete)
}

// A replica that is further behind than allowed, promoted, of another server or
// away is told once, and not read from.
func TestAnUnfitReplicaIsLeftAlone(t *testing.T) {
	p := openPair(t)
	who := user(t)
	doc := p.upload(who, "a", 2)
	p.caughtUp()
	p.replay(false)
	p.upload(who, "b", 2)
	strict := postgres.NewReplica(postgres.ReplicaOptions{Pool: postgres.Options{URL: p.standby.SuperURL(), Role: "inav_app"}, Primary: p.app, MaxLag: time.Nanosecond})
	t.Cleanup(strict.Close)
	if strict.Look(t.Context()); strict.State() != postgres.ReplicaLagging || strict.Lag() <= 0 {
		t.Errorf("a standby that stands still is %s, %s behind", strict.State(), strict.Lag())
	}
	p.replay(true)
	p.caughtUp()

	other := postgres.NewReplica(postgres.ReplicaOptions{Pool: postgres.Options{URL: p.standby.SuperURL(), Role: "inav_app"}, Primary: openWholeApp(t), MaxLag: maxLag})
	t.Cleanup(other.Close)
	if other.Look(t.Context()); other.State() != postgres.ReplicaForeign {
		t.Errorf("the standby of another server is %s", other.State())
	}

	p.became()
	if err := p.standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.wantAll(who, doc.Document, core.Uploaded)
	if got := p.became(); got[postgres.ReadReplica] != 0 {
		t.Errorf("a promoted standby was read from: %v", got)
	}
	if p.replica.Look(t.Context()); p.replica.State() != postgres.ReplicaPromoted {
		t.Errorf("a promoted standby is %s", p.replica.State())
	}
	if err := p.standby.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.replica.Look(t.Context()); p.replica.State() != postgres.ReplicaAway {
		t.Errorf("a standby that was stopped is %s", p.replica.State())
	}
	p.wantAll(who, doc.Document, core.Uploaded)
	want := []postgres.ReplicaState{postgres.ReplicaReady, postgres.ReplicaPromoted, postgres.ReplicaAway}
	if got := p.turns(); !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
}

func (p *pair) turns() []postgres.ReplicaState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.states)
}

// openWholeApp is a pool at another server.
func openWholeApp(t *testing.T) *pgxpool.Pool { t.Helper(); return openWhole(t).app }

// A standby that is lost between two looks costs one read its first try.
func TestALostReplicaCostsNobodyAnAnswer(t *testing.T) {
	p := openPair(t)
	who := user(t)
	doc := p.upload(who, "a", 2)
	p.caughtUp()
	if err := p.standby.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.became()
	p.wantAll(who, doc.Document, core.Uploaded)
	if got := p.became(); got[postgres.ReadReplica] != 0 || got[postgres.ReadFailed] != 1 || got[postgres.ReadUnready] != 3 {
		t.Errorf("reads went %v", got)
	}
}

// The address of a primary is no replica's: nothing is read there.
func TestAPrimaryIsNoReplica(t *testing.T) {
	h := open(t)
	address, err := url.Parse(h.db.SuperURL())
	if err != nil {
		t.Fatal(err)
	}
	_, err = postgres.Open(t.Context(), postgres.Options{URL: address.String(), Role: "inav_app", Standby: true})
	if err == nil || strings.Contains(err.Error(), address.User.String()) {
		t.Errorf("the primary's own address is taken: %v", err)
	}
}
