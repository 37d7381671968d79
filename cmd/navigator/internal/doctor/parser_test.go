package doctor_test

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// onePage is an extractor that reads nothing.
type onePage struct{}

func (onePage) Pages(context.Context, io.ReaderAt, int64) ([]core.Page, error) {
	return []core.Page{{Number: 1, Text: "copay"}}, nil
}

// outside is the parser with what was handed to it.
type outside struct {
	*llamaparse.Parser
	fake *llamaparsetest.Server
	url  string
}

func openOutside(t *testing.T) outside {
	t.Helper()
	fake := llamaparsetest.New(llamaparsetest.Options{Extractor: onePage{}, Key: "llx-right"})
	server := httptest.NewServer(fake)
	t.Cleanup(func() { fake.Close(); server.Close() })
	parser, err := llamaparse.New(llamaparse.Config{BaseURL: server.URL, Key: "llx-right"})
	if err != nil {
		t.Fatal(err)
	}
	return outside{parser, fake, server.URL}
}

func (o outside) submit(t *testing.T, attempt core.ID) {
	t.Helper()
	doc := core.Document{ID: core.NewID(), Job: attempt, ContentType: "application/pdf", Size: 5}
	if _, err := o.Submit(t.Context(), core.Submission{Document: doc, Body: strings.NewReader("bytes")}); err != nil {
		t.Fatal(err)
	}
}

// live adds a document to the database and gives its attempt's id.
func live(t *testing.T, house *dbtest.DB) core.ID {
	t.Helper()
	document, attempt := core.NewID(), core.NewID()
	conn := house.SuperConn()
	defer conn.Close(t.Context()) //nolint:errcheck // nothing is pending
	_, err := conn.Exec(t.Context(), `insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count)
		values ($1, $1, 'a.pdf', 'application/pdf', 5, sha256('bytes'), $2, 1)`, document, document.String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), `insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status)
		values ($1, $2, $2, 1, 'uploaded')`, attempt, document)
	if err != nil {
		t.Fatal(err)
	}
	return attempt
}

// Files and jobs of documents that are not here are counted, and nothing is
// changed at the parser.
func TestTheParsersCopiesAreComparedWithTheDatabase(t *testing.T) {
	t.Parallel()
	house, o := dbtest.New(t, db.Schemas{}), openOutside(t)
	environ := func(key string) []string {
		return []string{"DATABASE_URL=" + house.URL("inav_worker"), "LLAMAPARSE_API_URL=" + o.url, "LLAMAPARSE_API_KEY=" + key}
	}
	o.submit(t, live(t, house))
	checks := doctor.Local(t.Context(), environ("llx-right"), boot.Worker, t.TempDir())
	if got := states(t, checks); got["parser"] != good || got["parser's version"] != good || got["parser's copies"] != good {
		t.Errorf("nothing is strange here: %+v", checks)
	}
	o.submit(t, core.NewID())
	o.submit(t, core.NewID())
	checks = doctor.Local(t.Context(), environ("llx-right"), boot.Worker, t.TempDir())
	found := check(t, checks, "parser's copies")
	const want = "3 files, 2 of no document here; 3 jobs of two days, 2 of no document here"
	if found.State != doctor.Warning || found.Detail != want || found.Advice == "" {
		t.Errorf("found %+v, want %q", found, want)
	}
	if l := o.fake.Ledger(); l.Held != 3 || l.Deletes != 0 || l.Cancels != 0 {
		t.Errorf("the doctor changed something: %+v", l)
	}
	old := append(environ("llx-right"), "LLAMAPARSE_VERSION=2020-01-01")
	if found := check(t, doctor.Local(t.Context(), old, boot.Worker, t.TempDir()), "parser's version"); found.State != bad || found.Advice == "" {
		t.Errorf("a version that is not offered: %+v", found)
	}
	checks = doctor.Local(t.Context(), environ("llx-wrong"), boot.Worker, t.TempDir())
	if found := check(t, checks, "parser"); found.State != bad || found.Detail != string(core.CodeParserKey) || states(t, checks)["parser's copies"] != skipped {
		t.Errorf("a wrong key: %+v", checks)
	}
	o.fake.Faults.Only(llamaparsetest.OpListJobs)
	o.fake.Faults.ServerErrors(1, 500)
	if found := check(t, doctor.Local(t.Context(), environ("llx-right"), boot.Worker, t.TempDir()), "parser's copies"); found.State != bad {
		t.Errorf("half a list: %+v", found)
	}
}

func TestTheParserIsNotAskedWhereThereIsNone(t *testing.T) {
	t.Parallel()
	for want, environ := range map[doctor.State][]string{good: {"PARSER=pdftext"}, skipped: nil} {
		if found := check(t, doctor.Local(t.Context(), environ, boot.Worker, t.TempDir()), "parser"); found.State != want {
			t.Errorf("%v: %+v", environ, found)
		}
	}
	o := openOutside(t)
	environ := []string{"LLAMAPARSE_API_URL=" + o.url, "LLAMAPARSE_API_KEY=llx-right"}
	if found := check(t, doctor.Local(t.Context(), environ, boot.Worker, t.TempDir()), "parser's copies"); found.State != skipped {
		t.Errorf("without a database: %+v", found)
	}
}

// check finds one finding by its name.
func check(t *testing.T, checks []doctor.Check, name string) doctor.Check {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %q in %+v", name, checks)
	return doctor.Check{}
}
