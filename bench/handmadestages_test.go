package bench

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
	"github.com/riverqueue/river"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
	"github.com/insurance-navigator/navigator/ports"
)

// outcome is what a stage came to; keep writes it down, and may be nil.
type outcome struct {
	keep   func(ctx context.Context, tx pgx.Tx) error
	queued core.Queued // of Parse
	again  bool        // the stage is not through with the document
}

// make does a stage's work; Finish has none.
func (h *handmade) make(ctx context.Context, at step) (outcome, error) {
	switch at.Stage {
	case core.Parse:
		return h.parse(ctx, at.Job)
	case core.Receive:
		return h.receive(ctx, at.Job)
	case core.Validate:
		return h.validate(ctx, at.Job)
	case core.Chunk:
		return h.chunk(ctx, at.Job)
	case core.Embed:
		return h.embed(ctx, at.Job)
	}
	return outcome{}, nil
}

func (h *handmade) parse(ctx context.Context, id core.ID) (outcome, error) {
	body, blob, err := h.blobs.Open(ctx, id.String())
	if err != nil {
		return outcome{}, err
	}
	defer body.Close()
	queued, err := h.parser.Submit(ctx, core.Submission{Document: core.Document{ID: id, Job: id, ContentType: pdftext.TypePDF, Size: blob.Size},
		Body: body, Callback: h.callbacks + id.String()})
	return outcome{queued: queued}, err
}

func (h *handmade) receive(ctx context.Context, id core.ID) (outcome, error) {
	doc := core.Document{ID: id, Job: id}
	if err := h.pool.QueryRow(ctx, "select vendor_job from bench.jobs where id = $1", id).Scan(&doc.ProviderJob); err != nil {
		return outcome{}, err
	}
	text, err := h.parser.Fetch(ctx, doc)
	if err != nil {
		return outcome{}, err
	}
	numbers, texts := make([]int, len(text.Pages)), make([]string, len(text.Pages))
	for i, page := range text.Pages {
		numbers[i], texts[i] = page.Number, page.Text
	}
	return outcome{keep: func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into bench.pages (document_id, user_id, page_number, state, markdown)
			select $1, $2, number, 'parsed', markdown from unnest($3::int[], $4::text[]) p (number, markdown)`, id, h.user, numbers, texts)
		return err
	}}, nil
}

func (h *handmade) pages(ctx context.Context, id core.ID) ([]core.Page, error) {
	rows, err := h.pool.Query(ctx, "select page_number, markdown from bench.pages where document_id = $1 order by page_number", id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Page, err error) { return p, row.Scan(&p.Number, &p.Text) })
}

func (h *handmade) validate(ctx context.Context, id core.ID) (outcome, error) {
	pages, err := h.pages(ctx, id)
	if err == nil && !slices.ContainsFunc(pages, func(p core.Page) bool { return strings.TrimSpace(p.Text) != "" }) {
		err = errors.New("a document without text")
	}
	return outcome{}, err
}

func (h *handmade) chunk(ctx context.Context, id core.ID) (outcome, error) {
	pages, err := h.pages(ctx, id)
	if err != nil {
		return outcome{}, err
	}
	pieces, err := h.cutter.Cut(ctx, pages)
	if err != nil {
		return outcome{}, err
	}
	rows := make([][]any, len(pieces))
	for i, p := range pieces {
		digest := sha256.Sum256([]byte(p.Input()))
		rows[i] = []any{core.ChunkID(id, h.cutter.Name(), p.Ordinal), id, h.user, p.Ordinal, p.Text, p.Context, append([]string{}, p.Headings...),
			p.PageFrom, p.PageTo, p.Tokens, digest[:], h.cutter.Name()}
	}
	columns := []string{"chunk_id", "document_id", "user_id", "ordinal", "text", "context", "headings", "page_from", "page_to", "token_count",
		"content_sha256", "chunker"}
	return outcome{keep: func(ctx context.Context, tx pgx.Tx) error {
		if h.byRow {
			return each(ctx, tx, "insert into bench.chunks ("+strings.Join(columns, ", ")+") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)", rows)
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"bench", "chunks"}, columns, pgx.CopyFromRows(rows))
		return err
	}}, nil
}

// embed gives the next batch its vectors.
func (h *handmade) embed(ctx context.Context, id core.ID) (outcome, error) {
	rows, err := h.pool.Query(ctx, `select chunk_id, text, context, token_count, count(*) over () from bench.chunks
		where document_id = $1 and embedding is null order by ordinal limit $2`, id, ports.MaxEmbedInputs)
	if err != nil {
		return outcome{}, err
	}
	var ids []core.ID
	var texts []string
	var tokens, sizes []int
	var p core.Pending
	var total int
	if _, err := pgx.ForEachRow(rows, []any{&p.Chunk, &p.Text, &p.Context, &p.Tokens, &total}, func() error {
		ids, texts, tokens, sizes = append(ids, p.Chunk), append(texts, p.Input()), append(tokens, p.Tokens), append(sizes, len(p.Input()))
		return nil
	}); err != nil {
		return outcome{}, err
	}
	fit := chunker.Batch(tokens, sizes, ports.MaxEmbedInputs, ports.MaxEmbedTokens)
	answer, err := h.embedder.Embed(ctx, texts[:fit])
	if err != nil {
		return outcome{}, err
	}
	vectors := make([]pgvector.Vector, fit)
	for i, v := range answer.Vectors {
		vectors[i] = pgvector.NewVector(v)
	}
	return outcome{again: total > fit, keep: func(ctx context.Context, tx pgx.Tx) error {
		if h.byRow {
			rows := make([][]any, fit)
			for i := range rows {
				rows[i] = []any{ids[i], vectors[i], answer.Model}
			}
			return each(ctx, tx, "update bench.chunks set embedding = $2, embed_model = $3, embedded_at = now() where chunk_id = $1", rows)
		}
		_, err := tx.Exec(ctx, `update bench.chunks c set embedding = v.embedding, embed_model = $3, embedded_at = now()
			from unnest($1::uuid[], $2::extensions.vector[]) v (chunk_id, embedding) where c.chunk_id = v.chunk_id`, ids[:fit], vectors, answer.Model)
		return err
	}}, nil
}

// each runs a statement for every row and waits for each.
func each(ctx context.Context, tx pgx.Tx, sql string, rows [][]any) error {
	for _, row := range rows {
		if _, err := tx.Exec(ctx, sql, row...); err != nil {
			return err
		}
	}
	return nil
}

// discard has the parser delete its copy, as the product does.
func (h *handmade) discard(ctx context.Context, job *river.Job[discard]) error {
	return h.parser.Forget(ctx, core.Document{Job: job.Args.Job, ProviderFile: job.Args.File, Status: core.Parsed})
}
