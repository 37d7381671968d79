package legacy

import (
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
)

// run adopts one document after the other.
func (a *adoption) run(ctx context.Context) error {
	documents, err := a.gather(ctx)
	if err != nil {
		return fmt.Errorf("read the old tables: %w", err)
	}
	for i, d := range documents {
		a.report.Documents++
		if a.done[d.id] {
			a.report.Already++
			continue
		}
		if err := a.one(ctx, d); err != nil {
			return fmt.Errorf("stopped at document %d of %d, what came before is kept, run it again: %w", i+1, len(documents), err)
		}
	}
	var jobs, chunks int
	if err := a.pool.QueryRow(ctx, a.sql("orphans.sql")).Scan(&jobs, &chunks); err != nil {
		return fmt.Errorf("count the orphans: %w", err)
	}
	add(a.report.Attempts, "left: of no document", jobs)
	add(a.report.Chunks, "left: of no document", chunks)
	return nil
}

// add counts, and leaves no row of zero.
func add(counts map[string]int, what string, n int) {
	if n > 0 {
		counts[what] += n
	}
}

// one adopts a document, or leaves it with the reason.
func (a *adoption) one(ctx context.Context, d document) error {
	path, sum, reason := a.refuses(d)
	if reason == "" {
		var err error
		if reason, err = a.twin(ctx, d, sum); err != nil {
			return err
		}
	}
	if reason != "" {
		return a.leave(ctx, d, reason)
	}
	held, err := a.Files.Hold(ctx, path)
	if code, final := verdict(err); final {
		return a.leave(ctx, d, code)
	}
	if err != nil {
		return fmt.Errorf("read a stored file: %w", err)
	}
	defer held.Close()
	if held.Facts().Sum != sum {
		return a.leave(ctx, d, string(core.CodeFileChanged))
	}
	return a.take(ctx, d, held)
}

// verdict tells a file that will never do from one that could not be read now.
func verdict(err error) (string, bool) {
	if err == nil {
		return "", false
	}
	e := core.AsError(err)
	if e.Code == core.CodeInternal && e.Kind == core.Permanent { // a key that no object of ours could have
		return leftPath, true
	}
	return string(e.Code), e.Kind == core.Invalid || e.Kind == core.Permanent
}

// twin looks for the same content of the same owner, here or uploaded since.
func (a *adoption) twin(ctx context.Context, d document, sum [32]byte) (string, error) {
	there := a.taken[content{d.user, sum}]
	if !there && a.ours {
		err := a.pool.QueryRow(ctx, `select exists (select from upload_pipeline.documents
			where document_id = $3 or user_id = $1 and file_sha256 = $2 and removed_at is null)`, d.user, sum[:], d.id).Scan(&there)
		if err != nil {
			return "", fmt.Errorf("look for the same content: %w", err)
		}
	}
	if there {
		return leftDuplicate, nil
	}
	return "", nil
}

// leave records why a document stays where it is.
func (a *adoption) leave(ctx context.Context, d document, reason string) error {
	a.report.Outcomes[Left]++
	a.report.Left[reason]++
	if a.DryRun {
		return nil
	}
	_, err := a.pool.Exec(ctx, noteSQL, d.id, string(Left), reason)
	return err
}

// noteSQL records what became of a document.
const noteSQL = `insert into upload_pipeline_legacy.adopted (document_id, outcome, reason) values ($1, $2, nullif($3, ''))
	on conflict (document_id) do update set outcome = excluded.outcome, reason = excluded.reason, at = now()`

// take adopts a document whose file is proven.
func (a *adoption) take(ctx context.Context, d document, held Held) error {
	attempts, err := a.attempts(ctx, d.id)
	if err != nil {
		return err
	}
	chunks, err := a.chunks(ctx, d.id)
	if err != nil {
		return err
	}
	text, stored, err := a.text(ctx, d)
	if err != nil {
		return err
	}
	var last attempt
	if len(attempts) > 0 {
		last = attempts[len(attempts)-1]
	}
	p, err := a.judge(ctx, held, last, chunks, text, stored)
	if err != nil {
		return err
	}
	if !a.DryRun {
		if err := a.keep(ctx, d, held, p, attempts); err != nil {
			return err
		}
	}
	a.taken[content{d.user, held.Facts().Sum}] = true
	a.count(p, attempts)
	return nil
}

// text reads the parsed text, where there is one of this owner's.
func (a *adoption) text(ctx context.Context, d document) (string, bool, error) {
	p, ok := ParsePath(d.parsed)
	if !ok || !p.Belongs(d.user) {
		return "", false, nil
	}
	text, err := a.Files.Text(ctx, p)
	if _, final := verdict(err); final {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read a stored text: %w", err)
	}
	return text, true, nil
}

// count adds an adopted document to the report.
func (a *adoption) count(p plan, attempts []attempt) {
	a.report.Outcomes[p.outcome]++
	if p.why != "" {
		a.report.Requeued[p.why]++
	}
	add(a.report.Chunks, "adopted", len(p.pieces))
	add(a.report.Chunks, "left: made anew", p.offered-len(p.pieces))
	for _, piece := range p.pieces {
		a.report.Vectors[piece.vector]++
	}
	ended := len(failed(attempts))
	add(a.report.Attempts, "adopted as failed", ended)
	current := 0
	if len(attempts) > 0 && ended < len(attempts) {
		current = 1
	}
	add(a.report.Attempts, "adopted as the current one", current)
	add(a.report.Attempts, "left: overtaken", len(attempts)-ended-current)
}
