package postgres

// Both statements search in steps and read the texts of the few found:
//
//   - generation is the one that is searched; its model is that of the vector;
//   - terms is the question's words, numbered from 1;
//   - whole is the owner's complete documents that pass the filter, with the
//     words of their names: a question that names the plan year prefers the
//     document of that year to its near-duplicate of the year before;
//   - scanned is their chunks, each read once: how far the copy of its vector is
//     from the question's, and how strong each term is in it (ts_rank of one
//     word, which saturates), 0 where it is not there;
//   - nearest is the chunks by cosine distance to the question's vector, exactly;
//   - matching is the chunks by the question's words: the sum of their strengths,
//     each word weighed by how rare it is among what is searched;
//   - fused joins the two by reciprocal rank: a chunk gets 1 / (10 + rank) by
//     its words and half of that by its vector, from those of the first 50 of
//     each. Score is scaled so that 1 is first in all that was asked for.
//
// A chunk's strengths stay one array, for joining and grouping a row each cost
// more than all the rest. bench/retrieval measures the constants; docs/search.md
// has the table.
const (
	exactSQL       = whoseSQL + scannedSQL + nearestExactSQL + wordsSQL + fusedSQL
	approximateSQL = whoseSQL + scannedIndexedSQL + nearestIndexedSQL + wordsSQL + fusedSQL
)

// whoseSQL: at most 32 words of a question count, its first.
const whoseSQL = `
	with generation as materialized (select upload_pipeline.live_generation($9) as live),
	terms as materialized (
		select row_number() over (order by w.positions[1], w.lexeme)::int as n, w.lexeme,
			('''' || replace(replace(w.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery as query
		from unnest(to_tsvector('pg_catalog.english', upload_pipeline.plain_words($3))) w
		order by n limit 32),
	whole as materialized (
		select d.document_id, d.filename, d.mime, d.created_at,
			to_tsvector('pg_catalog.english', translate(upload_pipeline.plain_words(d.filename), '.', ' ')) as title
		from upload_pipeline.documents d
		join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt and j.status = 'complete'
		where d.user_id = $1 and d.removed_at is null
		and ($5::uuid[] is null or d.document_id = any ($5)) and ($6::text[] is null or d.mime = any ($6))
		and ($7::timestamptz is null or d.created_at >= $7) and ($8::timestamptz is null or d.created_at < $8)),`

const (
	scannedSQL = `
	scanned as materialized (
		select c.chunk_id, c.document_id, c.near operator(extensions.<=>) $2::extensions.vector::extensions.halfvec(1536) as distance,
			array(select ts_rank(c.words, t.query) from terms t) as strengths` + scannedFromSQL
	scannedIndexedSQL = `
	scanned as materialized (
		select c.chunk_id, c.document_id, array(select ts_rank(c.words, t.query) from terms t) as strengths` + scannedFromSQL
	scannedFromSQL = `
		from upload_pipeline.document_chunks c
		where c.user_id = $1 and c.generation = (select live from generation) and c.near is not null
		and c.document_id in (select document_id from whole)),`
)

// nearestExactSQL has compared the copies of half precision, which lie in their
// rows, and compares in full what may be among the nearest. Rounding turns a
// vector of unit length by 2^-11 at the most, so two of them are 2^-10 nearer or
// farther than they seem: whoever is truly among the first k seems at most 2^-9
// farther than the k-th that seems near. The margin holds that and the sums' own
// rounding, so none is lost: the answer is that of comparing all in full.
const nearestExactSQL = `
	bound as materialized (
		select max(distance) + 0.0021 as distance
		from (select distance from scanned where distance is not null order by distance limit greatest($4, 50)) r),
	nearest as materialized (
		select r.chunk_id, c.embedding operator(extensions.<=>) $2::extensions.vector as distance
		from scanned r
		cross join lateral (select embedding from upload_pipeline.document_chunks where chunk_id = r.chunk_id offset 0) c
		where r.distance <= (select distance from bound)
		order by distance, chunk_id limit greatest($4, 50)),`

// nearestIndexedSQL takes candidates in the index's order, which is of half
// precision and not exact, and orders them by their true distance.
const nearestIndexedSQL = `
	candidates as materialized (
		select c.chunk_id, c.embedding operator(extensions.<=>) $2::extensions.vector as distance
		from upload_pipeline.document_chunks c
		where c.user_id = $1 and c.generation = (select live from generation) and c.embedding is not null and exists (select from whole w where w.document_id = c.document_id)
		order by c.embedding::extensions.halfvec(1536) operator(extensions.<=>) $2::extensions.vector::extensions.halfvec(1536) limit 200),
	nearest as materialized (select chunk_id, distance from candidates order by distance, chunk_id limit greatest($4, 50)),`

// wordsSQL: the sum of strengths times weights is pgvector's inner product, in
// single precision.
const wordsSQL = `
	weights as materialized (
		select array_agg(ln(1 + (select count(*) from scanned)::float8 / greatest(d.chunks, 1))::real order by d.n)::extensions.vector as weights
		from (select t.n, count(*) filter (where s.strengths[t.n] > 0) as chunks from terms t cross join scanned s group by t.n) d),
	named as (select w.document_id, t.lexeme from whole w join terms t on w.title @@ t.query),
	titles as (
		select document_id, sum(ln(1 + (select count(*) from whole)::float8 / documents)) as weight
		from (select document_id, count(*) over (partition by lexeme) as documents from named) n group by document_id),
	matching as materialized (
		select s.chunk_id, s.strength + 0.05 * coalesce(t.weight, 0) as strength
		from (select chunk_id, document_id, -(strengths::extensions.vector operator(extensions.<#>) (select weights from weights)) as strength
			from scanned where strengths <> '{}') s
		left join titles t using (document_id)
		where s.strength > 0
		order by strength desc, chunk_id limit greatest($4, 50)),`

const fusedSQL = `
	fused as (
		select chunk_id, coalesce(0.5 / (10 + v.rank), 0) + coalesce(1.0 / (10 + m.rank), 0) as score
		from (select chunk_id, row_number() over (order by distance, chunk_id) as rank from nearest) v
		full join (select chunk_id, row_number() over (order by strength desc, chunk_id) as rank from matching) m using (chunk_id)
		order by score desc, chunk_id limit $4)
	select c.document_id, c.chunk_id, w.filename, w.mime, w.created_at, c.text, c.headings, c.page_from, c.page_to,
		1 - (c.embedding operator(extensions.<=>) $2::extensions.vector),
		(f.score * 11 / (case when $2::extensions.vector is null then 0 else 0.5 end + case when $3 = '' then 0 else 1 end))::float8
	from fused f
	join upload_pipeline.document_chunks c using (chunk_id)
	join whole w on w.document_id = c.document_id
	order by f.score desc, f.chunk_id`
