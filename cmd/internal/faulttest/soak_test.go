package faulttest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// bounds are the most that a figure may grow in a minute of steady load, once
// warm. What is kept for each document is held to the documents instead.
var bounds = map[string]float64{
	"api MiB": 8, "webhook MiB": 8, "worker MiB": 12,
	"api threads": 2, "webhook threads": 2, "worker threads": 2,
	"api descriptors": 4, "webhook descriptors": 4, "worker descriptors": 4,
	"connections": 4, "unfinished jobs": 6, "jobs a document": 3, "KiB a document": 60,
}

// sample is the figures of one moment.
type sample struct {
	minutes float64
	figures map[string]float64
}

// sampleEvery is between two samples.
const sampleEvery = 5 * time.Second

// slope is the growth of a figure a minute, by least squares.
func slope(all []sample, name string) float64 {
	var n, x, y, xx, xy float64
	for _, s := range all {
		n, x, y = n+1, x+s.minutes, y+s.figures[name]
		xx, xy = xx+s.minutes*s.minutes, xy+s.minutes*s.figures[name]
	}
	if d := n*xx - x*x; d != 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

// A line's slope is found, and that of a level is none.
func TestSlope(t *testing.T) {
	t.Parallel()
	var all []sample
	for n := range 5 {
		all = append(all, sample{float64(n), map[string]float64{"up": 3*float64(n) + 7, "flat": 7}})
	}
	if up, flat := slope(all, "up"), slope(all, "flat"); up != 3 || flat != 0 {
		t.Errorf("slopes %v and %v", up, flat)
	}
}

// process reads what the system knows of a program.
func (p *process) figures(into map[string]float64) error {
	p.mu.Lock()
	dir := fmt.Sprintf("/proc/%d", p.cmd.Process.Pid)
	p.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(dir, "status")) //nolint:gosec // the system's
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseFloat(fields[1], 64) // other lines are not asked for
		switch fields[0] {
		case "VmRSS:":
			into[p.name+" MiB"] = n / 1024
		case "VmHWM:":
			into[p.name+" peak MiB"] = n / 1024
		case "Threads:":
			into[p.name+" threads"] = n
		}
	}
	open, err := os.ReadDir(filepath.Join(dir, "fd"))
	into[p.name+" descriptors"] = float64(len(open))
	return err
}

// figures reads everything that may grow.
func (w *world) figures(ctx context.Context) (map[string]float64, error) {
	all := map[string]float64{}
	for _, name := range []string{"api", "webhook", "worker"} {
		if err := w.process(name).figures(all); err != nil {
			return nil, err
		}
	}
	err := w.super(ctx, func(conn *pgx.Conn) error {
		var connections, unfinished, jobs, size, documents float64
		err := conn.QueryRow(ctx, `select (select count(*) from pg_stat_activity where datname = current_database() and usename like 'inav%'),
			(select count(*) from river.river_job where state in ('available', 'pending', 'running', 'retryable', 'scheduled')),
			(select count(*) from river.river_job), (select pg_database_size(current_database()) / 1024),
			(select greatest(count(distinct document_id), 1) from upload_pipeline.events)`).Scan(&connections, &unfinished, &jobs, &size, &documents)
		all["connections"], all["unfinished jobs"], all["jobs a document"] = connections, unfinished, jobs/documents
		all["KiB a document"], all["documents"] = size/documents, documents
		return err
	})
	return all, err
}

// load has one person upload, wait and delete in turn, until ctx ends.
func (c *client) load(ctx context.Context, user int) error {
	for n := 0; ctx.Err() == nil; n++ {
		id, err := c.upload(ctx, corpus.Filler(1+n%3, uint64(user*1_000_000+n)).Bytes) //nolint:gosec // small numbers
		if err == nil {
			_, err = c.ends(ctx, id)
		}
		if err == nil && n%2 == 0 {
			err = c.remove(ctx, id)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// Under a steady load nothing grows that should not.
func TestSoak(t *testing.T) {
	if *soakFlag <= 0 {
		t.Skip("a steady load takes minutes: make soak MIN=10")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(*soakFlag)*time.Minute)
	defer cancel()
	w, d := newWorld(t, dbtest.New(t, db.Schemas{})), &diary{}
	w.extra = map[string]string{"AUTH_ACCESS_TTL": "24h"}
	for _, service := range []string{"api", "webhook", "worker"} {
		w.run(service, service)
	}
	var users sync.WaitGroup
	for n := range 4 {
		person, err := w.signUp(ctx, fmt.Sprintf("user-%d", n), d)
		if err != nil {
			t.Fatal(err)
		}
		users.Go(func() {
			if err := person.load(ctx, n); err != nil {
				t.Error(err)
			}
		})
	}
	all := w.watchGrowth(ctx, t)
	users.Wait()
	judgeGrowth(t, all)
}

// watchGrowth takes samples until ctx ends.
func (w *world) watchGrowth(ctx context.Context, t *testing.T) (all []sample) {
	t.Helper()
	began, tick := time.Now(), time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return all
		case <-tick.C:
		}
		figures, err := w.figures(ctx)
		if ctx.Err() != nil {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sample{time.Since(began).Minutes(), figures})
		t.Logf("%5.2f min: %v", time.Since(began).Minutes(), rounded(figures))
	}
}

func rounded(figures map[string]float64) map[string]int {
	all := map[string]int{}
	for name, n := range figures {
		all[name] = int(n)
	}
	return all
}

// judgeGrowth holds the figures to their bounds, the first third left out: it
// warms up.
func judgeGrowth(t *testing.T, all []sample) {
	t.Helper()
	warm := all[len(all)/3:]
	if len(warm) < 5 {
		t.Fatalf("only %d samples", len(all))
	}
	for name, most := range bounds {
		got := slope(warm, name)
		t.Logf("soak: %-20s %+8.2f a minute, at most %.0f", name, got, most)
		if got > most {
			t.Errorf("%s grows by %.2f a minute, at most %.0f is in order", name, got, most)
		}
	}
}
