package faulttest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/observability/alertmanager"
	"github.com/insurance-navigator/navigator/observability/grafana"
	"github.com/insurance-navigator/navigator/observability/grafana/panels"
	"github.com/insurance-navigator/navigator/observability/grafana/preview"
	"github.com/insurance-navigator/navigator/observability/prometheus"
	"github.com/insurance-navigator/navigator/observability/stack"
)

// env is the name of the deployment that the panels are asked about.
const env = "panels"

// gallery is the services under a load with faults, and beside them what an
// operator looks through.
type gallery struct {
	*bed
	t       *testing.T
	scene   panels.Scene
	missing []stack.Program // that are not installed here
	other   *client         // than the bed's person
}

// TestPanels asks every panel's query of a real Prometheus that scraped the real
// services under a load with faults: none is empty, and what they count equals
// the database.
func TestPanels(t *testing.T) {
	if *panelsFlag == "" {
		// Minutes under load, and it writes a page of the repository; that every
		// query parses and asks for what there is, is tested in every run.
		t.Skip("the panels are asked under a load of two minutes: make panels")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	g := newGallery(ctx, t)
	if err := g.load(ctx); err != nil {
		t.Fatal(err)
	}
	if err := g.counts(ctx); err != nil {
		t.Error(err)
	}
	if err := g.scraped(ctx); err != nil {
		t.Fatal(err)
	}
	g.scene.To = time.Now()
	shots, err := g.scene.Shoot(ctx, grafana.All(), g.lacks)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.business(ctx, shots); err != nil {
		t.Error(err)
	}
	g.judge(ctx, shots)
	g.keep(shots)
}

func newGallery(ctx context.Context, t *testing.T) *gallery {
	t.Helper()
	if advice, ok := stack.Installed(); !ok {
		t.Skip("the panels are NOT asked: " + advice)
	}
	db, redis := newCluster(t), redistest.New(t).URL()
	w := newWorld(t, db)
	replica, _, err := db.standby(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.extra = map[string]string{"ADMIN_PORT": "0", "MONTHLY_BUDGET_USD": "100", "REFUSAL_EVERY": "1s", "REDIS_URL": redis, "STATUS_CACHE_TTL": "5s", "UPLOAD_PIPELINE_ENVIRONMENT": env,
		"DATABASE_REPLICA_URL": replica.URL("navigator", "inav_app", db.password), "LOKI_URL": loki(ctx, t, "", "")}
	g := &gallery{bed: &bed{world: w, cluster: db, diary: &diary{}}, t: t}
	options := stack.Options{Dir: filepath.Join(t.TempDir(), "stack"), Scrape: time.Second, Postgres: db.SuperURL(), Redis: redis, Node: true,
		Settings: prometheus.Settings{Env: env, Runbooks: "https://runbooks.example.com", Dashboards: "https://grafana.example.com"}}
	for _, service := range []string{"api", "webhook", "worker"} {
		w.run(service, service)
		options.Targets = append(options.Targets, stack.Target{Job: service, Address: strings.TrimPrefix(w.admins[service], "http://")})
	}
	if address := w.extra["LOKI_URL"]; address != "" {
		options.Targets = append(options.Targets, stack.Target{Job: "loki", Address: strings.TrimPrefix(address, "http://")})
	}
	options.Probes = []string{w.front() + "/health"}
	if options.Tree, err = alertmanager.Local(w.serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))); err != nil {
		t.Fatal(err)
	}
	g.scene = panels.Scene{Loki: w.extra["LOKI_URL"], From: time.Now(), Step: time.Second, Window: 10 * time.Second, Values: map[string]string{"env": env}}
	running, err := stack.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			t.Error(err)
		}
	})
	g.scene.Prometheus, g.missing = running.Prometheus, running.Missing
	if err := g.scraped(ctx); err != nil { // what is counted before is no increase
		t.Fatal(err)
	}
	for n, person := range []**client{&g.person, &g.other} {
		if *person, err = w.signUp(ctx, fmt.Sprintf("user-%d", n), g.diary); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// load is what befalls: work, refusals at the doors, faults of every service.
func (g *gallery) load(ctx context.Context) error {
	for _, step := range []struct {
		what string
		work func(context.Context) error
	}{
		{"work", func(ctx context.Context) error { return g.during(ctx, func(context.Context) error { return nil }) }},
		{"the doors", g.doors},
		{"faults outside", g.outsideFaults},
		{"failures", g.failures},
		{"waits", g.waits},
		{"work again", func(ctx context.Context) error { return g.during(ctx, func(context.Context) error { return nil }) }},
		{"rest", g.rests},
	} {
		if err := step.work(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		g.t.Logf("%s: done after %.0f s", step.what, time.Since(g.scene.From).Seconds())
	}
	return nil
}

// ask makes a call whose answer has to be the status.
func (g *gallery) ask(ctx context.Context, c *client, method, path, body string, want int) error {
	r, err := c.send(ctx, method, path, http.Header{"Content-Type": {"application/json"}}, []byte(body))
	if r.status != want {
		return fmt.Errorf("%s %s answered %d %s, want %d: %w", method, path, r.status, r.text("code"), want, err)
	}
	return nil
}

// doors is what people and others do who are refused: a wrong password, a token
// that is none, another's document, the same file again, a file that is none,
// forged callbacks, a storage that is away.
func (g *gallery) doors(ctx context.Context) error {
	paper := corpus.MemberCard().Bytes
	id, err := g.person.upload(ctx, paper)
	if err != nil {
		return err
	}
	stranger := &client{w: g.world, token: "none", diary: g.diary}
	for _, one := range []struct {
		who                *client
		method, path, body string
		want               int
	}{
		{&client{w: g.world, diary: g.diary}, http.MethodPost, "/auth/login", `{"email":"user-0@example.com","password":"a-wrong-lantern-word"}`, http.StatusUnauthorized},
		{&client{w: g.world, diary: g.diary}, http.MethodPost, "/auth/login", `{"email":"user-0@example.com","password":"quiet-heron-lantern-user-0"}`, http.StatusOK},
		{stranger, http.MethodGet, "/documents", "", http.StatusUnauthorized},
		{g.other, http.MethodGet, "/documents/" + id.String(), "", http.StatusNotFound},
		{g.person, http.MethodPost, "/search", `{"query":"deductible"}`, http.StatusOK},
		{g.person, http.MethodPost, "/search", `{"query":""}`, http.StatusUnprocessableEntity},
	} {
		if err := g.ask(ctx, one.who, one.method, one.path, one.body, one.want); err != nil {
			return err
		}
	}
	if r, err := g.person.post(ctx, core.NewID().String(), paper); err != nil || r.status != http.StatusConflict {
		return fmt.Errorf("the same file again answered %d: %w", r.status, err)
	}
	g.supa.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: supabasetest.ServerError})
	if err := g.refused(ctx); err != nil {
		return err
	}
	g.supa.Mend()
	return g.forge(ctx, id)
}

