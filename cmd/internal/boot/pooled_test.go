package boot_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// through puts a PgBouncer with two server connections a role before the
// world's database.
func (w *world) through(mode string) *dbtest.Bouncer {
	w.t.Helper()
	b := w.db.Bouncer(mode, "inav_app", "inav_worker")
	w.config.DatabaseURL, w.config.WorkerDatabaseURL = boot.Secret(b.URL("inav_app")), boot.Secret(b.URL("inav_worker"))
	w.config.PoolMode = mode
	w.t.Cleanup(w.halt) // before the pooler goes
	return b
}

// crowd is how many clients come at once.
const crowd = 50

// together runs n clients at once and waits for all.
func together(n int, client func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { client(i) })
	}
	all.Wait()
}

// trip is one client's document on its way.
type trip struct {
	person
	id string
}

// setOut uploads one document for each client, every second one in the two
// steps of a browser.
func (w *world) setOut(users []person, trips []trip) {
	together(len(trips), func(i int) {
		user, paper := users[i%len(users)], corpus.Filler(1, uint64(1000+i))
		if i%2 == 0 {
			trips[i] = trip{user, user.taken("paper.pdf", paper.Bytes)}
			return
		}
		promised := user.announced("paper.pdf", len(paper.Bytes))
		if status := w.sent(promised, paper.Bytes); status != http.StatusOK {
			w.t.Errorf("client %d: the file's address answered %d", i, status)
		}
		if status, _ := user.finished(promised.DocumentID); status >= 300 {
			w.t.Errorf("client %d: the completion answered %d", i, status)
		}
		trips[i] = trip{user, promised.DocumentID}
	})
}

// waits until the parser holds the document.
func (p trip) waits() {
	p.w.until("the document to wait for the parser", func() bool { _, s := p.status(p.id); return s.Status == core.ParseQueued })
}

// changesMind cancels the document and retries it.
func (p trip) changesMind() {
	if status, doc := p.moves(p.id, "cancel"); status != http.StatusAccepted || doc.Status != core.Cancelled {
		p.w.t.Errorf("cancel answered %d %s", status, doc.Status)
	}
	if status, doc := p.moves(p.id, "retry"); status != http.StatusAccepted || doc.Attempt != 2 {
		p.w.t.Errorf("retry answered %d %+v", status, doc)
	}
}

// arrives follows the document by its stream to the end, finds it, and, where
// asked, deletes it.
func (p trip) arrives(deletes bool) {
	stream := p.listen(p.id, "0")
	if stream.status != http.StatusOK {
		p.w.t.Errorf("the stream answered %d", stream.status)
	}
	_, moves := stream.moves("0", 100)
	if len(moves) == 0 || moves[len(moves)-1] != core.Complete {
		p.w.t.Errorf("document %s: the stream ended with %v", p.id, moves)
	}
	p.completes(p.id)
	if found := p.search("deductible and copayment", 50); len(found) == 0 {
		p.w.t.Errorf("the search found nothing of %s", p.id)
	}
	if deletes {
		if status := p.w.call(http.MethodDelete, p.w.api+"/documents/"+p.id, p.token, nil, nil); status >= 300 {
			p.w.t.Errorf("the deletion answered %d", status)
		}
	}
}

// pipeline is everything at once: uploads of both ways, cancels, retries,
// streams, searches and deletions, by fifty clients. No answer and no line of
// the log may be an error.
func (w *world) pipeline() {
	w.t.Helper()
	var users []person
	for i := range 5 {
		users = append(users, w.person(fmt.Sprintf("user-%d", i)))
	}
	trips := make([]trip, crowd)
	w.llama.Faults.Hold()
	w.setOut(users, trips)
	together(crowd, func(i int) { trips[i].waits() })
	together(crowd/5, func(i int) { trips[5*i].changesMind() })
	w.llama.Faults.Release()
	together(crowd, func(i int) { trips[i].arrives(i%3 == 0) })
	if n := w.count(`select count(*) from upload_pipeline.events where status = 'complete'`); n != crowd {
		w.t.Errorf("%d of %d documents were complete", n, crowd)
	}
	w.cleanLog()
}

// prompt marks a callback that found no connection within its second: the
// parser was asked to come again, and did.
const prompt = `"route":"POST /webhook/llamaparse/{attempt}","status":503`

// cleanLog fails for every line that a statement's or a session's loss leaves.
func (w *world) cleanLog() {
	w.t.Helper()
	for line := range strings.Lines(w.logs.String()) {
		if strings.Contains(line, prompt) {
			continue
		}
		for _, sign := range []string{`"level":"ERROR"`, "SQLSTATE", "prepared statement", "database_unavailable", `"status":5`} {
			if strings.Contains(line, sign) {
				w.t.Errorf("the log says: %s", line)
			}
		}
	}
}

func TestP010_TheWholePipelineThroughATransactionPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.through("transaction")
	w.config.AllowPollOnly = true
	w.config.MaxConns = crowd
	w.start(boot.API)
	w.start(boot.Worker)
	w.start(boot.Webhook)
	w.pipeline()
	clients, servers := b.Connected()
	if clients < crowd || servers > 2*dbtest.ServerConns {
		t.Errorf("%d clients shared %d connections: want %d at least, %d at most", clients, servers, crowd, 2*dbtest.ServerConns)
	}
	t.Logf("%d client connections shared %d to the server; %d documents, 0 errors", clients, servers, crowd)
	if n := w.count(`select count(*) from river.river_leader`); n != 1 {
		t.Errorf("%d leaders were elected", n)
	}
	if diff := cmp.Diff(0, w.count(`select count(*) from pg_stat_activity where query ilike 'listen%' and datname = current_database()`)); diff != "" {
		t.Error("somebody listens behind a transaction pooler")
	}
}

func TestP010_TheWholePipelineThroughASessionPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.through("session")
	w.config.WebhookMode, w.config.ParsePolls = "poll", append(w.config.ParsePolls[:0:0], w.config.ReconcileEvery)
	w.config.MaxConns = dbtest.ServerConns
	w.start(boot.API)
	w.config.MaxConns = dbtest.ServerConns - 1 // and one that listens
	w.start(boot.Worker)
	if n := w.count(`select count(*) from pg_stat_activity where query ilike 'listen%' and datname = current_database()`); n != 1 {
		t.Errorf("%d connections listen, want the worker's one", n)
	}
	w.pipeline()
	clients, servers := b.Connected()
	if servers > 2*dbtest.ServerConns {
		t.Errorf("%d clients used %d connections", clients, servers)
	}
	t.Logf("%d HTTP clients, %d connections of the services, %d to the server; %d documents, 0 errors", crowd, clients, servers, crowd)
}
