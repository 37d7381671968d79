package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// report is all that is printed.
type report struct {
	Pages      int     `json:"pages"`
	Costs      costs   `json:"costs"`
	Capacities []row   `json:"capacities"`
	Databases  []row   `json:"databases"`
	Needs      []needs `json:"needs"`
}

// row is one deployment and what it came to.
type row struct {
	Deployment deployment    `json:"deployment"`
	PerSecond  float64       `json:"documents_per_second"`
	Bound      string        `json:"bound"`
	Database   float64       `json:"database_use"`
	P50        time.Duration `json:"p50"` // at 70 % of the capacity
	P95        time.Duration `json:"p95"`
}

var workerCounts = []int{1, 2, 4, 8, 16, 32}

func main() {
	pages := flag.Int("pages", 10, "pages of a document")
	machines := flag.Bool("json", false, "for machines")
	c := measured
	flag.DurationVar(&c.Worker, "worker", c.Worker, "the worker's CPU for a document")
	flag.DurationVar(&c.WorkerPage, "worker-page", c.WorkerPage, "and for each page")
	flag.DurationVar(&c.Database, "database", c.Database, "the database's CPU for a document")
	flag.DurationVar(&c.DatabasePage, "database-page", c.DatabasePage, "and for each page")
	flag.Parse()
	r := simulate(*pages, c)
	if *machines {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r); err != nil {
			fmt.Fprintln(os.Stderr, "simulate:", err)
			os.Exit(1)
		}
		return
	}
	fmt.Print(r.markdown())
}

func simulate(pages int, c costs) report {
	r := report{Pages: pages, Costs: c}
	for _, contract := range contracts {
		for _, workers := range workerCounts {
			r.Capacities = append(r.Capacities, run(deployment{Workers: workers, WorkerCores: 2, DatabaseCores: 2, Provider: contract, Pages: pages}, c))
		}
	}
	for _, cores := range []int{2, 4, 8, 16} {
		r.Databases = append(r.Databases, run(deployment{Workers: 32, WorkerCores: 2, DatabaseCores: cores, Provider: contracts[2], Pages: pages}, c))
	}
	for _, perDay := range []float64{10_000, 100_000, 1_000_000} {
		r.Needs = append(r.Needs, million(perDay, pages, c))
	}
	return r
}

func run(d deployment, c costs) row {
	most := capacity(d, c)
	usual := load(d, c, 0.7*most.PerSecond)
	return row{Deployment: d, PerSecond: round(most.PerSecond), Bound: most.Bound, Database: most.Use["the database"],
		P50: usual.percentile(50), P95: usual.percentile(95)}
}

// markdown is the tables of docs/performance.md.
func (r report) markdown() string {
	var out strings.Builder
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
	fmt.Fprintf(&out, "| Contract | Workers | Documents/s | a day | bounded by | database | p50, p95 at 70 %% |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, row := range r.Capacities {
		fmt.Fprintf(&out, "| %s | %d | %.1f | %s | %s | %.0f %% | %s, %s |\n", row.Deployment.Provider.Name, row.Deployment.Workers, row.PerSecond,
			whole(row.PerSecond*24*3600), row.Bound, 100*row.Database, seconds(row.P50), seconds(row.P95))
	}
	fmt.Fprintf(&out, "\n| Cores of the database, 32 workers, no limit | Documents/s | bounded by |\n| --- | --- | --- |\n")
	for _, row := range r.Databases {
		fmt.Fprintf(&out, "| %d | %.1f | %s |\n", row.Deployment.DatabaseCores, row.PerSecond, row.Bound)
	}
	fmt.Fprintf(&out, "\n| A day | mean, peak | database | workers | parser | embedder | rows | USD a day: parser, embedder, machines |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, n := range r.Needs {
		fmt.Fprintf(&out, "| %s | %.1f/s, %.1f/s | %d cores | %d | %.1f/s, %s at once | %s tokens a minute | %.0f GB | %s, %s, %s |\n",
			whole(n.PerDay), n.Mean, n.Peak, n.DatabaseCores, n.Workers, n.Submits, whole(float64(n.Jobs)), whole(n.TokensMinute), n.GBDay,
			whole(n.ParserUSD), whole(n.EmbedderUSD), whole(n.MachinesUSD))
	}
	return out.String()
}

// whole writes a number without broken parts, with commas.
func whole(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
