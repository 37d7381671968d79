package postgres_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/ports"
)

// The optional index finds at least 95 of the 100 that are truly nearest, for
// an owner who shares it with others, with a filter and without, at the
// ef_search that searches set (200).
func TestRecallOfTheOptionalIndex(t *testing.T) {
	h := open(t)
	h.crowd(1, 100, 1, 10)
	h.crowd(1000, 1000, 20, 100)
	if err := db.Add(t.Context(), h.db.OwnerURL(), "hnsw"); err != nil {
		t.Fatal(err)
	}
	h.library.SetApproximateAbove(1500)
	who := h.one(1000)
	all := h.storedOf(who)
	half := documentsOf(all)[:10]
	for _, sql := range []string{postgres.ApproximateSQL, postgres.ApproximateManySQL} {
		plan := h.plan(who, sql, postgres.SearchArgs(who, ports.Query{Vector: unit(1), Limit: 10}, ""), `set local enable_sort = off`)
		if !strings.Contains(plan, "document_chunks_nearest") {
			t.Fatalf("the index is not used:\n%s", plan)
		}
	}
	for name, filter := range map[string]ports.Filter{"all": {}, "half of the documents": {Documents: half}, "one document": {Documents: half[:1]}} {
		r := rand.New(rand.NewPCG(5, 6))
		hit, want := 0, 0
		for range 30 {
			q := ports.Query{Vector: question(r, all[r.IntN(len(all))]), Limit: 10, Filter: filter}
			found, err := h.library.Search(t.Context(), who, q)
			if err != nil || len(found) != 10 {
				t.Fatalf("%s: %d found: %v", name, len(found), err)
			}
			truth := nearest(all, q)
			want += len(truth)
			for _, p := range found {
				if slices.Contains(truth, p.Chunk) {
					hit++
				}
			}
		}
		recall := float64(hit) / float64(want)
		t.Logf("%s: recall@10 %.3f over %d chunks", name, recall, len(all))
		if recall < 0.95 {
			t.Errorf("%s: recall@10 is %.3f", name, recall)
		}
	}
	small := h.one(7) // an owner below the bound is searched exactly
	h.exactly("a small owner", small, h.storedOf(small), ports.Query{Vector: unit(3), Limit: 10})
}

func documentsOf(all []stored) (ids []core.ID) {
	for _, s := range all {
		if !slices.Contains(ids, s.document) {
			ids = append(ids, s.document)
		}
	}
	slices.SortFunc(ids, func(a, b core.ID) int { return strings.Compare(a.String(), b.String()) })
	return ids
}

// nearest is the ten nearest by brute force.
func nearest(all []stored, q ports.Query) (ids []core.ID) {
	var near []scored
	for _, s := range all {
		if len(q.Filter.Documents) == 0 || slices.Contains(q.Filter.Documents, s.document) {
			near = append(near, scored{s.chunk, cosine(s.vector, q.Vector)})
		}
	}
	slices.SortFunc(near, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	for _, n := range near[:min(10, len(near))] {
		ids = append(ids, n.chunk)
	}
	return ids
}

type scored struct {
	chunk core.ID
	score float64
}