// forge sends callbacks that nobody signed.
func (g *gallery) forge(ctx context.Context, id core.ID) error {
	for range 3 {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.callbacks.Load().String()+"/webhook/llamaparse/"+id.String(), strings.NewReader(`{"event":"parse.success"}`))
		if err != nil {
			return err
		}
		r, err := answered(request)
		if err != nil || r.status < http.StatusBadRequest {
			return fmt.Errorf("a forged callback answered %d: %w", r.status, err)
		}
	}
	return nil
}

// outsideFaults has every service outside fail while documents are on their way.
func (g *gallery) outsideFaults(ctx context.Context) error {
	g.llama.Faults.Busy429(1, "1")
	g.llama.Faults.DropWebhook(1)
	g.openai.Inject(openaitest.Fault{Kind: openaitest.RateLimitRequests, RetryAfter: time.Second}, openaitest.Fault{Kind: openaitest.ServerError})
	if err := g.during(ctx, func(context.Context) error { return nil }); err != nil {
		return err
	}
	g.llama.Faults.ServerErrors(2)
	return g.during(ctx, func(context.Context) error { return nil })
}

// failures are a document that the parser cannot read, and an announced file
// that is not what it should be.
func (g *gallery) failures(ctx context.Context) error {
	g.llama.Faults.FailWith("PDF_IS_BROKEN")
	defer g.llama.Faults.FailWith("")
	g.papers++
	id, err := g.person.upload(ctx, corpus.Filler(1, g.papers).Bytes)
	if err != nil {
		return err
	}
	end, err := g.person.ends(ctx, id)
	if err == nil && !end.status.Failed() {
		err = fmt.Errorf("a document that cannot be read ended as %s", end.status)
	}
	if err != nil {
		return err
	}
	garbage := []byte("this is no PDF at all")
	id, address, err := g.person.announce(ctx, len(garbage))
	if err != nil {
		return err
	}
	if err := g.person.put(ctx, address, garbage); err != nil {
		return err
	}
	g.diary.note(audit.OpUpload, id, "", audit.Fail) // nothing is promised of it
	if err := g.person.said(ctx, id); err != nil {
		return err
	}
	return g.shows(ctx, `sum (docpipe_documents_accepted_total{outcome="rejected"})`, 1)
}

