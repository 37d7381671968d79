package boot_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// readable is the papers that can be read, each of other content.
func readable() (papers []corpus.Document) {
	for _, paper := range corpus.All() {
		if paper.Readable() && paper.Type == corpus.TypePDF {
			papers = append(papers, paper)
		}
	}
	return papers
}

// The ledger is what the providers themselves say they charged.
func TestTheLedgerIsWhatTheProvidersCharge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	pages := 0
	for _, paper := range readable()[:3] {
		ada.completes(ada.taken(paper.Name, paper.Bytes))
		pages += paper.Pages
	}
	ada.search("what is my deductible?", 3)
	w.idle()
	charged := w.openai.Ledger()
	if n := w.count(`select coalesce(sum(tokens), 0) from upload_pipeline.costs where kind in ('embed', 'search') and state = 'charged'`); n != charged.Tokens {
		t.Errorf("%d tokens in the ledger, %d charged", n, charged.Tokens)
	}
	if n := w.count(`select sum(pages) from upload_pipeline.costs where kind = 'parse' and state = 'charged'`); n != pages {
		t.Errorf("%d pages in the ledger of %d", n, pages)
	}
	want := pages*3_750_000 + charged.Tokens*20
	if n := w.count(`select sum(nanousd) from upload_pipeline.costs`); n != want {
		t.Errorf("the ledger sums up to %d nano-dollars, want %d", n, want)
	}
	if n := w.count(`select sum(nanousd) from upload_pipeline.spending`); n != want {
		t.Errorf("the month sums up to %d nano-dollars, want %d", n, want)
	}
	if n := w.count(`select count(*) from upload_pipeline.provider_calls`); n != 0 {
		t.Errorf("%d calls are still reserved", n)
	}
	if n := w.count(`select count(*) from upload_pipeline.costs where user_id is null or (kind <> 'search' and (document_id is null or attempt <> 1))`); n != 0 {
		t.Errorf("%d entries without whom they are for", n)
	}
}

// One answer in ten is useless and still billed: it is asked for once more, and
// nothing else is.
func TestS40_UselessAnswersAreNotPaidForTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	papers := readable()
	w.openai.Inject(openaitest.Fault{Kind: openaitest.ZeroVector, Skip: 1})
	for i, paper := range papers {
		if i == 1 {
			paper = corpus.MemberCard() // the one that meets the fault is of the usual size
		}
		if code, answer := ada.upload(paper.Name, paper.Bytes); code == http.StatusOK {
			ada.completes(answer.DocumentID)
		}
	}
	charged := w.openai.Ledger()
	if charged.Tokens == charged.UniqueTokens {
		t.Fatal("the fault did not strike")
	}
	if ratio := float64(charged.Tokens) / float64(charged.UniqueTokens); ratio > 1.2 {
		t.Errorf("%d tokens were paid for, %d were needed: %.2f", charged.Tokens, charged.UniqueTokens, ratio)
	}
	if n := w.count(`select count(*) from upload_pipeline.costs where state = 'assumed'`); n != 1 {
		t.Errorf("%d assumed entries", n)
	}
}

