package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/bench/place"
	"github.com/insurance-navigator/navigator/core"
)

// The load of the upload: each round sends so many files, so many at once.
const (
	uploadAtOnce = 50
	uploadFiles  = 50
	uploadRounds = 3
)

// target is one server that files are sent to.
type target struct {
	process *place.Process
	address string
	token   string
	rates   []float64 // MB/s of each round
	cpu     float64   // seconds of the process's own
	around  float64   // seconds of the sender and the storage
	server  float64   // seconds of the database
	sent    float64   // MB
}

// perMB is milliseconds of CPU for each MB, from seconds in all.
func (t *target) perMB(seconds float64) float64 { return 1000 * seconds / t.sent }

// BenchmarkUpload sends large files to the API, to a bare handler that spools
// and hashes the same way, and to one that then passes the file on to the same
// storage, in turns.
func BenchmarkUpload(b *testing.B) {
	for b.Loop() {
		benchmarkUpload(b)
	}
}

func benchmarkUpload(b *testing.B) {
	b.Helper()
	storage := discarding(http.NotFoundHandler())
	w := newWorld(b, nobody{}, discarding)
	process, ready := w.open()
	ours := &target{process: process, address: w.uploads(), token: w.token}
	spool, forward := bare(b, "spool"), bare(b, "forward", "BENCH_STORAGE="+serve(b, storage))
	idle, held := ours.process.PeakMiB(), ours.process.RSSMiB()
	file := paddedPDF(10, 0, int(httpapi.DefaultLimits().MaxFileBytes))
	profiled := cpuProfile(b, "api", ready.Admin, 30)
	w.db.forgetStatements(b)
	for round := range uploadRounds {
		for _, t := range []*target{ours, spool, forward} {
			t.round(b, file, round)
		}
	}
	profiled()
	w.db.statements(b, uploadRounds*uploadFiles)
	sheet.describe(b, "%d rounds of %d PDF files of 10 pages and %.2f MiB, %d at once; the API also inspects with PDFium, stores and keeps a row",
		uploadRounds, uploadFiles, float64(len(file))/place.MiB, uploadAtOnce)
	note := fmt.Sprintf("median of %d rounds", uploadRounds)
	sheet.add(b, figure{Measure: "upload", Value: median(ours.rates), Unit: "MB/s",
		Rival: "by a bare handler that spools", Beside: median(spool.rates), Note: note + "; the target is a ratio of 0.95"}, "MB/s")
	sheet.add(b, figure{Measure: "upload", Value: median(ours.rates), Unit: "MB/s",
		Rival: "by one that spools and stores", Beside: median(forward.rates), Note: note}, "MB/s-stored")
	addCost(b, ours, spool, forward)
	addMemory(b, idle, held, ours.process.PeakMiB(), spool.process.PeakMiB())
}

// addCost adds what a MB costs the processors, which bound the rates: of the
// servers themselves, and of all who take part beside them; each core has
// 1000 ms a second.
func addCost(b *testing.B, ours, spool, forward *target) {
	b.Helper()
	for _, rival := range []struct {
		*target
		name, metric string
	}{{spool, "of a bare handler that spools", ""}, {forward, "of one that spools and stores", "-stored"}} {
		note := fmt.Sprintf("sender and storage %.2f beside %.2f, database %.2f beside %.2f",
			ours.perMB(ours.around), rival.perMB(rival.around), ours.perMB(ours.server), rival.perMB(rival.server))
		sheet.add(b, figure{Measure: "the server's CPU", Value: ours.perMB(ours.cpu), Unit: "ms a MB",
			Rival: rival.name, Beside: rival.perMB(rival.cpu), Note: note}, "upload-cpu-ms"+rival.metric)
	}
}

