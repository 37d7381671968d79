package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
)

// operators is a place with a worker's environment and a database of its own.
// Nothing runs there, and nothing outside answers.
func operators(t *testing.T) *place {
	t.Helper()
	own := dbtest.New(t, db.Schemas{})
	p := newPlace(t)
	p.environ = []string{"WORKER_DATABASE_URL=" + own.URL("inav_worker"), "STORAGE_PROVIDER=filestore", "FILESTORE_DIR=" + t.TempDir(),
		"PARSER=pdftext", "OPENAI_API_KEY=sk-test", "OPENAI_API_URL=http://127.0.0.1:1/v1", "USER=grace"}
	return p
}

func TestOperatorsPauseAndResume(t *testing.T) {
	t.Parallel()
	p := operators(t)
	for _, step := range []struct {
		args string
		code int
		says string
	}{
		{"intake", 0, "uploads are taken\n"},
		{"intake pause --reason OPS-1", 0, "uploads are paused; see: navigator intake\n"},
		{"intake pause", 0, "it was so already\n"},
		{"intake", 0, "by grace: OPS-1\n"},
		{"intake --json", 0, `"operator": "grace"`},
		{"intake resume --by ada", 0, "uploads are taken again\n"},
		{"intake status", 0, "uploads are taken\n"},
		{"queue pause chunk", 0, "paused: queue line, with its stages chunk, finish, validate\n"},
		{"queue", 0, "by grace\n"},
		{"queue resume line", 0, "going on: queue line, with its stages chunk, finish, validate\n"},
		{"queue resume line", 0, "it was so already\n"},
		{"queue pause nonsense", 2, "stages are arrive, chunk"},
		{"queue list --json", 0, `"queue": "reembed"`},
		{"intake pause --by a\nb", 2, "printable"},
		{"intake pause --reason " + strings.Repeat("x", 201), 2, "200"},
	} {
		got := p.run(t, strings.SplitN(step.args, " ", 4)...)
		if got.code != step.code || !strings.Contains(got.out+got.err, step.says) {
			t.Errorf("%s: got %+v, want %d with %q", step.args, got, step.code, step.says)
		}
	}
	p.environ = p.environ[:len(p.environ)-1]
	if got := p.run(t, "intake", "pause"); got.code != 2 || !strings.Contains(got.err, "--by") {
		t.Errorf("without a name: %+v", got)
	}
}

func TestOperatorsListAndRetryWhatFailed(t *testing.T) {
	t.Parallel()
	p := operators(t)
	for args, want := range map[string]ran{
		"failed":                                 {0, "nothing failed\n", ""},
		"failed list":                            {0, "nothing failed\n", ""},
		"failed retry --code parser_unavailable": {0, "0 retried; 0 had moved on meanwhile\n", ""},
		"failed retry --code parser_unavailable --dry-run": {0, "nothing failed\ndry run: 0 documents would be retried; nothing was changed\n", ""},
	} {
		p.run(t, strings.Fields(args)...).like(t, want)
	}
	for args, says := range map[string]string{
		"failed retry": "--code is needed", "failed --code nonsense": "there is no code", "failed --stage nonsense": "there is no stage",
		"failed --limit 0": "--limit", "failed retry --code internal --rate 51": "--rate", "failed --since yesterday": "a time such as",
	} {
		if got := p.run(t, strings.Fields(args)...); got.code != 2 || !strings.Contains(got.err, says) {
			t.Errorf("%s: %+v", args, got)
		}
	}
	got := p.run(t, "failed", "--json")
	var list failures
	if err := json.Unmarshal([]byte(got.out), &list); err != nil || list.Documents == nil || list.Counts == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestADocumentThatIsNotThereHasItsOwnCode(t *testing.T) {
	t.Parallel()
	p := operators(t)
	if got := p.run(t, "doctor", "document", core.NewID().String()); got.code != 6 || got.out != "" || !strings.Contains(got.err, "there is no document") {
		t.Errorf("got %+v", got)
	}
	if got := p.run(t, "doctor", "document", "nonsense"); got.code != 2 || !strings.Contains(got.err, "UUID") {
		t.Errorf("got %+v", got)
	}
	p.environ[0] = "WORKER_DATABASE_URL=postgres://nobody@127.0.0.1:1/none?sslmode=disable"
	if got := p.run(t, "doctor", "document", core.NewID().String()); got.code != 5 || !strings.Contains(got.err, "database_unavailable") {
		t.Errorf("without a database: %+v", got)
	}
	if got := newPlace(t).run(t, "doctor", "document", core.NewID().String()); got.code != 1 || !strings.Contains(got.err, "DATABASE_URL is missing") {
		t.Errorf("without an environment: %+v", got)
	}
}

// The words for each part of a report, with and without what may lack.
func TestAReportIsShown(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"does not say: parser_key":                                      parserWords(boot.Provider{Code: core.CodeParserKey}),
		"none is asked: the service reads the files itself":             parserWords(boot.Provider{}),
		"has no job of it that is known here, and 2 copies of the file": parserWords(boot.Provider{State: ports.JobUnknown, Files: 2}),
		"job pjb-1 is running, 1 copies of the file":                    parserWords(boot.Provider{State: "running", JobID: "pjb-1", Files: 1}),
		"cannot be seen: file_missing":                                  objectWords(boot.Object{Code: core.CodeFileMissing}),
		"stored with 1 bytes, 2 were uploaded":                          objectWords(boot.Object{Present: true, Size: 1, Expected: 2}),
		"stored, 2 bytes":                                               objectWords(boot.Object{Present: true, Size: 2, Expected: 2}),
		"none yet":                                                      receiptWords(nil),
		"balanced":                                                      receiptWords(&core.Receipt{Expected: 1, Parsed: 1}),
		"not balanced":                                                  receiptWords(&core.Receipt{Expected: 2, Parsed: 1}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What is moved is named, and who moves it; nothing moves without an archive.
func TestAnArchiveCommandNamesADocumentAndItsOperator(t *testing.T) {
	t.Parallel()
	p := operators(t)
	id := core.NewID().String()
	for args, says := range map[string]string{
		"archive nonsense":                    "UUID",
		"unarchive " + id + " --by " + longBy: "--by",
	} {
		if got := p.run(t, strings.Fields(args)...); got.code != 2 || !strings.Contains(got.err, says) {
			t.Errorf("%s: %+v", args, got)
		}
	}
	if got := p.run(t, "archive", id); got.code == 0 || !strings.Contains(got.err, "ARCHIVE_BUCKET") {
		t.Errorf("without an archive: %+v", got)
	}
	dir := t.TempDir()
	p.environ = append(p.environ, "ARCHIVE_DIR="+dir)
	if got := p.run(t, "archive", id); got.code == 0 || !strings.Contains(got.err, "ARCHIVE_AFTER") {
		t.Errorf("with an age of 0: %+v", got)
	}
	p.environ = append(p.environ, "ARCHIVE_AFTER=720h")
	if got := p.run(t, "archive", id); got.code == 0 || !strings.Contains(got.err, "not_found") {
		t.Errorf("a document that is not there: %+v", got)
	}
	if got := p.run(t, "retention", "--dry-run"); got.code != 0 || !strings.Contains(got.out, "files_to_archive") || !strings.Contains(got.out, "30 days") {
		t.Errorf("the dry run: %+v", got)
	}
}

var longBy = strings.Repeat("x", core.MaxOperator+1)
