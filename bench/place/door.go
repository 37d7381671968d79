package place

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Door serves a place's control: what is in it, its figures, its processes, its
// parser's callbacks, and rows. It is for this machine alone.
func (p *Place) Door() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /place", p.showPlace)
	mux.HandleFunc("GET /figures", func(w http.ResponseWriter, r *http.Request) {
		figures, err := p.Figures(r.Context())
		answer(w, figures, err)
	})
	mux.HandleFunc("GET /verify", func(w http.ResponseWriter, r *http.Request) {
		found, err := p.Verify(r.Context())
		answer(w, found, err)
	})
	mux.HandleFunc("POST /processes/{name}/{act}", p.actOn)
	mux.HandleFunc("GET /callbacks", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.postbox.letters(), nil) })
	mux.HandleFunc("POST /callbacks/hold", func(w http.ResponseWriter, _ *http.Request) { p.postbox.hold(true); answer(w, nil, nil) })
	mux.HandleFunc("POST /callbacks/pass", func(w http.ResponseWriter, _ *http.Request) { p.postbox.hold(false); answer(w, nil, nil) })
	mux.HandleFunc("POST /chunks", p.seed)
	return mux
}

// Description says what a place is.
type Description struct {
	API          string            `json:"api"`
	Webhook      string            `json:"webhook"`
	MemoryHeldBy string            `json:"memory_held_by,omitempty"`
	Postgres     string            `json:"postgres"`
	Settings     map[string]string `json:"settings"` // of the database
}

func (p *Place) showPlace(w http.ResponseWriter, r *http.Request) {
	d := Description{API: p.API, Webhook: p.Webhook, MemoryHeldBy: p.MemoryHeldBy(), Settings: map[string]string{}}
	err := p.super(r.Context(), func(conn *pgx.Conn) error { return d.meet(r.Context(), conn) })
	answer(w, d, err)
}

// meet reads which database it is.
func (d *Description) meet(ctx context.Context, conn *pgx.Conn) error {
	err := conn.QueryRow(ctx, `select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)
		|| ', pgvector ' || (select extversion from pg_extension where extname = 'vector')`).Scan(&d.Postgres)
	if err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `select name, current_setting(name) from pg_settings
		where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size')`)
	if err != nil {
		return err
	}
	var name, value string
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		d.Settings[name] = value
		return nil
	})
	return err
}

func (p *Place) actOn(w http.ResponseWriter, r *http.Request) {
	name, act := r.PathValue("name"), r.PathValue("act")
	acts := map[string]func() error{
		"start": func() error { return p.Start(r.Context(), name) },
		"stop":  func() error { return p.Stop(name) },
		"kill":  func() error { return p.Kill(name) },
	}
	do, ok := acts[act]
	if !ok {
		answer(w, nil, fmt.Errorf("there is no %q: start, stop or kill", act))
		return
	}
	answer(w, nil, do())
}

// seed adds chunks, to the named owners and to others.
func (p *Place) seed(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Owners []core.ID `json:"owners"`
		Owned  int       `json:"owned"`
		Others int       `json:"others"`
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		answer(w, nil, err)
		return
	}
	answer(w, nil, SeedChunks(r.Context(), p.db.SuperURL(), ask.Owners, ask.Owned, ask.Others))
}

// answer writes a value as JSON, or what went wrong as text.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, strings.TrimSpace(err.Error()), http.StatusInternalServerError)
		return
	}
	if value == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // it ends with the connection
}
