package boot_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// Pages that fail within policy are listed; beyond it, or cut by the parser,
// or replaced by a summary, the document fails and says why.
func TestL030_ThePageReceiptIsKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    func(*llamaparsetest.Faults)
		status core.Status
		code   core.Code
		failed []int
	}{
		"one page of forty failed":   {func(f *llamaparsetest.Faults) { f.PageFailures(7) }, core.Complete, "", []int{7}},
		"the 64 KB cut is noticed":   {func(f *llamaparsetest.Faults) { f.CutPage(9) }, core.Complete, "", []int{9}},
		"five pages of forty failed": {func(f *llamaparsetest.Faults) { f.PageFailures(1, 2, 3, 4, 5) }, core.FailedParse, core.CodeParseIncomplete, nil},
		"a summary in place of text": {func(f *llamaparsetest.Faults) { f.Summary("This document is an insurance policy.") }, core.FailedParse, core.CodeParseIncomplete, nil},
		"pages out of order":         {func(f *llamaparsetest.Faults) { f.ShufflePages(llamaparsetest.Always) }, core.Complete, "", []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.set(w.llama.Faults)
			w.start(boot.Dev)
			ada := w.person("ada")
			last := ada.end(ada.taken("policy.pdf", corpus.Policy().Bytes))
			code := core.Code("")
			if last.LastError != nil {
				code = core.Code(last.LastError.Code)
			}
			if last.Status != c.status || code != c.code {
				t.Fatalf("ended in %s with %+v, want %s with %q", last.Status, last.LastError, c.status, c.code)
			}
			if c.failed != nil {
				if diff := cmp.Diff(c.failed, last.FailedPages); diff != "" {
					t.Errorf("the failed pages:\n%s", diff)
				}
			}
		})
	}
}

// The same passages of the same owner are paid for once; another owner's are
// never looked at.
func TestKnownPassagesArePaidForOnceAnOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	paper := corpus.DenialLetter().Bytes
	ada.completes(ada.taken("letter.pdf", paper))
	paid := w.openai.Ledger().Tokens
	again := append(bytes.Clone(paper), "\n% the same letter, other bytes\n"...)
	id := ada.taken("letter again.pdf", again)
	ada.completes(id)
	if now := w.openai.Ledger().Tokens; now != paid {
		t.Errorf("the same passages cost %d tokens more", now-paid)
	}
	if n := w.count(`select count(*) from upload_pipeline.document_chunks where document_id = $1 and embedding is not null`, id); n == 0 {
		t.Error("the second document has no vectors")
	}
	bob.completes(bob.taken("letter.pdf", paper))
	if now := w.openai.Ledger().Tokens; now != 2*paid {
		t.Errorf("another owner's document cost %d tokens, want the full %d", now-paid, paid)
	}
}

// The same content of the same user is told the existing id; a failed one is
// taken up again as its next attempt.
func TestTheSameContentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.llama.Faults.FailWith("PDF_IS_BROKEN")
	w.start(boot.Dev)
	ada := w.person("ada")
	paper := corpus.MemberCard().Bytes
	id := ada.taken("card.pdf", paper)
	if last := ada.end(id); last.Status != core.FailedParse || last.LastError.Code != string(core.CodeFileBroken) {
		t.Fatalf("ended in %s with %+v", last.Status, last.LastError)
	}
	w.llama.Faults.Reset()
	if again := ada.taken("card.pdf", paper); again != id {
		t.Errorf("the retry is document %s, want %s", again, id)
	}
	if last := ada.completes(id); last.Attempt != 2 {
		t.Errorf("complete in attempt %d, want 2", last.Attempt)
	}
	status, answer := ada.upload("other name.pdf", paper)
	if status != http.StatusConflict || answer.DocumentID != id || answer.Code != string(core.CodeDuplicate) {
		t.Errorf("the same content answered %d %+v", status, answer)
	}
}

// Files that cannot be taken are refused at the door, with a code each, and
// leave nothing.
func TestFilesThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada := w.person("ada")
	for name, c := range map[string]struct {
		content []byte
		status  int
		code    core.Code
	}{
		"empty":     {nil, http.StatusUnprocessableEntity, core.CodeFileEmpty},
		"encrypted": {corpus.Encrypted().Bytes, http.StatusUnprocessableEntity, core.CodeFileEncrypted},
		"broken":    {corpus.Broken().Bytes, http.StatusUnprocessableEntity, core.CodeFileBroken},
		"not a PDF": {[]byte("<html>policy</html>"), http.StatusUnsupportedMediaType, core.CodeFileUnsupported},
		"too large": {append([]byte("%PDF-1.7\n"), make([]byte, 25<<20)...), http.StatusRequestEntityTooLarge, core.CodeFileTooLarge},
	} {
		status, answer := ada.upload("policy.pdf", c.content)
		if status != c.status || answer.Code != string(c.code) || answer.Detail == "" {
			t.Errorf("%s: answered %d %+v, want %d %s", name, status, answer, c.status, c.code)
		}
	}
	rows := w.count(`select count(*) from upload_pipeline.documents`) + w.count(`select count(*) from upload_pipeline.storage_intents`)
	if rows+len(w.supa.Objects(w.config.Bucket())) != 0 {
		t.Errorf("refused files left %d rows and %d objects", rows, len(w.supa.Objects(w.config.Bucket())))
	}
}
