package bench

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// throughput is what one run of the line through a backlog came to.
type throughput struct {
	documents, chunks, embeds int
	took                      time.Duration
	worker, fakes, server     float64 // seconds of CPU; the worker's is 0 where the system does not tell
}

// BenchmarkLine uploads a backlog through the API, then starts the worker and
// measures to the last document's completion. A hand-written line then makes the
// same calls and keeps the same rows, and the product's rows are copied in by
// binary COPY. River runs the same number of empty stages before and after: a
// machine that others share is not equally fast all the while.
func BenchmarkLine(b *testing.B) {
	for _, c := range []struct {
		name string
		profile
	}{{"letters", profile{documents: 1200, pages: 1}}, {"small", profile{documents: 600, pages: 10}}, {"large", profile{documents: 10, pages: 250}}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkLine(b, c.profile)
			}
		})
	}
}

func benchmarkLine(b *testing.B, p profile) {
	b.Helper()
	material := p.material()
	w := newWorld(b, material, plain)
	w.open()
	w.uploadAll(material)
	before := emptyLine(b, p.documents, p.documents)
	t := w.drain(material)
	byHand := handmadeLine(b, material, t.chunks, false)
	after := emptyLine(b, p.documents, t.embeds)
	copied := copyChunks(b, w.db)
	empty := (before.took + after.took) / 2
	sheet.describe(b, "%d documents of %d pages, %d chunks with vectors, %.1f MB of text, %d embedding batches",
		t.documents, p.pages, t.chunks, float64(material.bytes)/1e6, t.embeds)
	seconds := t.took.Seconds()
	note := fmt.Sprintf("%.1f s from the worker's start to the last complete", seconds)
	sheet.add(b, figure{Measure: "documents", Value: float64(t.documents) / seconds, Unit: "documents/s",
		Rival: "of empty River stages", Beside: float64(p.documents) / empty.Seconds(),
		Note: fmt.Sprintf("%s; River took %.1f s before and %.1f s after", note, before.took.Seconds(), after.took.Seconds())}, "documents/s")
	addHandmade(b, t, byHand, float64(p.documents)/empty.Seconds())
	sheet.add(b, figure{Measure: "chunks", Value: float64(t.chunks) / seconds, Unit: "chunks/s",
		Rival: "by raw binary COPY", Beside: float64(t.chunks) / copied.Seconds(), Note: "COPY: median of 5"}, "chunks/s")
	addCPU(b, "worker's CPU", "worker-cpu-ms/document", t.worker, (before.work+after.work)/2, t)
	addCPU(b, "the database's CPU", "database-cpu-ms/document", t.server, (before.server+after.server)/2, t)
	addCPU(b, "the fakes' CPU, on the same cores", "fakes-cpu-ms/document", t.fakes, 0, t)
	addCPU(b, "the hand-written line's CPU, its fakes' and callbacks' in it", "handmade-cpu-ms/document", byHand.work, (before.work+after.work)/2, t)
	addCPU(b, "the hand-written line's database's CPU", "handmade-database-cpu-ms/document", byHand.server, (before.server+after.server)/2, t)
}

// addHandmade adds the product beside the hand-written line, and that beside
// lines of empty stages, of which there were so many a second.
func addHandmade(b *testing.B, t throughput, byHand burndown, empty float64) {
	b.Helper()
	documents := float64(t.documents)
	rate := documents / byHand.took.Seconds()
	sheet.add(b, figure{Measure: "documents", Value: documents / t.took.Seconds(), Unit: "documents/s",
		Rival: "of a hand-written line that makes the same calls and keeps the same rows", Beside: rate,
		Note: fmt.Sprintf("it took %.1f s; it and its fakes are one process", byHand.took.Seconds())}, "documents/s-beside-handmade")
	sheet.add(b, figure{Measure: "documents by a hand-written line", Value: rate, Unit: "documents/s", Rival: "of empty River stages", Beside: empty,
		Note: fmt.Sprintf("%.1f s of CPU of its process, the fakes' in it", byHand.work)}, "handmade-documents/s")
}

// addCPU adds what a document used, beside what one of empty stages did; 0: it
// has no such part.
func addCPU(b *testing.B, measure, metric string, used, empty float64, t throughput) {
	b.Helper()
	if used == 0 {
		return
	}
	f := figure{Measure: measure, Value: 1000 * used / float64(t.documents), Unit: "ms a document", Note: fmt.Sprintf("%.1f s in all", used)}
	if empty > 0 {
		f.Rival, f.Beside = "of empty River stages", 1000*empty/float64(t.documents)
	}
	sheet.add(b, f, metric)
}

// ownCPU is the seconds of CPU that this process has used: its fakes', while a
// line is drained.
func ownCPU() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// drain starts the webhook server and the worker and waits until the backlog
// is complete. The time runs from the worker's own word to the last event.
func (w *world) drain(m *material) throughput {
	w.b.Helper()
	w.db.forgetStatements(w.b)
	before, idle := ownCPU(), private.cluster.CPUSeconds()
	worker, ready := w.work()
	profiled := cpuProfile(w.b, "worker", ready.Admin, 8)
	w.completed(m.documents)
	cpu, fakes, server := worker.CPUSeconds(), ownCPU()-before, private.cluster.CPUSeconds()-idle
	profiled()
	w.db.statements(w.b, m.documents)
	last := scalar[time.Time](w.b, w.db.super, `select max(at) from upload_pipeline.events where status = 'complete'`)
	return throughput{
		documents: m.documents, took: last.Sub(ready.Time), worker: cpu, fakes: fakes, server: server,
		chunks: scalar[int](w.b, w.db.super, `select count(*) from upload_pipeline.document_chunks`),
		embeds: scalar[int](w.b, w.db.super, `select count(*) from river.river_job where kind = 'embed'`),
	}
}
