package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/core"
)

// Keep writes a step whole or not at all, in one transaction: the moves (each
// with its event, by trigger), what was made, the next job, and the end of the
// present one. The move is a compare-and-set on attempt, turn and status: a
// late, doubled or overtaken step finds nothing to move, is rolled back, and
// returns core.ErrStale.
func (s *Store) Keep(ctx context.Context, step core.Step, ticket any) error {
	err := s.keep(ctx, step, ticket)
	if state(err) == checkViolation { // the database's own gate refused the step
		return &core.Error{Code: core.CodeChunksIncomplete, Kind: core.Permanent, Err: err}
	}
	return err
}

// keep sends the step as one message. A step that only carries a document on is
// not waited for until it is on the disk: a crash of the database that takes it
// takes the end of its job as well, and the step is made again. Nothing is done
// on the strength of it before, for the next job's start is written after it and
// is waited for.
func (s *Store) keep(ctx context.Context, step core.Step, ticket any) error {
	return trouble(s.pool.batch(ctx, func() (*pgx.Batch, error) {
		batch := &pgx.Batch{}
		if repeatable(step) {
			batch.Queue(unhurried)
		}
		s.queueStep(batch, step)
		if err := s.queueJobs(ctx, batch, step); err != nil {
			return nil, err
		}
		return batch, s.queue.End(batch, ticket)
	}))
}

// repeatable reports whether the step may be made once more by a crash of the
// database without a word to anybody having been wrong: the client was not told
// that the document is complete, and the parser is not asked for another job.
func repeatable(step core.Step) bool {
	switch step.Made.(type) {
	case core.Lost, core.Queued:
		return false
	}
	return step.Leg.Next != ""
}

// queueJobs adds the jobs that come next. A result that was announced before the
// parser's answer is kept here is fetched now, for its callback started nothing:
// the move before, which waited for the row, is how this sees that it came.
func (s *Store) queueJobs(ctx context.Context, batch *pgx.Batch, step core.Step) error {
	if made, ok := step.Made.(core.Queued); ok && !made.Ready {
		doc := step.Document
		return s.queue.AddWhere(ctx, batch, `exists (select from upload_pipeline.upload_jobs where document_id = $1 and attempt = $2 and webhook_at is not null)`,
			[]any{doc.ID, doc.Attempt}, fetching(step))
	}
	return s.queue.Add(ctx, batch, nextJobs(step)...)
}

// fetching is the job that asks the parser for what it has announced.
func fetching(step core.Step) core.Job {
	job := jobAfter(step)
	job.Stage, job.Hint = core.Receive, true
	return job
}

func jobAfter(step core.Step) core.Job {
	doc := step.Document
	return core.Job{Stage: step.Leg.Next, Document: doc.ID, Attempt: doc.Attempt, Turn: doc.Turn + 1, Rank: doc.Rank}
}

// nextJobs is the job that carries the document on, if any, and the upkeep
// that the step leaves behind.
func nextJobs(step core.Step) []core.Job {
	job := jobAfter(step)
	switch made := step.Made.(type) {
	case core.Vectors:
		if made.More {
			job.Stage = step.Leg.Stage
		}
	case core.Queued:
		return []core.Job{fetching(step)}
	case core.Lost:
		job.Stage = core.Receive
	case core.Text:
		if step.Document.ProviderFile != "" || made.Standby {
			return []core.Job{job, forgetting(job.Document, job.Attempt)}
		}
	}
	if job.Stage == "" {
		return nil
	}
	return []core.Job{job}
}

// queueStep moves the attempt along its leg and writes what was made. Where
// nothing moves, the transaction ends there.
func (s *Store) queueStep(batch *pgx.Batch, step core.Step) {
	to := step.Leg.Meanwhile()
	through := step.Leg.Through
	if stays(step) {
		through = nil
	}
	if v, ok := step.Made.(core.Vectors); ok {
		queueVectors(batch, step.Document, v)
	}
	rest := through
	if len(through) > 0 {
		to, rest = through[0], through[1:]
	}
	s.queueMove(batch, step, to)
	for _, status := range rest {
		batch.Queue(`update upload_pipeline.upload_jobs set status = $5`+fence,
			step.Document.ID, step.Document.Attempt, step.Document.Turn+1, string(to), string(status))
		to = status
	}
	switch made := step.Made.(type) {
	case core.Pieces:
		queueChunks(batch, step.Document, made)
	case core.Text:
		queueText(batch, step.Document, made)
	}
}

