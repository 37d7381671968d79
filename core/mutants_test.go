package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutant is a planted fault and the tests that must catch it.
type mutant struct {
	name     string
	file     string // from the module's root
	was, now string // one place of the file
	pkg, run string
}

var mutants = []mutant{
	{"a step's turn is no fence", "adapters/postgres/keep.go", ` and turn = $3 and status = $4`, ` and $3::int is not null and status is distinct from $4 || '!'`,
		"./adapters/postgres", "TestL021"},
	{"a lost claim commits all the same", "adapters/postgres/keep.go", "return batch, s.queue.End(batch, ticket)", "return batch, nil",
		"./adapters/postgres", "TestAZombie"},
	{"a callback that overtook the answer starts nothing", "adapters/postgres/keep.go", "and webhook_at is not null)`", "and webhook_at > 'infinity')`",
		"./adapters/postgres", "TestAnAnswer"},
	{"an answer is fetched before it is announced", "adapters/postgres/keep.go", "and webhook_at is not null)`", "and not webhook_at > 'infinity' is true)`",
		"./adapters/postgres", "TestACallback|TestAnAnswer"},
	{"a value that no attempt can hold passes the guard", "db/migrations/00027_statements.sql", "if fault is not null then", "if fault = 'none' then",
		"./adapters/postgres", "TestFM028a"},
	{"a status of no line passes", "db/migrations/00027_statements.sql", "when status <> all (upload_pipeline.statuses()) then 'status'", "when status = 'none' then 'status'",
		"./adapters/postgres", "TestFM028a"},
	{"tokens that were taken count for nothing", "db/migrations/00027_statements.sql", "of_tokens * 60 / nullif(tokens_a_minute, 0) end", "0 end",
		"./adapters/postgres", "TestReplicas"},
	{"a load lets in what the guard would not", "adapters/postgres/load.go", "case err == nil:\n\t\treturn fmt", "case err == nil:\n\t\t_ = fmt",
		"./adapters/postgres", "TestFM028a"},
	{"pages beyond the parser's are forgotten", "core/pipeline/validate.go", "receipt.Failed = append(receipt.Failed, number)", "_ = number",
		"./core/pipeline", "Test"},
	{"failed pages do not count", "core/pipeline/validate.go", "float64(len(r.Failed))/float64(r.Expected) >", "0*float64(len(r.Failed)) >",
		"./core/pipeline", "Test"},
	{"a page without a chunk passes", "core/pipeline/chunk.go", "page := uncovered(pages, pieces); page > 0 ||", "page := uncovered(pages, pieces); page < 0 ||",
		"./core/pipeline", "Test"},
	{"the stored bytes are not compared", "core/pipeline/parse.go", "subtle.ConstantTimeCompare(r.hash.Sum(nil), r.want[:]) != 1", "subtle.ConstantTimeCompare(r.hash.Sum(nil), r.want[:]) > 1",
		"./core/pipeline", "Test"},
	{"a retry may start anywhere", "core/line.go", "FailedChunking:  ParseValidated,", "FailedChunking:  Parsed,",
		"./adapters/postgres", "TestFM023"},
	{"an unsigned callback passes", "adapters/llamaparse/callback.go", "func Authentic(masters [][]byte, attempt core.ID, header http.Header, raw []byte) bool {",
		"func Authentic(masters [][]byte, attempt core.ID, header http.Header, raw []byte) bool {\n\tif header.Get(SignatureHeader) == \"\" && header.Get(TokenHeader) == \"\" {\n\t\treturn true\n\t}",
		"./adapters/llamaparse", "C13"},
	{"vectors are not checked", "adapters/openai/vectors.go", "norm < minNorm || norm > maxNorm", "norm > maxNorm*1e9",
		"./adapters/openai", "Test"},
}

// The suite must fail on a broken system: each planted fault is caught by the
// tests named for it. The faults are laid over the sources, which stay as they
// are.
func TestPtest_PlantedFaultsAreCaught(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			out, err := m.test(t, root)
			if err == nil {
				t.Fatalf("the tests %s of %s pass with the fault in place", m.run, m.pkg)
			}
			if !strings.Contains(out, "--- FAIL") {
				t.Fatalf("no test failed; the mutant did not run:\n%s", out)
			}
		})
	}
}

// test runs the mutant's tests with the fault laid over its file.
func (m mutant) test(t *testing.T, root string) (string, error) {
	t.Helper()
	path := filepath.Join(root, m.file)
	text, err := os.ReadFile(path) //nolint:gosec // our own source
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(m.was)); n != 1 {
		t.Fatalf("%s holds %q %d times, want once: mend the mutant", m.file, m.was, n)
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{changed: bytes.Replace(text, []byte(m.was), []byte(m.now), 1), overlay: plan} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-overlay", overlay, "-run", m.run, m.pkg) //nolint:gosec // our own list
	command.Dir = root
	out, err := command.CombinedOutput()
	return string(out), err
}
