package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// figure is one measured row of the table.
type figure struct {
	Bench   string  `json:"bench"`
	Measure string  `json:"measure"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Rival   string  `json:"rival,omitempty"` // what it is compared with, measured in the same run
	Beside  float64 `json:"beside,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"` // Value / Beside
	Note    string  `json:"note,omitempty"`  // size of the sample, or a bar that was set
}

// machine is where the figures come from.
type machine struct {
	Cores    int       `json:"cores"`
	System   string    `json:"system"`
	Go       string    `json:"go"`
	Postgres string    `json:"postgres"`
	Settings string    `json:"settings"`
	At       time.Time `json:"at"`
}

// report collects the run's figures.
type report struct {
	mu       sync.Mutex
	Machine  machine           `json:"machine"`
	Profiles map[string]string `json:"profiles"` // of each benchmark's data
	Figures  []figure          `json:"figures"`
}

var sheet = &report{Profiles: map[string]string{}, Machine: machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
	Go: runtime.Version(), Postgres: "unused", At: time.Now().UTC()}}

// meet notes which database is measured.
func (r *report) meet(b *testing.B, pool *pgxpool.Pool) {
	b.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Machine.Postgres = scalar[string](b, pool, `select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)
		|| ', pgvector ' || (select extversion from pg_extension where extname = 'vector')`)
	r.Machine.Settings = scalar[string](b, pool, `select string_agg(name || '=' || current_setting(name), ' ' order by name) from pg_settings
		where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size')`)
}

// describe says what data a benchmark was run on.
func (r *report) describe(b *testing.B, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Profiles[b.Name()] = fmt.Sprintf(format, args...)
}

// add takes a figure to the table and to the benchmark's own line. A benchmark
// that is run again replaces what it said before.
func (r *report) add(b *testing.B, f figure, metric string) {
	f.Bench = b.Name()
	if f.Beside > 0 {
		f.Ratio = f.Value / f.Beside
		b.ReportMetric(f.Ratio, metric+"-ratio")
	}
	b.ReportMetric(f.Value, metric)
	b.ReportMetric(0, "ns/op") // left out of the line: an op is a whole run
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Figures = slices.DeleteFunc(r.Figures, func(g figure) bool { return g.Bench == f.Bench && g.Measure == f.Measure && g.Rival == f.Rival })
	r.Figures = append(r.Figures, f)
}

// outDir is where figures and logs are kept, for those who want them.
const outDir = "out"

func keepsOutput() bool { return os.Getenv("BENCH_OUT") != "" }

// finish prints the table, and writes it as JSON where that is wanted.
func (r *report) finish(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.Figures) == 0 {
		return nil
	}
	r.print(w)
	if !keepsOutput() {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(outDir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(outDir, r.Machine.At.Format("20060102T150405Z")+".json"), append(text, '\n'), 0o644)
}

func (r *report) print(w io.Writer) {
	m := r.Machine
	fmt.Fprintf(w, "\n%d cores, %s, %s, %s\n%s\n", m.Cores, m.System, m.Go, m.Postgres, m.Settings)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, f := range r.Figures {
		if i == 0 || r.Figures[i-1].Bench != f.Bench {
			_ = table.Flush()
			fmt.Fprintf(w, "\n%s: %s\n", f.Bench, cmp.Or(r.Profiles[f.Bench], "no data of its own"))
		}
		beside := ""
		if f.Rival != "" {
			beside = fmt.Sprintf("%s %s\tratio %.2f", number(f.Beside), f.Rival, f.Ratio)
		}
		fmt.Fprintf(table, "  %s\t%s %s\t%s\t%s\n", f.Measure, number(f.Value), f.Unit, cmp.Or(beside, "\t"), f.Note)
	}
	_ = table.Flush() // the terminal's troubles are its own
	fmt.Fprintln(w)
}

// number keeps three digits or so.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// sample is a set of durations.
type sample []time.Duration

// percentile is the nearest rank in milliseconds; 0 of an empty sample.
func (s sample) percentile(p int) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := (p*len(sorted) + 99) / 100
	return milliseconds(sorted[max(rank, 1)-1])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
