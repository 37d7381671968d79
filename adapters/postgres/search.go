package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// ApproximateAbove is the number of an owner's chunks from which on a search
// uses the optional index of nearest neighbors, where the database has it. Up
// to it, and without the index, every chunk is compared.
const ApproximateAbove = 20_000

// Search compares the question with every chunk of the owner's complete
// documents that pass the filter, by the vector, by the words, or by both and
// fused.
func (l *Library) Search(ctx context.Context, who ports.Principal, q ports.Query) (found []ports.Passage, err error) {
	var look outlook
	prepare := func(batch *pgx.Batch) { l.prepareSearch(batch, who, q, &look) }
	err = l.asReaderPrepared(ctx, who, readsOnly, prepare, func(tx pgx.Tx, _ *writers) error {
		rows, err := tx.Query(ctx, look.statement(q), searchArgs(who, q, look.terms)...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scanPassage)
		return err
	})
	return found, err
}

// searchSettings hold for a search's transaction. A prepared plan would turn
// generic after five runs, and choose worse. The planner must not prefer to read
// the whole table for an owner of a large part of it: the owner's index leads to
// that owner's rows alone. Without iterative scans the optional index would lose
// what belongs to others silently. At most 200,000 rows of it are looked at.
const searchSettings = `select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true),
	set_config('jit', 'off', true), set_config('hnsw.iterative_scan', 'relaxed_order', true),
	set_config('hnsw.ef_search', '200', true), set_config('hnsw.max_scan_tuples', '200000', true)`

// outlookSQL reads the words of the question, of which the first count, and
// tells whether the owner is searched by the optional index; then it keeps the
// planner from sorting all rows instead.
const outlookSQL = `
	select o.large, t.terms::text, cardinality(t.terms), set_config('enable_sort', case when o.large then 'off' else 'on' end, true)
	from (select case when to_regclass('upload_pipeline.document_chunks_nearest') is null then false
		else (select count(*) from (select from upload_pipeline.document_chunks where user_id = $1 limit $2 + 1) c) > $2 end as large) o,
	(select array(select ('''' || replace(replace(w.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery
		from unnest(to_tsvector('pg_catalog.english', upload_pipeline.plain_words($3))) w
		order by w.positions[1], w.lexeme limit $4) as terms) t`

// outlook is what a search's statement depends on.
type outlook struct {
	approximate bool
	terms       string // the question's words: tsquery[]
	count       int    // of them
}

// prepareSearch sets what the plan depends on, and fills the outlook.
func (l *Library) prepareSearch(batch *pgx.Batch, who ports.Principal, q ports.Query, look *outlook) {
	batch.Queue(searchSettings)
	batch.Queue(outlookSQL, who.User, l.approximateAbove, q.Text, mostTerms).
		QueryRow(func(row pgx.Row) error { return row.Scan(&look.approximate, &look.terms, &look.count, nil) })
}

// statement is the one that searches with the fewest columns for its words.
func (o outlook) statement(q ports.Query) string {
	sql := fewTermsSQL
	if o.count > fewTerms {
		sql = mostTermsSQL
	}
	if o.approximate && q.Vector != nil {
		return sql.approximate
	}
	return sql.exact
}

// searchArgs is the parameters of all statements, in their order. What the
// query leaves out is null; words that are all too common are no terms.
func searchArgs(who ports.Principal, q ports.Query, terms string) []any {
	var vector, words, from, before any
	if q.Vector != nil {
		vector = pgvector.NewVector(q.Vector)
	}
	if q.Text != "" {
		words = terms
	}
	if !q.Filter.From.IsZero() {
		from = q.Filter.From.UTC()
	}
	if !q.Filter.Before.IsZero() {
		before = q.Filter.Before.UTC()
	}
	var documents []core.ID
	if len(q.Filter.Documents) > 0 {
		documents = q.Filter.Documents
	}
	var types []string
	if len(q.Filter.Types) > 0 {
		types = q.Filter.Types
	}
	return []any{who.User, vector, words, q.Limit, documents, types, from, before, nonEmpty(q.Model)}
}

// nonEmpty is nil for the empty text: SQL's null.
func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func scanPassage(row pgx.CollectableRow) (p ports.Passage, err error) {
	err = row.Scan(&p.Document, &p.Chunk, &p.Name, &p.ContentType, &p.CreatedAt, &p.Text, &p.Headings, &p.PageFrom, &p.PageTo, &p.Similarity, &p.Score)
	return p, err
}
