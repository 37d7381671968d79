package boot_test

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/clients/typescript"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

//go:embed testdata/browser.html
var browserPage []byte

// browserTime bounds the story of the browser.
const browserTime = 2 * time.Minute

// visited is what the page tells of its visit.
type visited struct {
	Fault    string    `json:"fault"`
	Document resource  `json:"document"`
	Results  []passage `json:"results"`
}

// A browser signs in on a page of an allowed origin, loads it anew, and uploads
// with the session that it kept.
func TestFM021_ABrowserSignsInAndUploads(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		// A browser cannot be made by a test; .ci/run installs it.
		t.Skip("the browser's way is NOT tested: chromium is not installed here (Debian package chromium)")
	}
	program, paper := compiled(t), corpus.Summary()
	stories := make(chan visited, 1)
	site := httptest.NewServer(siteOf(program, paper, stories))
	t.Cleanup(site.Close)
	w := newWorld(t)
	w.config.AllowedOrigins = []string{site.URL}
	w.start(boot.Dev)
	w.person("ada")

	visit := url.Values{"api": {w.api}, "email": {"ada@example.com"}, "password": {"quiet-heron-lantern-ada"}, "question": {"what is my deductible?"}}
	browser := exec.CommandContext(t.Context(), chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", //nolint:gosec // the browser that was found
		"--no-first-run", "--user-data-dir="+t.TempDir(), site.URL+"/#"+visit.Encode())
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = browser.Process.Kill(); _ = browser.Wait() }) // killed: its code says nothing
	select {
	case story := <-stories:
		if story.Fault != "" || story.Document.Status != core.Complete || len(story.Results) == 0 {
			t.Errorf("the page tells %+v", story)
		}
	case <-time.After(browserTime): // a browser that hangs says nothing
		t.Fatal("the page told nothing")
	}
}

// siteOf is a site of another origin than the API's.
func siteOf(program typescript.Workspace, paper corpus.Document, stories chan<- visited) http.Handler {
	site := http.NewServeMux()
	site.Handle("/", http.FileServerFS(program.Files()))
	site.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(browserPage)
	})
	site.HandleFunc("GET /paper.pdf", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = w.Write(paper.Bytes)
	})
	site.HandleFunc("POST /told", func(w http.ResponseWriter, r *http.Request) {
		var story visited
		if err := json.NewDecoder(r.Body).Decode(&story); err != nil {
			story.Fault = err.Error()
		}
		stories <- story
		w.WriteHeader(http.StatusNoContent)
	})
	return site
}