// said is sentIt for a file that is not taken.
func (c *client) said(ctx context.Context, id core.ID) error {
	_, err := again(ctx, func() (reply, error) {
		return c.send(ctx, http.MethodPost, pathAnnounce+"/"+id.String()+"/complete", nil, nil)
	})
	return err
}

// waits lets documents wait long enough to be seen: for the parser, then for an
// embedder that refuses our key.
func (g *gallery) waits(ctx context.Context) error {
	g.llama.Faults.Hold()
	held, err := g.upload(ctx)
	if err != nil {
		return err
	}
	if err := g.shows(ctx, `max (webhook_callbacks_pending)`, float64(len(held))); err != nil {
		return err
	}
	if err := g.strand(ctx); err != nil {
		return err
	}
	g.openai.Inject(openaitest.Fault{Kind: openaitest.KeyRevoked, Times: -1}, openaitest.Fault{Kind: openaitest.KeyRevoked, Times: -1, Health: true})
	g.llama.Faults.Release()
	if err := g.shows(ctx, `max (river_queue_paused{queue="embed"})`, 1); err != nil {
		return err
	}
	g.openai.Heal()
	return g.complete(ctx, held)
}

// strand leaves the row of a job that was given up: a stage of ours ends its
// document instead, so that only a fault of the program leaves one.
func (g *gallery) strand(ctx context.Context) error {
	err := g.super(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `insert into river.river_job (kind, queue, args, max_attempts, attempt, state, finalized_at)
			values ('finish', 'line', '{}', 1, 1, 'discarded', now())`)
		return err
	})
	if err != nil {
		return err
	}
	return g.shows(ctx, `sum (max by (state) (river_jobs{state="discarded"}))`, 1)
}

// value is one number of Prometheus; -1 where there is none.
func (g *gallery) value(ctx context.Context, expr string) (float64, error) {
	now := g.scene
	now.To = time.Now()
	found, err := now.Ask(ctx, grafana.Dashboard{}, grafana.Target{Expr: expr, Instant: true})
	if err != nil || len(found) == 0 {
		return -1, err
	}
	value, _ := found[0].Last()
	return value, nil
}

// shows waits until Prometheus shows a number.
func (g *gallery) shows(ctx context.Context, expr string, want float64) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	_, err := again(ctx, func() (bool, error) {
		got, err := g.value(ctx, expr)
		if err == nil && got != want {
			err = fmt.Errorf("%w: %s is %v, want %v", errAgain, expr, got, want)
		}
		return true, err
	})
	return err
}

// counts holds what the services counted to what the database holds.
func (g *gallery) counts(ctx context.Context) error {
	for _, one := range []struct{ expr, sql string }{
		{`sum (docpipe_documents_accepted_total{outcome="created"})`, `select count(*) from upload_pipeline.documents`},
		{`sum (docpipe_documents_finished_total{outcome="complete"})`, `select count(*) from upload_pipeline.upload_jobs where status = 'complete'`},
		{`sum (docpipe_documents_finished_total{outcome="failed"})`, `select count(*) from upload_pipeline.upload_jobs where status like 'failed%'`},
		{`sum (docpipe_documents_accepted_total{outcome="rejected"})`, `select count(*) from upload_pipeline.upload_intents where state = 'failed'`},
		{`sum (max by (status) (docpipe_documents{status=~"failed.*"}))`, `select count(*) from upload_pipeline.upload_jobs where status like 'failed%'`},
		{`sum (docpipe_chunks_stored_total)`, `select count(*) from upload_pipeline.document_chunks`},
	} {
		var want float64
		err := g.super(ctx, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, one.sql).Scan(&want) })
		if err == nil {
			err = g.shows(ctx, one.expr, want)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", one.sql, err)
		}
		g.t.Logf("%s = %.0f, as the database says", one.expr, want)
	}
	return nil
}

