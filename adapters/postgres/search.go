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
	err = l.asReader(ctx, who, readsOnly, func(tx pgx.Tx, _ *writers) error {
		approximate, err := l.prepareSearch(ctx, tx, who)
		if err != nil {
			return err
		}
		sql := exactSQL
		if approximate && q.Vector != nil {
			sql = approximateSQL
		}
		rows, err := tx.Query(ctx, sql, searchArgs(who, q)...)
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
var searchSettings = []string{
	`set local plan_cache_mode = force_custom_plan`,
	`set local enable_seqscan = off`,
	`set local jit = off`,
	`set local hnsw.iterative_scan = relaxed_order`,
	`set local hnsw.ef_search = 200`,
	`set local hnsw.max_scan_tuples = 200000`,
}

// preferIndexSQL tells whether the owner is searched by the optional index, and
// then keeps the planner from sorting all rows instead.
const preferIndexSQL = `
	select large, set_config('enable_sort', case when large then 'off' else 'on' end, true)
	from (select case when to_regclass('upload_pipeline.document_chunks_nearest') is null then false
		else (select count(*) from (select from upload_pipeline.document_chunks where user_id = $1 limit $2 + 1) c) > $2 end as large) o`

// prepareSearch sets what the plan depends on, in one round trip.
func (l *Library) prepareSearch(ctx context.Context, tx pgx.Tx, who ports.Principal) (approximate bool, err error) {
	batch := &pgx.Batch{}
	for _, setting := range searchSettings {
		batch.Queue(setting)
	}
	batch.Queue(preferIndexSQL, who.User, l.approximateAbove).QueryRow(func(row pgx.Row) error { return row.Scan(&approximate, nil) })
	return approximate, tx.SendBatch(ctx, batch).Close()
}

// searchArgs is the parameters of both statements, in their order. What the
// query leaves out is null.
func searchArgs(who ports.Principal, q ports.Query) []any {
	var vector, from, before any
	if q.Vector != nil {
		vector = pgvector.NewVector(q.Vector)
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
	return []any{who.User, vector, q.Text, q.Limit, documents, types, from, before, nonEmpty(q.Model)}
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
