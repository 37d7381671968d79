package boot

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
)

// Auditor is the hand that checks and exports the audit log, with a worker's
// configuration.
type Auditor struct {
	pool *pgxpool.Pool
	log  *postgres.AuditLog
}

// OpenAuditor reads the environment as a worker does and opens its database.
func OpenAuditor(ctx context.Context, environ []string) (*Auditor, error) {
	config, err := Read(environ)
	if err != nil {
		return nil, err
	}
	return NewAuditor(ctx, config)
}

// NewAuditor is OpenAuditor with a configuration that was read.
func NewAuditor(ctx context.Context, config Config) (*Auditor, error) {
	pool, err := openHand(ctx, config, "navigator-audit")
	if err != nil {
		return nil, err
	}
	return &Auditor{pool: pool, log: postgres.NewAuditLog(pool)}, nil
}

// Close closes the database's pool.
func (a *Auditor) Close() { a.pool.Close() }

// AuditCheck is what a look at the chain found.
type AuditCheck struct {
	Rows   int64             `json:"rows"`
	First  int64             `json:"first"`  // of the rows that are kept
	Anchor string            `json:"anchor"` // the chain's end, to be noted elsewhere
	Waits  time.Duration     `json:"waits_ns"`
	Faults []core.AuditFault `json:"faults"`
}

// Verify follows the whole chain, made anew here from the rows, and holds it to
// the anchors that were noted elsewhere.
func (a *Auditor) Verify(ctx context.Context, anchors map[int64][32]byte) (check AuditCheck, err error) {
	var chain *core.AuditChain
	err = a.log.Rows(ctx, postgres.AuditFilter{}, func(head core.AuditHead, waits time.Duration) error {
		chain = core.StartAuditChain(head, anchors)
		check.First, check.Anchor, check.Waits = head.FirstSeq, head.Anchor(), waits
		return nil
	}, func(r core.AuditRow) error {
		chain.Add(r)
		return nil
	})
	if err != nil {
		return check, err
	}
	check.Rows, check.Faults = chain.End()
	if check.Waits > sealLate {
		check.Faults = append(check.Faults, core.AuditFault{What: "rows wait to be chained since " + check.Waits.Round(time.Second).String() + ": is a worker running?"})
	}
	return check, nil
}

// sealLate is the age from which a row that is not chained is a fault.
const sealLate = 15 * time.Minute

// ExportedRow is a line of an export.
type ExportedRow struct {
	Seq       int64             `json:"seq"`
	At        time.Time         `json:"at"`
	Service   string            `json:"service"`
	Actor     core.AuditActor   `json:"actor"`
	User      *core.ID          `json:"user_id"`
	Operator  string            `json:"operator,omitempty"`
	Action    core.AuditAction  `json:"action"`
	What      string            `json:"what,omitempty"`
	Documents []core.ID         `json:"document_ids"`
	Network   string            `json:"network,omitempty"`
	Request   *core.ID          `json:"request_id"`
	Outcome   core.AuditOutcome `json:"outcome"`
	Times     int               `json:"times"`
	Hash      string            `json:"hash"`
}

// Export writes the rows that pass the filter, a line of JSON each, and counts
// them. Before that it notes in the log that somebody exports.
func (a *Auditor) Export(ctx context.Context, f postgres.AuditFilter, to io.Writer) (rows int, err error) {
	e := core.Operated(ctx, core.AuditExport, "")
	if e.User = f.User; !f.Document.IsZero() {
		e.Documents = []core.ID{f.Document}
	}
	if err := a.log.Record(ctx, e); err != nil {
		return 0, err
	}
	lines := json.NewEncoder(to)
	err = a.log.Rows(ctx, f, func(core.AuditHead, time.Duration) error { return nil }, func(r core.AuditRow) error {
		rows++
		return lines.Encode(exported(r))
	})
	return rows, err
}

func exported(r core.AuditRow) ExportedRow {
	return ExportedRow{Seq: r.Seq, At: r.At.UTC(), Service: r.From.Service, Actor: r.Actor, User: orNull(r.User), Operator: r.Operator,
		Action: r.Action, What: r.What, Documents: r.Documents, Network: r.From.Network, Request: orNull(r.From.Request),
		Outcome: r.Outcome, Times: r.Times, Hash: hex.EncodeToString(r.Hash[:])}
}

func orNull(id core.ID) *core.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}