// stays reports whether the step leaves the document in the leg's own status: a
// batch of several, or a document that is handed to the parser once more.
func stays(step core.Step) bool {
	switch made := step.Made.(type) {
	case core.Vectors:
		return made.More
	case core.Lost:
		return true
	case core.Queued:
		return step.Leg.Stage == core.Receive
	}
	return false
}

const fence = ` where document_id = $1 and attempt = $2 and turn = $3 and status = $4`

// queueMove adds the compare-and-set, with what the step leaves on the attempt.
func (s *Store) queueMove(batch *pgx.Batch, step core.Step, to core.Status) {
	doc := step.Document
	args := []any{doc.ID, doc.Attempt, doc.Turn, string(step.Leg.Meanwhile()), string(to),
		step.Outside.Milliseconds(), s.waits.Deadline, jobEnded(step.Made)}
	set := `update upload_pipeline.upload_jobs set status = $5, turn = turn + 1, runs = 0` + timedSQL
	switch made := step.Made.(type) {
	case core.Queued:
		now := time.Now()
		set += `, provider_job_id = $9, provider_file_id = nullif($10, ''), parse_deadline = $11, next_poll_at = $12, polls = 0`
		args = append(args, made.ProviderJob, made.ProviderFile, now.Add(s.waits.Deadline), now.Add(s.waits.poll(0)))
	case core.Lost: // the job's id stays: the parser is asked for another than it
		set += `, parse_deadline = null, next_poll_at = null, polls = 0, webhook_at = null,
			lost_jobs = lost_jobs + 1`
	case core.Text:
		set += `, parser = $9, parse_credits = parse_credits + $10::double precision::numeric, next_poll_at = null, standby = $11`
		args = append(args, made.Parser, made.Credits, made.Standby)
	case core.Checked:
		queueMarks(batch, doc, made.Marks)
		receipt, _ := json.Marshal(made.Receipt) // integers only: it cannot fail
		set += `, receipt = $9`
		args = append(args, string(receipt))
	case core.Pieces:
		set += `, chunks_total = $9, chunks_embedded = 0, generation = $10`
		args = append(args, len(made.Pieces), max(made.Generation, 1))
	case core.Vectors:
		set += `, chunks_embedded = chunks_embedded + $9, embed_tokens = embed_tokens + $10`
		args = append(args, len(made.Items), int64(made.Tokens))
	}
	batch.Queue(`with moved as (`+set+fence+` returning true) select upload_pipeline.stands((select count(*) from moved))`, args...)
}

// timedSQL adds what the providers took of the attempt: their calls of the kept
// runs ($6), and where a parser's job ended ($8) the time from its submission to
// its callback, or, where none came, to the result.
const timedSQL = `, providers_ms = providers_ms + $6::bigint + case when $8 then greatest(0, coalesce(extract(epoch from
	coalesce(webhook_at, now() - $6 * interval '1 millisecond') - (parse_deadline - $7::interval)) * 1000, 0))::bigint else 0 end`

// jobEnded reports whether the step ends the parser's job, well or not.
func jobEnded(made core.Made) bool {
	switch made.(type) {
	case core.Text, core.Lost:
		return true
	}
	return false
}

// queueMarks puts the text's marks in the place of those of an earlier text. It
// comes before the move: whoever locks both rows locks the document's first.
func queueMarks(batch *pgx.Batch, doc core.Document, marks []core.Mark) {
	batch.Queue(`update upload_pipeline.documents set marks = array(select unnest(marks) except select unnest($2::text[])) || $3::text[]
		where document_id = $1 and (marks && $2::text[] or cardinality($3::text[]) > 0)`, doc.ID, core.TextMarks(), core.SortMarks(marks))
}

