package place

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Figures is everything measured of the place at one moment, by its name:
// <service>.rss_mib, .peak_mib, .threads, .descriptors, .cpu_seconds and
// .goroutines; database.*, queue.*, documents.*, callbacks.*, embedder.* and
// spool.files. A service that is stopped has none.
func (p *Place) Figures(ctx context.Context) (map[string]float64, error) {
	all := map[string]float64{}
	for name, process := range p.alive() {
		all[name+".rss_mib"], all[name+".peak_mib"] = process.RSSMiB(), process.PeakMiB()
		all[name+".threads"], all[name+".descriptors"] = process.Threads(), process.Descriptors()
		all[name+".cpu_seconds"] = process.CPUSeconds()
		if n, err := goroutines(ctx, p.adminOf(name)); err == nil { // it may have ended just now
			all[name+".goroutines"] = n
		}
	}
	p.postbox.figures(all)
	ledger := p.openai.Ledger()
	all["embedder.inputs"], all["embedder.refused"], all["embedder.tokens"] = float64(ledger.Inputs), float64(ledger.Refused), float64(ledger.Tokens)
	if files, err := os.ReadDir(p.env["SPOOL_DIR"]); err == nil {
		all["spool.files"] = float64(len(files))
	}
	return all, p.rows(ctx, all)
}

// alive is the services that run.
func (p *Place) alive() map[string]*Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]*Process{}
	for name, process := range p.running {
		if process.Alive() {
			all[name] = process
		}
	}
	return all
}

func (p *Place) adminOf(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.admin[name]
}

// figuresSQL reads what may grow, and how far the documents are.
const figuresSQL = `select
	(select count(*) from pg_stat_activity where datname = current_database() and usename like 'inav%'),
	(select count(*) from river.river_job),
	(select count(*) from river.river_job where state in ('available', 'pending', 'running', 'retryable', 'scheduled')),
	pg_database_size(current_database()) / 1048576.0,
	count(*) filter (where status = 'complete'), count(*) filter (where status like 'failed%'),
	count(*) filter (where status <> 'complete' and status not like 'failed%' and status <> 'cancelled'),
	coalesce(sum(chunks_embedded) filter (where status <> 'complete'), 0), coalesce(sum(chunks_total), 0)
	from upload_pipeline.upload_jobs`

// figureNames are those of the statement's columns.
var figureNames = []string{"database.connections", "queue.jobs", "queue.unfinished", "database.mib",
	"documents.complete", "documents.failed", "documents.open", "chunks.embedded_of_open", "chunks.total"}

func (p *Place) rows(ctx context.Context, into map[string]float64) error {
	return p.super(ctx, func(conn *pgx.Conn) error {
		values, targets := make([]float64, len(figureNames)), make([]any, len(figureNames))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := conn.QueryRow(ctx, figuresSQL).Scan(targets...); err != nil {
			return fmt.Errorf("read the database's figures: %w", err)
		}
		for i, name := range figureNames {
			into[name] = values[i]
		}
		return nil
	})
}

// super works with a connection of the superuser.
func (p *Place) super(ctx context.Context, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, p.db.SuperURL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is under way
	return work(conn)
}

// metricsTime bounds a look at a service's metrics.
const metricsTime = 2 * time.Second

// goroutines reads a service's count of goroutines from its metrics.
func goroutines(ctx context.Context, admin string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, metricsTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close() //nolint:errcheck // read below
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "go_goroutines "); ok {
			return strconv.ParseFloat(text, 64)
		}
	}
	return 0, fmt.Errorf("no count of goroutines at %s: %w", admin, lines.Err())
}