// business holds the numbers that people read to the database's.
func (g *gallery) business(ctx context.Context, shots []panels.Shot) error {
	shown := map[string]float64{}
	for _, shot := range shots {
		if shot.Board.UID == "docpipe-business" && len(shot.Series) == 1 {
			shown[shot.Panel.Title], _ = shot.Series[0].Last()
		}
	}
	for title, sql := range map[string]string{
		"Accepted":  `select count(*) from upload_pipeline.documents`,
		"Completed": `select count(*) from upload_pipeline.upload_jobs where status = 'complete'`,
		"Failed":    `select count(*) from upload_pipeline.upload_jobs where status like 'failed%'`,
		"Rejected":  `select count(*) from upload_pipeline.upload_intents where state = 'failed'`,
	} {
		var want float64
		if err := g.super(ctx, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, sql).Scan(&want) }); err != nil {
			return err
		}
		g.t.Logf("the panel %s shows %.0f, the database holds %.0f", title, shown[title], want)
		if shown[title] != want {
			g.t.Errorf("the panel %s shows %v, the database holds %v", title, shown[title], want)
		}
	}
	return nil
}

// elsewhere are the families that nobody tells in this run, by their beginnings,
// and who tells them.
var elsewhere = map[string]string{"probe_ssl_": "a front with TLS"}

// lacks names who tells what a query asks for, where that does not run here.
func (g *gallery) lacks(expr string) string {
	for families, who := range elsewhere {
		if strings.Contains(expr, families) {
			return who
		}
	}
	if g.scene.Loki == "" && (strings.Contains(expr, "loki_") || strings.Contains(expr, "promtail_")) { // the latter is what its client counts
		return "Loki"
	}
	families := map[string]string{"node": "node_", "postgres": "pg_", "redis": "redis_up", "blackbox": "probe_"}
	for _, program := range g.missing {
		if strings.Contains(expr, families[program.Name]) {
			return program.Package
		}
	}
	return ""
}

// scraped waits until every target was scraped after now.
func (g *gallery) scraped(ctx context.Context) error {
	now := float64(time.Now().Unix())
	return g.shows(ctx, fmt.Sprintf(`min(timestamp(up) >= bool %f)`, now+2), 1)
}

// judge fails for every query that was asked and showed nothing, and names
// those that were not asked.
func (g *gallery) judge(ctx context.Context, shots []panels.Shot) {
	empty, needs := 0, map[string]int{}
	for _, shot := range shots {
		switch {
		case shot.Needs != "":
			needs[shot.Needs]++
		case shot.Empty():
			empty++
			g.t.Errorf("EMPTY: %s: %s", shot.Name(), shot.Target.Expr)
		}
	}
	for _, d := range grafana.All() {
		for _, v := range d.Templating.List {
			if v.Type != "query" {
				continue
			}
			offered, err := g.scene.LabelValues(ctx, d, v)
			if err != nil || len(offered) == 0 || v.Name == "env" && !slices.Contains(offered, env) {
				g.t.Errorf("EMPTY: %s, variable %s offers %v (%v)", d.UID, v.Name, offered, err)
			}
		}
	}
	g.t.Logf("%d queries of %d dashboards: %d empty; NOT ASKED for want of the program here: %v", len(shots), len(grafana.All()), empty, needs)
}

// keep writes what was seen: a page of words, and a page of pictures for each
// dashboard, photographed where a browser is.
func (g *gallery) keep(shots []panels.Shot) {
	g.t.Helper()
	dir, err := filepath.Abs(*panelsFlag)
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "panels.md"), []byte(panels.Page(shots)), 0o600)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	browser, missing := exec.LookPath("chromium")
	if missing != nil {
		g.t.Log("the dashboards are NOT photographed: chromium is not installed here (Debian package chromium)")
	}
	for _, d := range grafana.All() {
		text, err := preview.Draw(d, shots)
		file := filepath.Join(dir, d.UID)
		if err == nil {
			err = os.WriteFile(file+".html", text, 0o600)
		}
		if err == nil && missing == nil {
			err = g.photograph(browser, file)
		}
		if err != nil {
			g.t.Errorf("%s: %v", d.UID, err)
		}
	}
}

// photograph takes a picture of a page beside it.
func (g *gallery) photograph(browser, file string) error {
	ctx, cancel := context.WithTimeout(g.t.Context(), startTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", //nolint:gosec // the browser that was found
		"--user-data-dir="+g.t.TempDir(), "--window-size=1600,2400", "--screenshot="+file+".png", "file://"+file+".html").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