// addMemory adds what the API held at most, and what of it came with the
// uploads; idle is its peak before the first of them, held what it had then.
func addMemory(b *testing.B, idle, held, ours, bare float64) {
	b.Helper()
	if ours == 0 || bare == 0 {
		unmeasured(b, "peak RSS", "RSS-MiB")
		return
	}
	sheet.add(b, figure{Measure: "peak RSS", Value: ours, Unit: "MiB", Rival: "of the bare handler", Beside: bare,
		Note: fmt.Sprintf("of the whole process; %.0f MiB of it stood before the first upload, with PDFium's code and one sign-up", idle)}, "RSS-MiB")
	sheet.add(b, figure{Measure: "RSS above idle", Value: ours - idle, Unit: "MiB",
		Note: fmt.Sprintf("above the peak before the first upload, %.0f above what was held then; the target is 64", ours-held)}, "RSS-above-idle-MiB")
}

// unmeasured says of a figure of memory why it is not there.
func unmeasured(b *testing.B, measure, metric string) {
	b.Helper()
	sheet.add(b, figure{Measure: measure, Unit: "MiB", Note: "not measured: this system has no /proc"}, metric)
}

// nobody is an extractor that is never asked.
type nobody struct{ core.TextExtractor }

// round sends the files, each with another number in it.
func (t *target) round(b *testing.B, file []byte, round int) {
	b.Helper()
	began, own, around, server := time.Now(), t.process.CPUSeconds(), ownCPU(), private.cluster.CPUSeconds()
	err := atOnce(uploadAtOnce, uploadFiles, func(i int) error {
		head, rest := numbered(file, round*uploadFiles+i)
		return upload(b.Context(), t.address, t.token, io.MultiReader(bytes.NewReader(head), bytes.NewReader(rest)), int64(len(file)))
	})
	if err != nil {
		b.Fatalf("%s: %v\n%s", t.process.Name, err, t.process.Log())
	}
	mb := float64(uploadFiles) * float64(len(file)) / 1e6
	t.rates = append(t.rates, mb/time.Since(began).Seconds())
	t.sent, t.cpu = t.sent+mb, t.cpu+t.process.CPUSeconds()-own
	t.around, t.server = t.around+ownCPU()-around, t.server+private.cluster.CPUSeconds()-server
}

// numbered is the file with another number and the same length: it becomes
// another document without being copied.
func numbered(file []byte, number int) (head, rest []byte) {
	from := len("%PDF-1.7\n%document ")
	end := bytes.IndexByte(file[from:], '\n') + from
	head = fmt.Appendf(bytes.Clone(file[:from]), "%0*d", end-from, number)
	return head, file[end:]
}

// bare starts a rival as a process of its own, with the settings of its kind.
func bare(b *testing.B, kind string, settings ...string) *target {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p, ready := start(b, "bare "+kind, self, append([]string{childEnv + "=" + kind, "BENCH_SPOOL=" + b.TempDir()}, settings...))
	return &target{process: p, address: ready.API}
}

// discarding stands before the storage: it takes large objects in and keeps
// their size alone.
func discarding(next http.Handler) http.Handler {
	const large = 1 << 20
	var sizes sync.Map // path of the object -> bytes
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/storage/v1/object/")
		size, known := sizes.Load(strings.TrimPrefix(name, "info/"))
		switch {
		case r.Method == http.MethodPost && r.ContentLength > large:
			n, err := drained(r.Body)
			if err != nil || n != r.ContentLength {
				panic(http.ErrAbortHandler)
			}
			sizes.Store(name, n)
			reply(w, map[string]any{"Key": name, "Id": core.NewID().String()})
		case r.Method == http.MethodGet && known:
			reply(w, map[string]any{"name": filepath.Base(name), "size": size, "content_type": pdftext.TypePDF})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// drained reads all of r and says how many bytes those were: many at once, for
// io.Discard takes 8 KB at a time, and what the storage costs is not what is
// measured.
func drained(r io.Reader) (n int64, err error) {
	room, _ := drains.Get().(*[256 << 10]byte)
	defer drains.Put(room)
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, room[:])
}

var drains = sync.Pool{New: func() any { return new([256 << 10]byte) }}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // a client that left hears nothing
}
