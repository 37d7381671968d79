package postgres

import (
	"strconv"
	"strings"
)

// A question has at most mostTerms words that count, its first; few have more
// than fewTerms, and a statement has a column for each.
const (
	fewTerms  = 8
	mostTerms = 32
)

// searchSQL is the statements for questions of so many words: one that compares
// all chunks, and one with candidates of the optional index.
type searchSQL struct{ exact, approximate string }

var (
	fewTermsSQL  = searchOf(fewTerms)
	mostTermsSQL = searchOf(mostTerms)
)

// searchOf makes both statements. They search in steps and read the texts of the
// few found:
//
//   - generation is the one that is searched; its model is that of the vector;
//   - whole is the owner's complete documents that pass the filter;
//   - naming is the question's words that stand in names of these, and titled what
//     they make of each document: a question that names the plan year prefers the
//     document of that year to its near-duplicate of the year before;
//   - scanned is their chunks, each read once: how far the copy of its vector is
//     from the question's, and how strong each of the question's words is in it
//     (ts_rank of one word, which saturates), null where it is not there;
//   - nearest is the chunks by cosine distance to the question's vector, exactly;
//   - matching is the chunks by the question's words: the sum of their strengths,
//     each word weighed by how rare it is among what is searched;
//   - fused joins the two by reciprocal rank: a chunk gets 1 / (10 + rank) by
//     its words and half of that by its vector, from those of the first 50 of
//     each. Score is scaled so that 1 is first in all that was asked for.
//
// The words are parameters and each has columns of its own: a row or an array's
// element for each word of each chunk costs more than all the rest, and the plan,
// which is made for the parameters, leaves out what no word stands for.
// Rows are looked up one by one, which lateral and offset 0 say: the planner
// cannot tell how many there are in a step, takes them for one or two, and joins
// by going through all of the owner's chunks for each passage that was found.
// bench/retrieval measures the constants; docs/search.md has the table.
func searchOf(terms int) searchSQL {
	strengths := eachTerm(terms, `nullif(ts_rank(c.words, ($3::tsquery[])[#]), 0) as s#`, ", ")
	return searchSQL{
		exact:       whoseSQL + scannedSQL + nearDistanceSQL + strengths + scannedFromSQL + nearestExactSQL + wordsSQL(terms) + fusedSQL,
		approximate: whoseSQL + scannedSQL + strengths + scannedFromSQL + nearestIndexedSQL + wordsSQL(terms) + fusedSQL,
	}
}

// eachTerm is the pattern once for each word, # being its number.
func eachTerm(terms int, pattern, glue string) string {
	each := make([]string, terms)
	for i := range each {
		each[i] = strings.ReplaceAll(pattern, "#", strconv.Itoa(i+1))
	}
	return strings.Join(each, glue)
}

const whoseSQL = `
	with generation as materialized (select upload_pipeline.live_generation($9) as live),
	whole as materialized (
		select d.document_id, case when cardinality($3::tsquery[]) > 0
			then to_tsvector('pg_catalog.english', translate(upload_pipeline.plain_words(d.filename), '.', ' ')) end as name
		from upload_pipeline.documents d cross join lateral (
			select from upload_pipeline.upload_jobs j where j.document_id = d.document_id and j.attempt = d.attempt and j.status = 'complete' offset 0) j
		where d.user_id = $1 and d.removed_at is null
		and ($5::uuid[] is null or d.document_id = any ($5)) and ($6::text[] is null or d.mime = any ($6))
		and ($7::timestamptz is null or d.created_at >= $7) and ($8::timestamptz is null or d.created_at < $8)),
	naming as materialized (
		select t.query, ln(1 + (select count(*) from whole)::float8 / count(*)) as weight
		from unnest($3::tsquery[]) t (query) join whole w on w.name @@ t.query group by t.query),
	titled as materialized (
		select w.document_id, coalesce((select sum(n.weight) from naming n where w.name @@ n.query), 0) as title from whole w),`

const (
	scannedSQL = `
	scanned as materialized (
		select c.*, w.title from titled w cross join lateral (
			select c.chunk_id, `
	nearDistanceSQL = `c.near operator(extensions.<=>) $2::extensions.vector::extensions.halfvec(1536) as distance,
				`
	scannedFromSQL = `
			from upload_pipeline.document_chunks c
			where c.user_id = $1 and c.document_id = w.document_id and c.generation = (select live from generation) and c.near is not null
			offset 0) c),`
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
		from (select distance from scanned where $2::extensions.vector is not null order by distance limit greatest($4, 50)) r),
	nearest as materialized (
		select r.chunk_id, c.embedding operator(extensions.<=>) $2::extensions.vector as distance
		from scanned r
		cross join lateral (select embedding from upload_pipeline.document_chunks where chunk_id = r.chunk_id offset 0) c
		where $2::extensions.vector is not null and r.distance <= (select distance from bound)
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

// wordsSQL reads no chunk where nothing is asked by words.
func wordsSQL(terms int) string {
	return `
	weights as materialized (
		select ` + eachTerm(terms, `ln(1 + count(*)::float8 / greatest(count(s#), 1)) as w#`, ", ") + `
		from scanned where cardinality($3::tsquery[]) > 0),
	matching as materialized (
		select chunk_id, strength + 0.05 * title as strength
		from (select chunk_id, title, ` + eachTerm(terms, `coalesce(s# * w#, 0)`, " + ") + ` as strength
			from scanned cross join weights where cardinality($3::tsquery[]) > 0 offset 0) s
		where strength > 0
		order by strength desc, chunk_id limit greatest($4, 50)),`
}

const fusedSQL = `
	fused as (
		select chunk_id, coalesce(0.5 / (10 + v.rank), 0) + coalesce(1.0 / (10 + m.rank), 0) as score
		from (select chunk_id, row_number() over (order by distance, chunk_id) as rank from nearest) v
		full join (select chunk_id, row_number() over (order by strength desc, chunk_id) as rank from matching) m using (chunk_id)
		order by score desc, chunk_id limit $4)
	select c.document_id, f.chunk_id, d.filename, d.mime, d.created_at, c.text, c.headings, c.page_from, c.page_to,
		1 - (c.embedding operator(extensions.<=>) $2::extensions.vector),
		(f.score * 11 / (case when $2::extensions.vector is null then 0 else 0.5 end + case when $3::tsquery[] is null then 0 else 1 end))::float8
	from fused f
	cross join lateral (
		select document_id, text, headings, page_from, page_to, embedding from upload_pipeline.document_chunks where chunk_id = f.chunk_id offset 0) c
	cross join lateral (select filename, mime, created_at from upload_pipeline.documents where document_id = c.document_id offset 0) d
	order by f.score desc, f.chunk_id`
