package boot

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// Verify looks for what is not as the invariants say, over the database, the
// storage and the parser of a worker's configuration. It may run beside a
// system at work.
type Verify struct {
	copies audit.Copies // nil where the parser keeps nothing
	pool   *pgxpool.Pool
	audit  *postgres.Audit
	store  *postgres.Store
	blobs  ports.Blobs
	parser ports.Parser
}

// OpenVerify reads the environment as a worker does and opens its database.
func OpenVerify(ctx context.Context, environ []string) (*Verify, error) {
	config, err := Read(environ)
	if err != nil {
		return nil, err
	}
	return NewVerify(ctx, config)
}

// NewVerify is OpenVerify with a configuration that was read.
func NewVerify(ctx context.Context, config Config) (*Verify, error) {
	if err := config.Check(Worker); err != nil {
		return nil, err
	}
	v := &Verify{}
	if err := v.outside(config); err != nil {
		return nil, err
	}
	pool, queue, err := openHands(ctx, config, "navigator-verify")
	if err != nil {
		return nil, err
	}
	v.pool, v.audit, v.store = pool, postgres.NewAudit(pool), postgres.NewStore(pool, queue, config.Waits())
	return v, nil
}

func (v *Verify) outside(config Config) (err error) {
	if v.blobs, err = config.blobs(); err != nil {
		return err
	}
	if config.Parser == "pdftext" {
		return nil
	}
	if v.parser, err = config.parser(v.blobs, nil); err != nil {
		return err
	}
	v.copies = copies{v}
	return nil
}

// Close closes the database's pool.
func (v *Verify) Close() { v.pool.Close() }

// Look says how to look.
type Look struct {
	audit.Options
	Grace   time.Duration // between two looks
	History []audit.Act
	Ledger  *audit.Ledger
}

// Run looks at everything.
func (v *Verify) Run(ctx context.Context, l Look) ([]audit.Violation, error) {
	checker := audit.Checker{Database: v.audit, Files: v.blobs, Reader: v.blobs, Copies: v.copies,
		History: l.History, Ledger: l.Ledger, Options: l.Options, Now: time.Now, Pause: func(ctx context.Context) error { return pause(ctx, l.Grace) }}
	return checker.Run(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Mended is what was done about a violation.
type Mended struct {
	audit.Violation
	Done string `json:"done"`
}

// Mend mends what can be mended safely, by the ways in which the system itself
// does it. What it cannot mend it leaves out.
func (v *Verify) Mend(ctx context.Context, found []audit.Violation) (mended []Mended, err error) {
	revive := false
	for _, one := range found {
		if !one.Mendable {
			continue
		}
		done := ""
		switch one.Rule {
		case audit.WorkMissing:
			revive, done = true, "a job carries it on again"
		case audit.FileElsewhere:
			if failed := v.settleFile(ctx, one); failed != nil {
				err = errors.Join(err, failed)
				continue
			}
			done = "the row says where the file lies"
		case audit.FileDoubled:
			err, done = errors.Join(err, v.store.Discard(ctx, one.Subject)), "the next sweep removes the other file"
		case audit.FileOrphaned, audit.FileLeft:
			removed, failed := removeStray(ctx, v.blobs, one.Subject, func(time.Time) bool { return true }) // its age was judged at both looks
			if err = errors.Join(err, failed); !removed {
				continue
			}
			done = "the file was removed"
		case audit.CopyOrphaned, audit.CopyLeft:
			err, done = errors.Join(err, v.forget(ctx, one.Subject)), "the parser's copies were removed"
		}
		mended = append(mended, Mended{one, done})
		err = errors.Join(err, v.note(ctx, one))
	}
	if revive {
		_, failed := v.store.Revive(ctx, 0, reconcileRound)
		err = errors.Join(err, failed)
	}
	return mended, err
}

// settleFile ends a move that the storage remembers and the row does not: the
// file is where it was to go, and is compared before the row says so.
func (v *Verify) settleFile(ctx context.Context, one audit.Violation) error {
	if err := v.store.Swept(ctx, []string{one.Subject}); err != nil { // its intent may be as old as the database
		return err
	}
	return pipeline.Moving{Store: v.store, Blobs: v.blobs}.Run(ctx, one.Document, core.TierOf(one.Subject), nil)
}

// note tells the audit log of what is mended; the chain of events cannot, for
// nothing of the document moves.
func (v *Verify) note(ctx context.Context, one audit.Violation) error {
	e := core.Operated(ctx, core.AuditMend, one.Rule)
	if !one.Document.IsZero() {
		e.Documents = []core.ID{one.Document}
	}
	return postgres.NewAuditLog(v.pool).Record(ctx, e)
}

// forget removes the parser's copies of an attempt that nothing needs.
func (v *Verify) forget(ctx context.Context, attempt string) error {
	id, err := core.ParseID(attempt)
	if err != nil {
		return err
	}
	return v.parser.Forget(ctx, core.Document{Job: id, Status: core.Complete})
}

// copies lists what the parser holds of this deployment.
type copies struct{ v *Verify }

// Copies is audit.Copies.
func (c copies) Copies(ctx context.Context) (held []audit.Copy, err error) {
	files, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) {
		return c.v.parser.ListFiles(ctx, ports.FileFilter{}, after)
	})
	for _, f := range files {
		held = append(held, audit.Copy{Attempt: attemptWord(f.Attempt)})
	}
	return held, err
}

// Jobs is audit.Copies: those since the first document here was made.
func (c copies) Jobs(ctx context.Context) (known []audit.Job, err error) {
	since, err := c.v.audit.Since(ctx)
	if err != nil {
		return nil, err
	}
	jobs, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldJob], error) {
		return c.v.parser.ListJobs(ctx, ports.JobFilter{From: since}, after)
	})
	for _, j := range jobs {
		known = append(known, audit.Job{ID: j.ID, Attempt: attemptWord(j.Attempt)})
	}
	return known, err
}

// attemptWord is the attempt as text; empty where the parser's mark is not ours.
func attemptWord(id core.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
