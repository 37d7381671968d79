package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The names of the checks of the parser.
const (
	parserName  = "parser"
	versionName = "parser's version"
	heldName    = "parser's copies"
)

// jobsBack is how far back the parser's jobs are looked through: it keeps what
// was uploaded no longer than that.
const jobsBack = 48 * time.Hour

// parser asks the outside parser, under the service's own key, whether it lets
// us in, and what it holds that no live document of this database knows.
func parser(ctx context.Context, environ []string, config boot.Config) []Check {
	switch {
	case config.Parser != "llamaparse":
		return []Check{good(parserName, config.Parser+" works in the worker and holds nothing")}
	case !given(environ, "LLAMAPARSE_API_KEY"):
		return []Check{skipped(parserName, "no key is set")}
	}
	holdings, err := config.Holdings()
	if err != nil {
		return []Check{bad(parserName, err.Error(), settingsAdvice)}
	}
	ctx, cancel := context.WithTimeout(ctx, parserTime)
	defer cancel()
	if err := holdings.Healthy(ctx); err != nil {
		return []Check{refused(parserName, err), skipped(heldName, "the parser does not let us in")}
	}
	return []Check{good(parserName, "it lets our key in"), version(ctx, config, holdings), copies(ctx, environ, config, holdings)}
}

// version asks whether the parser still has the version that is pinned.
func version(ctx context.Context, config boot.Config, holdings ports.Holdings) Check {
	pinned := config.LlamaTier + " of " + config.LlamaVersion
	parser, ok := holdings.(interface {
		Offered(ctx context.Context) (bool, error)
	})
	if !ok {
		return skipped(versionName, "the parser has none")
	}
	offered, err := parser.Offered(ctx)
	switch {
	case err != nil:
		return refused(versionName, err)
	case !offered:
		return bad(versionName, pinned+" is not offered any more: every document will be refused", "Set LLAMAPARSE_VERSION to a date that the vendor offers for the tier.")
	}
	return good(versionName, pinned+" is offered")
}

// parserTime bounds all of the parser's checks.
const parserTime = 2 * time.Minute

// copies compares the parser's lists with the database.
func copies(ctx context.Context, environ []string, config boot.Config, holdings ports.Holdings) Check {
	url := config.WorkerURL()
	if !given(environ, "DATABASE_URL") && !given(environ, "WORKER_DATABASE_URL") {
		return skipped(heldName, "no database is set to compare with")
	}
	pool, err := pgxpool.New(ctx, url.Reveal())
	if err != nil {
		return skipped(heldName, "the database's address cannot be read")
	}
	defer pool.Close()
	held, err := holding(ctx, holdings)
	if err != nil {
		return refused(heldName, err)
	}
	unknown, err := postgres.NewStore(pool, nil, postgres.DefaultWaits()).Unknown(ctx, held.attempts())
	if err != nil {
		return refused(heldName, err)
	}
	return held.judged(unknown)
}

// held is whose the parser's files and jobs are, by their marks.
type held struct{ files, jobs []core.ID }

func holding(ctx context.Context, holdings ports.Holdings) (h held, err error) {
	files, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldFile], error) {
		return holdings.ListFiles(ctx, ports.FileFilter{}, after)
	})
	if err != nil {
		return h, err
	}
	jobs, err := ports.ReadAll(func(after string) (ports.Page[ports.HeldJob], error) {
		return holdings.ListJobs(ctx, ports.JobFilter{From: time.Now().Add(-jobsBack)}, after)
	})
	for _, f := range files {
		h.files = append(h.files, f.Attempt)
	}
	for _, j := range jobs {
		h.jobs = append(h.jobs, j.Attempt)
	}
	return h, err
}

// attempts is everyone's, each once.
func (h held) attempts() (all []core.ID) {
	seen := map[core.ID]bool{}
	for _, list := range [][]core.ID{h.files, h.jobs} {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}

// judged counts what nobody here knows. A job is no harm by itself; a file may
// be somebody's papers.
func (h held) judged(unknown []core.ID) Check {
	strange := map[core.ID]bool{}
	for _, id := range unknown {
		strange[id] = true
	}
	files, jobs := count(h.files, strange), count(h.jobs, strange)
	detail := fmt.Sprintf("%d files, %d of no document here; %d jobs of two days, %d of no document here", len(h.files), files, len(h.jobs), jobs)
	if files+jobs == 0 {
		return good(heldName, detail)
	}
	return warning(heldName, detail, "Where no other deployment uses this key, delete those files at the parser: they may be somebody's papers. Jobs expire by themselves.")
}

func count(ids []core.ID, of map[core.ID]bool) (n int) {
	for _, id := range ids {
		if of[id] {
			n++
		}
	}
	return n
}
