package postgres_test

import (
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// Take any one part of a whole document away, and it cannot become complete.
func TestL011_HollowSuccessIsRefusedByTheDatabase(t *testing.T) {
	h := open(t)
	spoil := map[string]string{
		"no chunk":               `delete from upload_pipeline.document_chunks where document_id = $1`,
		"a chunk less":           `delete from upload_pipeline.document_chunks where document_id = $1 and ordinal = 1`,
		"a chunk more, bare":     `insert into upload_pipeline.document_chunks (chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to, token_count, content_sha256, chunker) select gen_random_uuid(), document_id, user_id, 2, 'x', '{}', 1, 1, 1, content_sha256, chunker from upload_pipeline.document_chunks where document_id = $1 and ordinal = 0`,
		"no receipt":             `update upload_pipeline.upload_jobs set receipt = null where document_id = $1`,
		"a receipt off by one":   `update upload_pipeline.upload_jobs set receipt = jsonb_set(receipt, '{expected}', '3') where document_id = $1`,
		"a page without a chunk": `insert into upload_pipeline.document_pages select document_id, 3, user_id, 'parsed', 'more' from upload_pipeline.documents where document_id = $1`,
		"a page lost":            `delete from upload_pipeline.document_pages where document_id = $1 and page_number = 2`,
	}
	for name, sql := range spoil {
		doc := h.upload(user(t), "a", 2)
		h.walk(doc, core.Embed)
		if _, err := h.work.Exec(t.Context(), sql, doc.Document); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		job := core.Job{Stage: core.Finish, Document: doc.Document, Attempt: 1, Turn: 5}
		_, err := h.step(job, func(core.Document) core.Made { return nil })
		if !core.HasCode(err, core.CodeChunksIncomplete) {
			t.Errorf("%s: finished with %v, want chunks_incomplete", name, err)
		}
		if err := h.force(doc.Document, core.Complete); sqlState(err) != "23514" {
			t.Errorf("%s: set complete by hand: %v, want it refused", name, err)
		}
	}
}

// A chunk without a vector holds the document back.
func TestL032_ABareChunkIsNotComplete(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	h.walk(doc, core.Chunk)
	half := func(d core.Document) core.Made {
		return core.Vectors{Model: "m", Items: []core.Vector{{Chunk: core.ChunkID(d.ID, "test@1", 0), Value: unit(1)}}}
	}
	if _, err := h.step(core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 4}, half); err != nil {
		t.Fatal(err)
	}
	_, err := h.step(core.Job{Stage: core.Finish, Document: doc.Document, Attempt: 1, Turn: 5}, func(core.Document) core.Made { return nil })
	if !core.HasCode(err, core.CodeChunksIncomplete) {
		t.Errorf("finished with a bare chunk: %v", err)
	}
}

func TestC21_APlaceholderVectorIsRefused(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	h.walk(doc, core.Chunk)
	long := unit(1)
	long[2] = 9
	for name, vector := range map[string][]float32{"zeros": make([]float32, core.Dimensions), "too long": long, "short": unit(1)[:512]} {
		job := core.Job{Stage: core.Embed, Document: doc.Document, Attempt: 1, Turn: 4}
		_, err := h.step(job, func(d core.Document) core.Made {
			return core.Vectors{Model: "m", Items: []core.Vector{
				{Chunk: core.ChunkID(d.ID, "test@1", 0), Value: unit(1)}, {Chunk: core.ChunkID(d.ID, "test@1", 1), Value: vector}}}
		})
		if err == nil {
			t.Errorf("%s: a batch with it was kept", name)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.document_chunks where embedding is not null`); n != 0 {
		t.Errorf("%d chunks of refused batches have vectors", n)
	}
}

func TestACompleteDocumentStaysWhole(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	h.walk(doc, core.Finish)
	for _, sql := range []string{
		`delete from upload_pipeline.document_chunks where document_id = $1 and ordinal = 0`,
		`update upload_pipeline.document_chunks set embedding = null, embed_model = null, embedded_at = null where document_id = $1`,
	} {
		if _, err := h.work.Exec(t.Context(), sql, doc.Document); sqlState(err) != "23514" {
			t.Errorf("%s: %v, want it refused", sql, err)
		}
	}
}

func TestTheDatabaseRefusesDoubles(t *testing.T) {
	h := open(t)
	who, other := user(t), user(t)
	doc := h.upload(who, "same", 2)
	h.walk(doc, core.Chunk)
	_, err := h.work.Exec(t.Context(), `insert into upload_pipeline.document_chunks select gen_random_uuid(), document_id, user_id, ordinal, text, headings, page_from, page_to, token_count, content_sha256, chunker from upload_pipeline.document_chunks where document_id = $1 and ordinal = 0`, doc.Document)
	if sqlState(err) != "23505" {
		t.Errorf("a chunk twice: %v, want it refused", err)
	}
	if _, err := h.library.Add(t.Context(), who, newDocument(who, "same")); !core.HasCode(err, core.CodeDuplicate) {
		t.Errorf("the same content twice: %v, want duplicate", err)
	}
	if _, err := h.library.Add(t.Context(), other, newDocument(other, "same")); err != nil {
		t.Errorf("the same content of another user: %v", err)
	}
}

func TestEventsAreAppendOnly(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	conn := h.db.SuperConn()
	for _, sql := range []string{`update upload_pipeline.events set status = 'complete' where document_id = $1`, `delete from upload_pipeline.events where document_id = $1`} {
		if _, err := h.work.Exec(t.Context(), sql, doc.Document); sqlState(err) != "42501" {
			t.Errorf("as the worker: %s: %v", sql, err)
		}
		if _, err := conn.Exec(t.Context(), sql, doc.Document); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("as the superuser: %s: %v", sql, err)
		}
	}
}
