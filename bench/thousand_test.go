package bench

import (
	"fmt"
	"testing"
)

// thousandPages is the size of the large document; uploads may have twice as many.
const thousandPages = 1000

// BenchmarkThousandPages sends one document of 1,000 pages through an idle
// system and measures what the worker needs for it.
func BenchmarkThousandPages(b *testing.B) {
	for b.Loop() {
		benchmarkThousandPages(b)
	}
}

func benchmarkThousandPages(b *testing.B) {
	b.Helper()
	material := profile{documents: 1, pages: thousandPages}.material()
	w := newWorld(b, material, plain)
	w.open()
	worker, _ := w.work()
	idle := worker.PeakMiB()
	w.uploadAll(material)
	w.completed(material.documents)
	peak := worker.PeakMiB()
	chunks := scalar[int](b, w.db.super, "select count(*) from upload_pipeline.document_chunks where embedding is not null")
	sheet.describe(b, "one document of %d pages with %.1f MB of text, through an idle system", thousandPages, float64(material.bytes)/1e6)
	sheet.add(b, figure{Measure: "uploaded to complete", Value: w.between("uploaded").percentile(50) / 1000, Unit: "s", Note: "n=1"}, "complete-s")
	sheet.add(b, figure{Measure: "chunks with vectors", Value: float64(chunks), Unit: "chunks"}, "chunks")
	if peak == 0 {
		unmeasured(b, "the worker's peak RSS", "worker-RSS-MiB")
		return
	}
	sheet.add(b, figure{Measure: "the worker's peak RSS", Value: peak, Unit: "MiB",
		Note: fmt.Sprintf("of the whole process; %.0f MiB of it stood before the upload; the target is below 300", idle)}, "worker-RSS-MiB")
}
