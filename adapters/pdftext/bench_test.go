//go:build unix

package pdftext_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkPages reads the reading test's whole set, file after file, as the
// worker does: with a deadline that could stop it. It reports milliseconds a
// page, by the clock and by the processor.
func BenchmarkPages(b *testing.B) {
	for _, set := range []struct {
		name   string
		papers []paper
	}{{"real", realPapers(b)}, {"generated", generated()}} {
		b.Run(set.name, func(b *testing.B) {
			if len(set.papers) == 0 {
				b.Skip("skipped: no real PDFs in .local/realpdfs: type `make realpdfs` on a Debian system")
			}
			benchmarkSet(b, set.papers)
		})
	}
}

func benchmarkSet(b *testing.B, papers []paper) {
	b.ReportAllocs()
	pages, began := 0, cpuTime(b)
	var lines strings.Builder
	for b.Loop() {
		for _, p := range papers {
			read, took := readOnce(b, p)
			pages += read
			fmt.Fprintf(&lines, "%-50s %5d pages %6.1f ms a page\n", p.name, read, took.Seconds()*1000/float64(read))
		}
	}
	b.Log("\n" + lines.String())
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(pages), "ms/page")
	b.ReportMetric((cpuTime(b)-began).Seconds()*1000/float64(pages), "cpu-ms/page")
}

// readOnce gives a file's pages and the processor's time for them.
func readOnce(b *testing.B, p paper) (int, time.Duration) {
	b.Helper()
	began := cpuTime(b)
	pages, err := pagesOf(b.Context(), p.data)
	if err != nil {
		b.Fatalf("%s: %v", p.name, err)
	}
	return len(pages), cpuTime(b) - began
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
