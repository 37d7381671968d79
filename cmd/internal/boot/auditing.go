package boot

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// The loops of the audit log.
const (
	loopSecurity = "security"
	loopSeal     = "audit"
)

// securityEvery is the pace of looking which counted events are due as rows.
const securityEvery = 5 * time.Second

// sealEvery is how long a row waits at most, by the pace alone, until it is in
// the chain. Every worker does it; one at a time works.
const sealEvery = 5 * time.Second

// sealRound is the most rows that one transaction chains, and sealRounds how
// many of them follow each other before the loop goes round.
const (
	sealRound  = 1000
	sealRounds = 20
)

// seal chains the rows of the audit log that wait. The end of the chain goes to
// the log, which is kept elsewhere: what was logged cannot be taken back.
func (h *House) seal(ctx context.Context) {
	for range sealRounds {
		sealed, err := h.audit.Seal(ctx, sealRound)
		if err != nil {
			if ctx.Err() == nil {
				h.log.Error("the audit log cannot be sealed", "error_class", codeOf(err))
			}
			return
		}
		for _, e := range sealed.Foreign {
			for range e.Times {
				h.meters.attacked(core.SecurityForeignID)
			}
			h.log.Warn("security", "kind", string(e.Action), "times", e.Times, "user_id", e.User.String())
		}
		if sealed.Rows > 0 {
			h.log.Info("audit sealed", "rows", sealed.Rows, "anchor", sealed.Head.Anchor())
		}
		if sealed.Rows < sealRound {
			return
		}
	}
}

// flushSecurity writes what is due of the counted security events, into the
// audit log and into the log, which is told neither networks nor ids of documents.
func (h *House) flushSecurity(ctx context.Context, all bool) {
	err := h.security.Flush(ctx, all, func(ctx context.Context, e core.AuditEntry) error {
		if err := h.audit.Record(ctx, e); err != nil {
			return err
		}
		h.log.Warn("security", "kind", string(e.Action), "times", e.Times, "user_id", e.User.String())
		return nil
	})
	if err != nil && ctx.Err() == nil {
		h.log.Warn("security events cannot be written, and are kept", "error_class", codeOf(err))
	}
}

// lastSecurity writes what is left when the process stops.
func (h *House) lastSecurity(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	h.flushSecurity(ctx, true)
}