// queueText replaces the document's pages. Rows go in as arrays: COPY is refused
// on a table with row-level security.
func queueText(batch *pgx.Batch, doc core.Document, text core.Text) {
	n := len(text.Pages)
	numbers, states := make([]int, n), make([]string, n)
	texts, codes := make([]string, n), make([]string, n)
	for i, page := range text.Pages {
		numbers[i], states[i], texts[i], codes[i] = page.Number, string(page.State()), page.Text, page.Failed
	}
	batch.Queue(`delete from upload_pipeline.document_pages where document_id = $1`, doc.ID)
	batch.Queue(`insert into upload_pipeline.document_pages (document_id, user_id, page_number, state, markdown, error_code)
		select $1, $2, number, state, markdown, nullif(code, '')
		from unnest($3::int[], $4::text[], $5::text[], $6::text[]) p (number, state, markdown, code)`,
		doc.ID, doc.User, numbers, states, texts, codes)
	if text.Charge != nil {
		queueCharge(batch, doc, *text.Charge)
	}
}

// headingBreak parts the headings of one chunk within an array's element; the
// chunker's text cannot hold it.
const headingBreak = "\x1f"

// queueChunks replaces the document's chunks, those of every generation.
func queueChunks(batch *pgx.Batch, doc core.Document, made core.Pieces) {
	batch.Queue(`delete from upload_pipeline.document_chunks where document_id = $1`, doc.ID)
	queuePieces(batch, doc, made)
}

// queuePieces adds the chunks of one generation. Their ids are derived, so that
// a repeated step writes the same rows.
func queuePieces(batch *pgx.Batch, doc core.Document, made core.Pieces) {
	generation := max(made.Generation, 1)
	n := len(made.Pieces)
	ids, ordinals, tokens := make([]core.ID, n), make([]int, n), make([]int, n)
	texts, contexts, headings, digests := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
	froms, tos := make([]int, n), make([]int, n)
	for i, p := range made.Pieces {
		digest := sha256.Sum256([]byte(p.Input()))
		ids[i], ordinals[i], tokens[i] = core.GenerationChunkID(doc.ID, generation, made.Chunker, p.Ordinal), p.Ordinal, p.Tokens
		texts[i], headings[i], digests[i] = p.Text, strings.Join(p.Headings, headingBreak), digest[:]
		froms[i], tos[i], contexts[i] = p.PageFrom, p.PageTo, p.Context
	}
	batch.Queue(`insert into upload_pipeline.document_chunks (document_id, user_id, chunker, generation, chunk_id, ordinal, text, headings,
			page_from, page_to, token_count, content_sha256, context)
		select $1, $2, $3, $12, id, ordinal, text, string_to_array(headings, e'\x1f'), page_from, page_to, tokens, digest, context
		from unnest($4::uuid[], $5::int[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[], $11::bytea[], $13::text[])
			c (id, ordinal, text, headings, page_from, page_to, tokens, digest, context)
		on conflict (chunk_id) do nothing`,
		doc.ID, doc.User, made.Chunker, ids, ordinals, texts, headings, froms, tos, tokens, digests, generation, contexts)
}

// queueVectors gives chunks their vectors. It comes before the move: the gate
// of the completed document counts them.
func queueVectors(batch *pgx.Batch, doc core.Document, made core.Vectors) {
	ids := make([]core.ID, len(made.Items))
	values := make([]pgvector.Vector, len(made.Items))
	for i, item := range made.Items {
		ids[i], values[i] = item.Chunk, pgvector.NewVector(item.Value)
	}
	batch.Queue(`update upload_pipeline.document_chunks c set embedding = v.embedding, embed_model = $4, embedded_at = now()
		from unnest($2::uuid[], $3::extensions.vector[]) v (chunk_id, embedding)
		where c.chunk_id = v.chunk_id and c.document_id = $1 and c.embedding is null`, doc.ID, ids, values, made.Model)
}
