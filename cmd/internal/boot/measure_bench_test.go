package boot_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// The backlog of one run of BenchmarkInstrumentation.
const (
	benchDocuments = 24
	benchPages     = 6
)

// BenchmarkInstrumentation is what measuring costs: the line's throughput with
// every family counted and scraped twice a second, over its throughput with
// none, each taken in turn within one run. The figures share their cores with
// the fakes, so that only the ratio travels. Nothing is asserted of it.
func BenchmarkInstrumentation(b *testing.B) {
	papers := make([][]byte, benchDocuments)
	for i := range papers {
		papers[i] = corpus.Filler(benchPages, uint64(i+1)).Bytes
	}
	var with, without []float64
	for b.Loop() {
		without = append(without, lineRate(b, papers, false))
		with = append(with, lineRate(b, papers, true))
	}
	counted, bare := median(with), median(without)
	b.ReportMetric(counted, "measured-documents/s")
	b.ReportMetric(bare, "bare-documents/s")
	b.ReportMetric(counted/bare, "measured/bare")
	b.Logf("%d runs each: %.1f documents/s measured, %.1f bare, ratio %.3f", len(with), counted, bare, counted/bare)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// lineRate uploads the papers, then starts worker and webhook, and is how many
// documents a second went through the line.
func lineRate(b *testing.B, papers [][]byte, measured bool) float64 {
	b.Helper()
	w := newWorld(b)
	w.config.AdminPort = 0
	if !measured {
		w.run, w.config.AdminPort = boot.RunUnmeasured, -1
	}
	w.start(boot.API)
	ada := w.person("ada")
	for i, paper := range papers {
		ada.taken(fmt.Sprintf("%d.pdf", i), paper)
	}
	w.start(boot.Webhook)
	began := time.Now()
	w.start(boot.Worker)
	scraped := time.Now()
	w.until("the backlog to be complete", func() bool {
		if measured && time.Since(scraped) > 500*time.Millisecond {
			_, scraped = w.families(), time.Now()
		}
		return w.count(`select count(*) from upload_pipeline.upload_jobs where status = 'complete'`) == len(papers)
	})
	rate := float64(len(papers)) / time.Since(began).Seconds()
	w.halt()
	return rate
}