// A loop of answers that are billed and useless ends at the budget: documents
// wait, say why, and go on when it is raised.
func TestS40_ALoopOfPaidFailuresStopsAtTheBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const perToken, budget = 0.001, 2.0
	w.config.OpenAIPrice, w.config.LlamaPrice, w.config.Budget = perToken*1e6, 1e-6, budget
	w.openai.Inject(openaitest.Fault{Kind: openaitest.ZeroVector, Times: -1})
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("summary.pdf", corpus.Summary().Bytes)
	w.until("the document to wait for money", func() bool { return strings.Contains(w.logs.String(), `"error_class":"budget_exhausted"`) })
	if paid := float64(w.openai.Ledger().Tokens) * perToken; paid > budget || paid == 0 {
		t.Errorf("$%.3f of $%.0f were paid", paid, budget)
	}
	var answer struct {
		Status     core.Status `json:"status"`
		WaitingFor *struct {
			Code core.Code `json:"code"`
		} `json:"waiting_for"`
	}
	// What is left may still be enough for a smaller call: the reason is told once nothing is.
	w.exec(`update upload_pipeline.spending set nanousd = 2000000000`)
	w.until("the status to say why", func() bool {
		w.call(http.MethodGet, w.api+"/documents/"+id+"/status", ada.token, nil, &answer)
		return answer.WaitingFor != nil
	})
	if answer.WaitingFor.Code != core.CodeBudgetExhausted || answer.Status != core.EmbeddingInProgress {
		t.Errorf("it stands at %+v", answer)
	}
	other := ada.taken("card.pdf", corpus.MemberCard().Bytes) // taken all the same
	var health struct{ Services map[string]string }
	if w.call(http.MethodGet, w.api+"/health", "", nil, &health); health.Services["budget"] != "unhealthy" {
		t.Errorf("health says %v", health.Services)
	}
	var found struct{ Mode string }
	w.call(http.MethodPost, w.api+"/search", ada.token, map[string]any{"query": "deductible"}, &found)
	if found.Mode != "text" {
		t.Errorf("the search is %q", found.Mode)
	}
	w.halt()
	w.openai.Heal()
	w.config.Budget = 1000
	w.start(boot.Dev)
	w.until("both documents to be complete", func() bool {
		w.exec(`update river.river_job set scheduled_at = now() where state in ('scheduled', 'retryable')`) // whoever raises it does not wait for the test
		_, a := ada.status(id)
		_, b := ada.status(other)
		return a.Status == core.Complete && b.Status == core.Complete
	})
}

// priced is a quote.
type priced struct {
	Pages  int    `json:"pages"`
	Basis  string `json:"basis"`
	Tokens int    `json:"estimated_tokens"`
	USD    struct {
		Total float64 `json:"total"`
	} `json:"estimated_usd"`
	Budget struct {
		Allowed bool `json:"allowed"`
	} `json:"budget"`
	DocumentID string `json:"document_id"`
}

// quote asks a route for the price of a file.
func (p person) quote(path string, paper corpus.Document) (status int, kind string, q priced) {
	p.w.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("file", paper.Name)
	if err != nil {
		p.w.t.Fatal(err)
	}
	_, _ = part.Write(paper.Bytes)
	_ = writer.Close()
	request, err := http.NewRequestWithContext(p.w.t.Context(), http.MethodPost, p.w.api+path, &form)
	if err != nil {
		p.w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Idempotency-Key", core.NewID().String())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, &q); err != nil {
			p.w.t.Fatalf("%v in %q", err, text)
		}
	}
	return response.StatusCode, response.Header.Get("Content-Type"), q
}

