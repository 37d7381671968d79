package retrieval_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
)

// shelf is one owner's documents in a database, and all that brings them there.
type shelf struct {
	t        testing.TB
	who      ports.Principal
	engine   *pdftext.Engine
	cutter   *chunker.Chunker
	embedder *openai.Embedder
	library  *postgres.Library
	store    *postgres.Store
}

// noQueue takes jobs and forgets them: the test walks the line itself.
type noQueue struct{}

func (noQueue) Insert(context.Context, pgx.Tx, ...core.Job) error  { return nil }
func (noQueue) Complete(context.Context, pgx.Tx, any) error        { return nil }
func (noQueue) Add(context.Context, *pgx.Batch, ...core.Job) error { return nil }

func (noQueue) AddWithin(context.Context, pgx.Tx, *pgx.Batch, ...core.Job) error { return nil }

func (noQueue) AddWhere(context.Context, *pgx.Batch, string, []any, ...core.Job) error { return nil }
func (noQueue) End(*pgx.Batch, any) error                                              { return nil }

func newShelf(t testing.TB) *shelf {
	t.Helper()
	s := &shelf{t: t, who: owner(t)}
	counter := must(tiktoken.New())(t)
	fake := must(openaitest.New(openaitest.Options{Counter: counter, Key: "sk-test"}))(t)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	s.embedder = must(openai.New(openai.Config{BaseURL: server.URL + "/v1", Key: "sk-test"}))(t)
	s.cutter = must(chunker.New(counter, chunker.Default()))(t)
	s.engine = engine(t)
	house := dbtest.New(t, db.Schemas{})
	s.library = postgres.NewLibrary(pool(t, house, "inav_app"), noQueue{})
	s.store = postgres.NewStore(pool(t, house, "inav_worker"), noQueue{}, postgres.DefaultWaits())
	return s
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func owner(t testing.TB) ports.Principal {
	t.Helper()
	id := core.NewID()
	claims := must(json.Marshal(map[string]string{"sub": id.String(), "role": "authenticated"}))(t)
	return ports.Principal{User: id, Claims: claims}
}

func engine(t testing.TB) *pdftext.Engine {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	e := must(pdftext.Load(t.Context(), pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero"))))(t)
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return e
}

func pool(t testing.TB, house *dbtest.DB, role string) *pgxpool.Pool {
	t.Helper()
	p := must(postgres.Open(t.Context(), postgres.Options{URL: house.URL(role), Role: role, Name: "retrieval", MaxConns: 4}))(t)
	t.Cleanup(p.Close)
	return p
}

// read is the text of a file, by the reader of production.
func (s *shelf) read(file []byte) []core.Page {
	s.t.Helper()
	return must(s.engine.Pages(s.t.Context(), bytes.NewReader(file), int64(len(file))))(s.t)
}

// put takes a document of these pages through every stage of the line.
func (s *shelf) put(name string, pages []core.Page) core.ID {
	s.t.Helper()
	id := core.NewID()
	standing := must(s.library.Add(s.t.Context(), s.who, ports.NewDocument{
		ID: id, Job: core.NewID(), Key: s.who.User.String() + "/" + id.String() + "/original.pdf", Name: name,
		ContentType: "application/pdf", Size: 1, SHA256: sha256.Sum256([]byte(name)), Pages: len(pages),
	}))(s.t)
	job := core.Job{Document: standing.Document, Attempt: standing.Attempt}
	for _, stage := range core.Stages() {
		for more := true; more; job.Turn++ {
			job.Stage = stage
			more = s.step(job, pages)
		}
	}
	return id
}

// step does one step and tells whether the same stage goes on.
func (s *shelf) step(job core.Job, pages []core.Page) bool {
	s.t.Helper()
	leg, _ := core.LegOf(job.Stage)
	doc := must(s.store.Begin(s.t.Context(), job, leg))(s.t)
	made := must(s.make(doc, job.Stage, pages))(s.t)
	if err := s.store.Keep(s.t.Context(), core.Step{Document: doc, Leg: leg, Made: made}, nil); err != nil {
		s.t.Fatalf("%s: %v", job.Stage, err)
	}
	vectors, _ := made.(core.Vectors)
	return vectors.More
}

// make is what a stage makes. Validation is the generator's word.
func (s *shelf) make(doc core.Document, stage core.Stage, pages []core.Page) (core.Made, error) {
	switch stage {
	case core.Parse:
		return core.Queued{ProviderJob: doc.ID.String()}, nil
	case core.Receive:
		return core.Text{Parser: "pdftext", Pages: pages}, nil
	case core.Validate:
		return core.Checked{Receipt: receipt(pages)}, nil
	case core.Chunk:
		return pipeline.Chunking{Text: s.store, Chunker: s.cutter}.Make(s.t.Context(), doc)
	case core.Embed:
		batch := func(pending []core.Pending) int { return min(len(pending), 64) }
		return pipeline.Embedding{Chunks: s.store, Embedder: s.embedder, Model: openai.DefaultModel, Batch: batch, Inputs: 64}.
			Make(s.t.Context(), doc)
	default:
		return nil, nil
	}
}

func receipt(pages []core.Page) core.Receipt {
	r := core.Receipt{Expected: len(pages), Blank: []int{}, Failed: []int{}, Cut: []int{}}
	for _, page := range pages {
		if page.State() == core.PageParsed {
			r.Parsed++
		} else {
			r.Blank = append(r.Blank, page.Number)
		}
	}
	return r
}

// chunks is every chunk of a document.
func (s *shelf) chunks(id core.ID) []ports.Chunk {
	s.t.Helper()
	return must(s.library.Chunks(s.t.Context(), s.who, id, 0, 10_000))(s.t)
}

// ask embeds the question.
func (s *shelf) ask(question string) []float32 {
	s.t.Helper()
	return must(s.embedder.Embed(s.t.Context(), []string{question}))(s.t).Vectors[0]
}
