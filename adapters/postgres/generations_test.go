package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// second starts a generation of model "n" beside the first, of model "m".
func (h *house) second() core.Generation {
	h.t.Helper()
	if _, err := h.work.Exec(h.t.Context(), `update upload_pipeline.generations set model = 'm', chunker = 'test@1'`); err != nil {
		h.t.Fatal(err)
	}
	g := core.Generation{Number: 2, Chunker: "test@1", Tokens: 64, Model: "n"}
	if err := h.store.StartGeneration(h.t.Context(), g, core.Quote{Paid: 5}, 0.02); err != nil {
		h.t.Fatal(err, errors.Unwrap(err))
	}
	return g
}

// carry makes a complete document whole in the second generation, on the other
// side of the axes.
func (h *house) carry(id core.ID, g core.Generation, axes ...int) error {
	h.t.Helper()
	doc, err := h.store.Whole(h.t.Context(), id)
	if err != nil {
		return err
	}
	doc.Generation = g.Number
	pieces, ok, err := h.store.Cut(h.t.Context(), doc, g.Chunker)
	if err != nil || !ok {
		h.t.Fatal(ok, err)
	}
	pieces.Generation = g.Number
	if err := h.store.KeepCarried(h.t.Context(), doc, pieces); err != nil {
		return err
	}
	vectors := core.Vectors{Model: g.Model, Tokens: 5}
	for i, axis := range axes {
		vectors.Items = append(vectors.Items, core.Vector{Chunk: core.GenerationChunkID(id, g.Number, g.Chunker, i), Value: unit(axis)})
	}
	return h.store.KeepCarried(h.t.Context(), doc, vectors)
}

func (h *house) found(who ports.Principal, axis int, model string) ([]ports.Passage, error) {
	return h.library.Search(h.t.Context(), who, ports.Query{Vector: unit(axis), Model: model, Limit: 9})
}

// The swap is refused while one document lacks a chunk, a vector or all of it,
// and from it on the other generation is found, and it alone.
func TestTheSwapIsOfWholeGenerationsAlone(t *testing.T) {
	h := open(t)
	who := user(t)
	a, b := h.upload(who, "a", 2), h.upload(who, "b", 2)
	h.walk(a, core.Finish)
	h.walk(b, core.Finish)
	g := h.second()
	refused := func(why string) {
		t.Helper()
		if swapped, err := h.store.Swap(t.Context(), 2); swapped || err != nil {
			t.Fatalf("%s: swapped %v (%v)", why, swapped, err)
		}
		if _, err := h.super().Exec(t.Context(), `update upload_pipeline.corpus set live = 2, former = 1, building = null`); sqlState(err) != "23514" {
			t.Errorf("%s: by hand: %v, want it refused", why, err)
		}
		if found, err := h.found(who, 1, "m"); err != nil || len(found) != 4 {
			t.Errorf("%s: %d passages (%v), want the first generation's 4", why, len(found), err)
		}
	}
	refused("nothing is carried")
	if err := h.carry(a.Document, g, 3, 4); err != nil {
		t.Fatal(err)
	}
	refused("one is not carried")
	if err := h.carry(b.Document, g, 3); err != nil {
		t.Fatal(err)
	}
	refused("a vector lacks")
	if err := h.carry(b.Document, g, 3, 4); err != nil {
		t.Fatal(err)
	}
	if swapped, err := h.store.Swap(t.Context(), 2); !swapped || err != nil {
		t.Fatalf("the whole generation: swapped %v (%v)", swapped, err)
	}
	if found, err := h.found(who, 3, "n"); err != nil || len(found) != 4 || *found[0].Similarity < 0.99 {
		t.Errorf("after the swap: %+v (%v)", found, err)
	}
	if _, err := h.found(who, 3, "m"); !errors.Is(err, core.ErrMoved) {
		t.Errorf("a vector of the former model was compared: %v", err)
	}
	chunks, err := h.library.Chunks(t.Context(), who, a.Document, 0, 9)
	if err != nil || len(chunks) != 2 || chunks[0].ID != core.GenerationChunkID(a.Document, 2, "test@1", 0) {
		t.Errorf("its chunks are %+v (%v)", chunks, err)
	}
}