// A quote keeps nothing, and comes near to what is billed afterwards.
func TestAQuoteKeepsNothingAndComesNear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.UploadsPerDay = len(readable())
	w.start(boot.Dev)
	ada := w.person("ada")
	var quoted []priced
	for i, paper := range readable() {
		path := []string{"/upload-document-backend?quote=true", "/documents?quote=1"}[i%2]
		status, kind, q := ada.quote(path, paper)
		if status != http.StatusOK || kind != "application/vnd.navigator.quote+json" || q.Pages != paper.Pages || q.Basis != "text" || !q.Budget.Allowed {
			t.Fatalf("%s: %d %s %+v", paper.Name, status, kind, q)
		}
		quoted = append(quoted, q)
	}
	for _, table := range []string{"documents", "upload_jobs", "events", "storage_intents", "upload_intents", "idempotency_keys", "costs", "owner_ranks"} {
		if n := w.count(`select count(*) from upload_pipeline.` + table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
	for i, paper := range readable() {
		before := w.openai.Ledger().Tokens
		id := ada.taken(paper.Name, paper.Bytes)
		ada.completes(id)
		billed := w.openai.Ledger().Tokens - before
		if off := math.Abs(float64(quoted[i].Tokens-billed)) / float64(billed); off > 0.4 {
			t.Errorf("%s: quoted %d tokens, billed %d: %.0f %% off", paper.Name, quoted[i].Tokens, billed, off*100)
		}
		t.Logf("%s: %d pages, quoted %d tokens and $%.5f, billed %d tokens", paper.Name, paper.Pages, quoted[i].Tokens, quoted[i].USD.Total, billed)
	}
	if _, _, again := ada.quote("/documents?quote=true", readable()[0]); again.DocumentID == "" || again.USD.Total != 0 {
		t.Errorf("what is there already is quoted as %+v", again)
	}
	for name, paper := range map[string]corpus.Document{"encrypted": corpus.Encrypted(), "broken": corpus.Broken()} {
		if status, _, _ := ada.quote("/documents?quote=true", paper); status != http.StatusUnprocessableEntity {
			t.Errorf("%s is answered %d", name, status)
		}
	}
	if status, _, q := ada.quote("/documents?quote=true", corpus.Scan()); status != http.StatusOK || q.Basis == "size" {
		t.Errorf("a scan: %d %+v", status, q)
	}
	if status, _, _ := ada.quote("/documents?quote=perhaps", readable()[0]); status != http.StatusUnprocessableEntity {
		t.Errorf("quote=perhaps is answered %d", status)
	}
	var q priced
	status := w.call(http.MethodPost, w.api+"/api/upload-pipeline/upload?quote=true", ada.token,
		map[string]any{"filename": "a.pdf", "bytes_len": 600_000, "mime": "application/pdf"}, &q)
	if status != http.StatusOK || q.Basis != "size" || q.Pages < 5 || w.count(`select count(*) from upload_pipeline.upload_intents`) != 0 {
		t.Errorf("an announcement: %d %+v", status, q)
	}
}

// The tool quotes, and shows an operator the month.
func TestTheToolCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Budget = 100
	w.start(boot.Dev)
	ada := w.person("ada")
	o := built(w)
	o.environ = append(o.environ, "NAVIGATOR_TOKEN="+ada.token)
	o.file("summary.pdf", corpus.Summary().Bytes)
	o.file("card.pdf", corpus.MemberCard().Bytes)
	out, _ := o.exits(0, "upload", "--quote", "summary.pdf", "card.pdf")
	if !strings.Contains(out, "2 files") || !strings.HasSuffix(out, "nothing was uploaded\n") || w.count(`select count(*) from upload_pipeline.documents`) != 0 {
		t.Errorf("got %s", out)
	}
	o.file("broken.pdf", corpus.Broken().Bytes)
	if out, _ := o.exits(1, "upload", "--quote", "--json", "card.pdf", "broken.pdf"); strings.Count(out, "\n") != 2 || !strings.Contains(out, `"quote":{`) {
		t.Errorf("got %s", out)
	}
	ada.completes(ada.taken("summary.pdf", corpus.Summary().Bytes))
	o.environ = append(o.environ, "WORKER_DATABASE_URL="+w.db.URL("inav_worker"), "MONTHLY_BUDGET_USD=100", "OPENAI_API_KEY=sk-test", "LLAMAPARSE_API_KEY=llx-test",
		"WEBHOOK_MASTER_KEY="+w.config.WebhookKey.Reveal(), "WEBHOOK_URL=http://127.0.0.1:1", "SUPABASE_URL="+w.config.SupabaseURL,
		"SUPABASE_SERVICE_ROLE_KEY="+w.config.SupabaseService.Reveal())
	out, errs := o.exits(0, "budget", "--json")
	var account boot.Account
	if err := json.Unmarshal([]byte(out), &account); err != nil {
		t.Fatalf("%v in %q, %q", err, out, errs)
	}
	if account.Spent <= 0 || account.Left == nil || math.Abs(*account.Left+account.Spent-100) > 1e-6 || len(account.Users) != 1 || account.Users[0].Documents != 1 {
		t.Errorf("the account is %+v", account)
	}
	out, _ = o.exits(0, "budget")
	if rest := strings.ReplaceAll(out, account.Users[0].User, ""); !strings.Contains(out, "MONTH") || rest == out || strings.Contains(rest, "ada") { // an id may hold these letters
		t.Errorf("got %s", out)
	}
}
