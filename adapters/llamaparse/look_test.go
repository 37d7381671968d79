package llamaparse_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
)

// Look tells where a job is, fetches no page and changes nothing.
func TestLookTellsWhereAJobIsAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Faults.Hold()
	doc := b.submitted(t, submission(threePage))
	look := func(doc core.Document) core.ProviderState {
		t.Helper()
		state, err := b.Look(t.Context(), doc)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	if got := look(doc); got.Job != llamaparse.StatusPending && got.Job != llamaparse.StatusRunning || got.Files != 1 {
		t.Errorf("while it is held: %+v", got)
	}
	b.fake.Faults.Release()
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(b.fake.Ledger().Requests)
	if diff := cmp.Diff(core.ProviderState{Job: llamaparse.StatusCompleted, Files: 1}, look(doc)); diff != "" {
		t.Errorf("completed:\n%s", diff)
	}
	for op, n := range b.fake.Ledger().Requests {
		if n != before[op] && op != llamaparsetest.OpGetJob && op != llamaparsetest.OpListFiles {
			t.Errorf("%d calls of %s", n-before[op], op)
		}
	}
	stranger := doc
	stranger.Job, stranger.ProviderJob = core.NewID(), "pjb-00000000000000000000000000"
	unsent := doc
	unsent.Job, unsent.ProviderJob = core.NewID(), ""
	for name, doc := range map[string]core.Document{"an unknown job": stranger, "none": unsent} {
		if diff := cmp.Diff(core.ProviderState{Job: core.ProviderUnknown}, look(doc)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	b.fake.Faults.Status401(-1)
	if _, err := b.Look(t.Context(), doc); !core.HasCode(err, core.CodeParserKey) {
		t.Errorf("without a key: %v", err)
	}
}
