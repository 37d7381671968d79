package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	searchWarm    = 20
	searchQueries = 200
	searchLimit   = 5
)

// BenchmarkSearch asks for the passages that answer a question among all chunks
// of one owner, whom the line gave them: by vectors, by words, and by both. The embedding of the query is left
// out: it is the outside's time.
func BenchmarkSearch(b *testing.B) {
	for b.Loop() {
		benchmarkSearch(b)
	}
}

func benchmarkSearch(b *testing.B) {
	b.Helper()
	material := profile{documents: 10, pages: 250}.material()
	w := newWorld(b, material, plain)
	w.open()
	w.uploadAll(material)
	t := w.drain(material)
	run(b, w.db.super, "vacuum analyze upload_pipeline.document_chunks")
	pool := openPool(b, w.db.URL("inav_app"), poolSize)
	queue, err := riverqueue.NewQueue(pool, riverqueue.DefaultSettings(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	log := postgres.NewAuditLog(pool)
	library, who := postgres.NewLibrary(pool, queue), w.owner()
	sheet.describe(b, "one owner with %d chunks in %d documents, %d passages asked for", t.chunks, t.documents, searchLimit)
	vectors := w.queries(searchWarm + searchQueries)
	for _, way := range []struct {
		name, slug    string
		words, vector bool
		recorded      bool // in the audit log, as the API does before it answers
	}{{"by vectors alone", "vectors", false, true, false}, {"by words alone", "words", true, false, false}, {"hybrid", "hybrid", true, true, false},
		{"hybrid and recorded", "recorded", true, true, true}} {
		times := sample{}
		for i, vector := range vectors {
			q := ports.Query{Limit: searchLimit}
			if way.vector {
				q.Vector = vector
			}
			if way.words {
				q.Text = searchQuestions[i%len(searchQuestions)]
			}
			began := time.Now()
			found, err := library.Search(context.Background(), who, q)
			if err == nil && way.recorded {
				err = log.Record(context.Background(), searched(who, found))
			}
			took := time.Since(began)
			if err != nil || len(found) != searchLimit {
				b.Fatalf("%s: %d passages found: %v", way.name, len(found), err)
			}
			if i >= searchWarm {
				times = append(times, took)
			}
		}
		for _, p := range []int{50, 95} {
			sheet.add(b, figure{Measure: fmt.Sprintf("search %s without embedding, p%d", way.name, p), Value: times.percentile(p), Unit: "ms",
				Note: fmt.Sprintf("n=%d, one at a time", len(times))}, fmt.Sprintf("search-%s-p%d-ms", way.slug, p))
		}
	}
}

// searched is the entry of a search, with every document that it shows.
func searched(who ports.Principal, found []ports.Passage) core.AuditEntry {
	e := core.AuditEntry{Actor: core.ActorUser, User: who.User, Action: core.AuditSearch, Outcome: core.AuditDone}
	for _, p := range found {
		if !slices.Contains(e.Documents, p.Document) {
			e.Documents = append(e.Documents, p.Document)
		}
	}
	return e
}

// searchQuestions are of words that nearly every chunk of the material holds:
// the dearest that a search by words can be asked.
var searchQuestions = []string{
	"what is my deductible?", "Which hospital does the network provider cover?", "How do I appeal a claim of a dependent member?",
	"premium and copayment", "Does the policy exclude a referral after 365 days?",
}

// owner is the account that holds the documents.
func (w *world) owner() ports.Principal {
	w.b.Helper()
	user := scalar[core.ID](w.b, w.db.super, "select user_id from upload_pipeline.documents limit 1")
	return principal(user)
}

// principal is the user signed in.
func principal(user core.ID) ports.Principal {
	claims, _ := json.Marshal(map[string]string{"sub": user.String(), "role": "authenticated"}) // plain text: it cannot fail
	return ports.Principal{User: user, Claims: claims}
}

// queries is vectors near to stored ones, and equal to none.
func (w *world) queries(n int) [][]float32 { return w.queriesOf(n, "") }

// queriesOf is queries near to those of the rows that where names.
func (w *world) queriesOf(n int, where string) [][]float32 {
	w.b.Helper()
	rows, err := w.db.super.Query(w.b.Context(), "select embedding from upload_pipeline.document_chunks "+where+" order by chunk_id limit $1", n)
	if err != nil {
		w.b.Fatal(err)
	}
	defer rows.Close()
	source := rand.New(rand.NewPCG(3, 4))
	var all [][]float32
	for rows.Next() {
		var vector pgvector.Vector
		if err := rows.Scan(&vector); err != nil {
			w.b.Fatal(err)
		}
		near := vector.Slice()
		for i := range near {
			near[i] += float32(source.NormFloat64()) * 0.005
		}
		all = append(all, near)
	}
	if err := rows.Err(); err != nil {
		w.b.Fatal(err)
	}
	return all
}