// The guards of a complete document hold in every generation in use, and a
// vector of another model is refused by the database.
func TestGenerationsInUseStayWhole(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	h.walk(doc, core.Finish)
	g := h.second()
	if err := h.carry(doc.Document, g, 3, 4); err != nil {
		t.Fatal(err)
	}
	for _, generation := range []int{1, 2} {
		_, err := h.work.Exec(t.Context(), `delete from upload_pipeline.document_chunks where document_id = $1 and generation = $2`, doc.Document, generation)
		if sqlState(err) != "23514" {
			t.Errorf("generation %d was deleted: %v", generation, err)
		}
	}
	_, err := h.work.Exec(t.Context(), `update upload_pipeline.document_chunks set embedding = embedding, embed_model = 'm' where generation = 2`)
	if sqlState(err) != "23514" {
		t.Errorf("a vector of another model: %v, want it refused", err)
	}
	if err := h.store.CancelGeneration(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := h.store.Clear(t.Context(), 9); err != nil || n != 1 {
		t.Errorf("cleared %d (%v)", n, err)
	}
	if n := h.count(`select count(*) from upload_pipeline.document_chunks where generation = 1`); n != 2 {
		t.Errorf("%d chunks of the live generation are left", n)
	}
}

// A document that was deleted, or whose run was given up, is left alone.
func TestNothingIsCarriedPastItsFence(t *testing.T) {
	h := open(t)
	who := user(t)
	kept, gone := h.upload(who, "a", 2), h.upload(who, "b", 2)
	h.walk(kept, core.Finish)
	h.walk(gone, core.Finish)
	g := h.second()
	doc, err := h.store.Whole(t.Context(), gone.Document)
	if err != nil {
		t.Fatal(err)
	}
	doc.Generation = 2
	if err := h.library.Remove(t.Context(), who, gone.Document); err != nil {
		t.Fatal(err)
	}
	pieces := core.Pieces{Chunker: "test@1", Generation: 2, Pieces: []core.Piece{{Text: "x", PageFrom: 1, PageTo: 2, Tokens: 1}}}
	if err := h.store.KeepCarried(t.Context(), doc, pieces); !errors.Is(err, core.ErrStale) {
		t.Errorf("a deleted document: %v, want ErrStale", err)
	}
	doc.ID, doc.Attempt = kept.Document, 2
	if err := h.store.KeepCarried(t.Context(), doc, pieces); !errors.Is(err, core.ErrStale) {
		t.Errorf("another attempt: %v, want ErrStale", err)
	}
	doc.Attempt = 1
	pieces.Pieces[0].PageTo = 1
	if err := h.store.KeepCarried(t.Context(), doc, pieces); err == nil {
		t.Error("pieces without the second page were kept")
	}
	if err := h.store.CancelGeneration(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.carry(kept.Document, g, 3, 4); !errors.Is(err, core.ErrStale) {
		t.Errorf("a run that was given up: %v, want ErrStale", err)
	}
	if n := h.count(`select count(*) from upload_pipeline.document_chunks where generation = 2`); n != 0 {
		t.Errorf("%d chunks were left", n)
	}
}

// A completion and a swap are one after the other: the document that was cut
// for the former generation cannot become complete in it.
func TestADocumentCannotCompleteInAFormerGeneration(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	h.walk(doc, core.Embed)
	h.second()
	if swapped, err := h.store.Swap(t.Context(), 2); !swapped || err != nil {
		t.Fatalf("an empty corpus: %v (%v)", swapped, err)
	}
	_, err := h.step(core.Job{Stage: core.Finish, Document: doc.Document, Attempt: 1, Turn: 5}, func(core.Document) core.Made { return nil })
	if e := core.AsError(err); e.Kind != core.Transient || !errors.Is(err, core.ErrMoved) {
		t.Errorf("it finished with %v", err)
	}
	if err := h.store.Retire(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`select count(*) from upload_pipeline.corpus where former = 1`); n != 1 {
		t.Error("the former generation was given up before its time")
	}
	if n := h.count(`select count(*) from upload_pipeline.corpus_log where what in ('start', 'swap') and actor = 'inav_worker'`); n != 2 {
		t.Errorf("%d entries in the log, want start and swap", n)
	}
}

// An older release cannot tell generations apart: a run waits until none runs,
// and none starts afterwards.
func TestOldBinariesAreKeptApartFromGenerations(t *testing.T) {
	h := open(t)
	instances := postgres.NewInstances(h.work)
	old := postgres.Instance{ID: core.NewID(), Service: "api", SchemaVersion: 5}
	if err := instances.Register(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	err := h.store.StartGeneration(t.Context(), core.Generation{Chunker: "c@1", Model: "n"}, core.Quote{}, 0)
	if !core.HasCode(err, core.CodeConflict) {
		t.Errorf("started beside an old process: %v", err)
	}
	if err := instances.Leave(t.Context(), old.ID); err != nil {
		t.Fatal(err)
	}
	h.second()
	if n := h.count(`select min(oldest_binary) from upload_pipeline.schema_serves where version >= 7`); n != 7 {
		t.Errorf("binaries of schema %d may still start", n)
	}
}
