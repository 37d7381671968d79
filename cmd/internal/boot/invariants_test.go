package boot_test

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core/audit"
)

// damages says that the test breaks an invariant, or what the checker needs, by
// its own hand.
func (w *world) damages() { w.damaged = true }

// looks opens the checker over the world, with the outside at peace and nothing
// between it and the database.
func (w *world) looks(ctx context.Context) *boot.Verify {
	w.t.Helper()
	w.llama.Faults.Reset()
	w.supa.Mend()
	config := w.config
	config.DatabaseURL, config.WorkerDatabaseURL, config.PoolMode = w.direct.DatabaseURL, w.direct.WorkerDatabaseURL, w.direct.PoolMode
	hand, err := boot.NewVerify(ctx, config)
	if err != nil {
		w.t.Fatalf("verify: %v", err)
	}
	return hand
}

// verify holds a world at rest to the invariants.
func (w *world) verify() {
	w.t.Helper()
	if w.damaged || w.t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	hand := w.looks(ctx)
	defer hand.Close()
	ledger := &audit.Ledger{ParserJobs: w.llama.Ledger().Jobs}
	found, err := hand.Run(ctx, boot.Look{Options: audit.Options{Late: time.Hour, Orphan: time.Hour, Deep: true}, Ledger: ledger})
	if err != nil {
		w.t.Errorf("verify: %v", err)
	}
	for _, v := range found {
		w.t.Errorf("invariant %d, %s: document %s: %s", v.Invariant, v.Rule, v.Document, v.Detail)
	}
}
