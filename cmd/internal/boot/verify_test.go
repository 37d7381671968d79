package boot_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// verifier is the tool with the worker's environment.
func (w *world) verifier() *tool {
	o := built(w)
	o.environ = append(o.environ, w.environ()...)
	return o
}

// verdict runs navigator verify and reads its JSON.
func (o *tool) verdict(args ...string) (code int, found []audit.Violation, mended []boot.Mended) {
	o.w.t.Helper()
	code, out, errs := o.piped(append([]string{"verify", "--json", "--deep", "--grace", "0s"}, args...)...)
	var answer struct {
		Violations []audit.Violation `json:"violations"`
		Mended     []boot.Mended     `json:"mended"`
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		o.w.t.Fatalf("verify ended with %d: %s%s", code, out, errs)
	}
	return code, answer.Violations, answer.Mended
}

func rulesOf(found []audit.Violation) (rules []string) {
	for _, v := range found {
		rules = append(rules, v.Rule)
	}
	return rules
}

// leftCopy puts a file into the parser under an attempt, as a submission does.
func (w *world) leftCopy(attempt string) {
	w.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	_ = writer.WriteField("purpose", "parse")
	_ = writer.WriteField("external_file_id", attempt)
	part, _ := writer.CreateFormFile("file", "policy.pdf")
	_, _ = part.Write(corpus.MemberCard().Bytes)
	_ = writer.Close() // all of it into memory
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.config.LlamaURL+"/api/v1/beta/files", &form)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	if status := w.send(request, "llx-test", nil); status != http.StatusCreated {
		w.t.Fatalf("the parser answered %d", status)
	}
}

// On call: what is wrong is found on every side, told without anything
// personal, and mended where that is safe; then all is in order.
func TestVerifyFindsAndMends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada := w.person("ada")
	whole, stuck := ada.taken("card.pdf", corpus.MemberCard().Bytes), ada.taken("ada lovelace.pdf", corpus.Filler(1, 7).Bytes)
	w.exec(`update river.river_job set state = 'cancelled', finalized_at = now() where args ->> 'document' = $1`, stuck)
	w.start(boot.Worker)
	w.start(boot.Webhook)
	ada.completes(whole)
	w.leftCopy(w.text(`select job_id::text from upload_pipeline.upload_jobs where document_id = $1`, whole))
	stray := core.NewID().String() + "/" + core.NewID().String() + "/original.pdf"
	w.put(stray, []byte("%PDF-orphan"))
	w.idle()

	o := w.verifier()
	code, found, mended := o.verdict("--orphan", "0s")
	if diff := cmp.Diff([]string{"work_missing", "copy_orphaned", "file_orphaned"}, rulesOf(found)); diff != "" || code != 1 || len(mended) != 0 {
		t.Fatalf("verify ended with %d, mended %v, and found:\n%s", code, mended, diff)
	}
	_, table, errs := o.piped("verify", "--grace", "0s")
	if !strings.Contains(table, stuck) || !strings.Contains(table, "copy_orphaned: the parser holds a copy that nothing needs") || strings.Contains(table+errs, "lovelace") {
		t.Errorf("for a person:\n%s%s", table, errs)
	}
	code, found, mended = o.verdict("--orphan", "0s", "--mend")
	if code != 0 || len(mended) != len(found) || len(mended) != 3 || slices.ContainsFunc(mended, func(m boot.Mended) bool { return m.Done == "" }) {
		t.Errorf("mending ended with %d: %+v of %+v", code, mended, found)
	}
	ada.completes(stuck)
	w.idle()
	if code, found, _ := o.verdict("--orphan", "0s"); code != 0 || len(found) != 0 {
		t.Errorf("afterwards verify ended with %d: %+v", code, found)
	}
}

// What clients were promised is compared too.
func TestVerifyReadsWhatClientsRemember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	o := w.verifier()
	lost := core.NewID().String()
	o.file("acts.jsonl", []byte(`{"op":"upload","id":"`+id+`","outcome":"ok"}`+"\n"+`{"op":"upload","id":"`+lost+`","outcome":"ok"}`+"\n"))
	o.file("books.json", []byte(`{"parser_jobs":{"`+lost+`":2}}`))
	code, found, _ := o.verdict("--history", "acts.jsonl", "--ledger", "books.json")
	if diff := cmp.Diff([]string{audit.UploadLost, audit.ParsedTwice}, rulesOf(found)); diff != "" || code != 1 {
		t.Errorf("verify ended with %d, and found:\n%s", code, diff)
	}
	if code, _, errs := o.piped("verify", "--history", "books.json"); code != 2 || !strings.Contains(errs, "line 1") {
		t.Errorf("no history: %d %s", code, errs)
	}
	o.environ = append(o.environ, "WORKER_DATABASE_URL=postgres://nobody:secret-word@127.0.0.1:1/none")
	if code, out, errs := o.piped("verify"); code != 5 || strings.Contains(out+errs, "secret-word") {
		t.Errorf("without a database: %d %s%s", code, out, errs)
	}
}
