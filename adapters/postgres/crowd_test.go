package postgres_test

import (
	"encoding/json"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// crowdSQL makes complete documents for users, each of so many documents of so
// many chunks: user u of $2 to $3 is md5 of its number. The vectors lie around
// 40 centers in 48 dimensions, half of each center's weight being noise.
const crowdSQL = `
	with docs as (
		select md5('user' || u)::uuid as user_id, md5('doc' || u || '/' || d)::uuid as document_id, d
		from generate_series($1::int, $2::int) u, generate_series(1, $3::int) d),
	added as (
		insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, attempt, created_at)
		select document_id, user_id, 'paper-' || d || '.pdf', case when d % 2 = 0 then 'text/html' else 'application/pdf' end, 1,
			sha256(document_id::text::bytea), document_id::text, 1, 1, timestamptz '2026-01-01 00:00Z' + d * interval '1 day' from docs),
	jobs as (
		insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status)
		select gen_random_uuid(), document_id, user_id, 1, 'complete' from docs)
	insert into upload_pipeline.document_chunks (chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to, token_count,
		content_sha256, chunker, embedding, embed_model, embedded_at)
	select gen_random_uuid(), document_id, user_id, o, 'word' || (o * 7 + d) % 97 || ' and word' || (o * 13 + d) % 89 || ' of the plan', '{}', 1, 1, 5,
		sha256('x'), 'test@1', extensions.l2_normalize((
			(select array_agg(sin((o * 31 + d * 17) % 40 * 137 + i * 7.1) + 2 * random() - 1) from generate_series(1, 48) i)
			|| array_fill(0::float8, array[1488]))::extensions.vector), 'm', now()
	from docs, generate_series(1, $4::int) o`

// crowd fills the database without the line's checks, which are not at stake.
func (h *house) crowd(from, to, documents, chunks int) {
	h.t.Helper()
	conn := h.db.SuperConn()
	for _, sql := range []string{`set session_replication_role = replica`, `select setseed(0.5)`} {
		if _, err := conn.Exec(h.t.Context(), sql); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := conn.Exec(h.t.Context(), crowdSQL, from, to, documents, chunks); err != nil {
		h.t.Fatal(err)
	}
	if _, err := conn.Exec(h.t.Context(), `vacuum analyze upload_pipeline.document_chunks, upload_pipeline.documents, upload_pipeline.upload_jobs`); err != nil {
		h.t.Fatal(err)
	}
}

// one is a user of the crowd.
func (h *house) one(number int) ports.Principal {
	h.t.Helper()
	var id core.ID
	if err := h.db.SuperConn().QueryRow(h.t.Context(), `select md5('user' || $1::int)::uuid`, number).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	claims, _ := json.Marshal(map[string]string{"sub": id.String(), "role": "authenticated"}) // plain text: it cannot fail
	return ports.Principal{User: id, Claims: claims}
}

// stored is what brute force compares with.
type stored struct {
	chunk    core.ID
	document core.ID
	vector   []float32
}

// storedOf is the vectors of one owner, as the superuser sees them.
func (h *house) storedOf(who ports.Principal) (all []stored) {
	h.t.Helper()
	rows, err := h.db.SuperConn().Query(h.t.Context(), `select chunk_id, document_id, embedding::real[] from upload_pipeline.document_chunks where user_id = $1`, who.User)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s stored
		if err := rows.Scan(&s.chunk, &s.document, &s.vector); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, s)
	}
	if rows.Err() != nil || len(all) == 0 {
		h.t.Fatalf("%d rows: %v", len(all), rows.Err())
	}
	return all
}

func cosine(a, b []float32) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	return dot / root(aa*bb)
}
