// Command chunking compares ways to cut documents by how well a search finds
// the answers in what they cut: the chunker's settings beside LangChain's
// splitters, all over the same parsed pages. It writes docs/chunking.md.
//
// The documents are the corpus with contracts of other insurers around it. The
// vectors are the fake embedder's, asked over HTTP by the production adapter,
// and the search is exact. Speeds are measured in the same run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	var r run
	flag.StringVar(&r.out, "out", "docs/chunking.md", "page to write; - is the standard output")
	flag.IntVar(&r.distractors, "distractors", 1400, "pages of other contracts around the corpus")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := r.do(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chunking:", err)
		os.Exit(1)
	}
}

// run is one run of the comparison.
type run struct {
	out         string
	distractors int
}

func (r run) do(ctx context.Context) error {
	m, err := readMaterial(ctx, r.distractors)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, m.profile())
	e, err := startEmbedder()
	if err != nil {
		return err
	}
	defer e.close()
	all, err := ourSplitters(e.counter)
	if err != nil {
		return err
	}
	rivals, skipped, err := rivalSplitters(ctx)
	if err != nil {
		return err
	}
	if skipped != "" {
		fmt.Fprintln(os.Stderr, "SKIPPED:", skipped)
	}
	var results []result
	for _, s := range append(all, rivals...) {
		got, err := measure(ctx, m, e, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintln(os.Stderr, got)
		results = append(results, got)
	}
	return write(r.out, report{material: m, results: results, skipped: skipped, distractors: r.distractors})
}
