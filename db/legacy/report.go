package legacy

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Outcome is how a document was adopted: what is left to do for it.
type Outcome string

// The outcomes.
const (
	Complete Outcome = "complete" // searchable at once
	Embed    Outcome = "embed"    // some vectors are made anew
	Chunk    Outcome = "chunk"    // its text is cut anew
	Parse    Outcome = "parse"    // its stored file is read anew
	Left     Outcome = "left"     // not adopted
)

// Report counts what a run did, or what a dry run would do. It holds numbers
// and reasons, no names and no ids.
type Report struct {
	DryRun    bool
	Documents int             // looked at
	Already   int             // adopted by an earlier run
	Outcomes  map[Outcome]int // of this run
	Left      map[string]int  // documents by reason
	Requeued  map[string]int  // documents by why they are not complete
	Chunks    map[string]int  // taken over, and left
	Vectors   map[string]int  // kept, and those to be made anew by reason
	Attempts  map[string]int  // taken over, and left
}

func newReport(dry bool) Report {
	return Report{DryRun: dry, Outcomes: map[Outcome]int{}, Left: map[string]int{}, Requeued: map[string]int{},
		Chunks: map[string]int{}, Vectors: map[string]int{}, Attempts: map[string]int{}}
}

// Write writes the report as a table.
func (r Report) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if r.DryRun {
		_, _ = fmt.Fprintln(w, "dry run: nothing was changed")
	}
	row := func(group, what string, n int) { _, _ = fmt.Fprintf(w, "%s\t%s\t%d\n", group, what, n) }
	row("documents", "found", r.Documents)
	row("documents", "adopted before", r.Already)
	for _, outcome := range []Outcome{Complete, Embed, Chunk, Parse, Left} {
		row("documents", string(outcome), r.Outcomes[outcome])
	}
	for _, group := range []struct {
		name   string
		counts map[string]int
	}{{"requeued", r.Requeued}, {"left", r.Left}, {"attempts", r.Attempts}, {"chunks", r.Chunks}, {"vectors", r.Vectors}} {
		for _, what := range slices.Sorted(maps.Keys(group.counts)) {
			row(group.name, what, group.counts[what])
		}
	}
	return w.Flush()
}
