package boot_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// address is the answer to an announcement, good or bad.
type address struct {
	JobID      string    `json:"job_id"`
	DocumentID string    `json:"document_id"`
	SignedURL  string    `json:"signed_url"`
	Expires    time.Time `json:"upload_expires_at"`
}

// announced announces what must be accepted, as today's UI does.
func (p person) announced(name string, size int) address {
	p.w.t.Helper()
	var answer address
	status := p.w.call(http.MethodPost, p.w.api+"/api/upload-pipeline/upload", p.token,
		map[string]any{"filename": name, "bytes_len": size, "mime": "application/pdf", "ocr": false}, &answer)
	if status != http.StatusOK || answer.DocumentID == "" || answer.JobID == "" || answer.SignedURL == "" {
		p.w.t.Fatalf("the announcement answered %d %+v", status, answer)
	}
	return answer
}

// sent puts a file to its address without a token, and gives the status.
func (w *world) sent(a address, content []byte) int {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPut, a.SignedURL, bytes.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/pdf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// stands is more of the status route's answer.
type stands struct {
	DocumentID string      `json:"document_id"`
	JobID      string      `json:"job_id"`
	Filename   string      `json:"filename"`
	Status     core.Status `json:"status"`
	Stage      string      `json:"stage"`
	Progress   int         `json:"progress"`
	NextStep   string      `json:"next_step"`
	LastError  *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Advice  string `json:"advice"`
	} `json:"last_error"`
}

func (p person) stands(id, tail string) (int, stands) {
	p.w.t.Helper()
	var answer stands
	return p.w.call(http.MethodGet, p.w.api+"/documents/"+id+tail, p.token, nil, &answer), answer
}

func (p person) post(path string) (int, stands) {
	p.w.t.Helper()
	var answer stands
	return p.w.call(http.MethodPost, p.w.api+path, p.token, nil, &answer), answer
}

func (p person) finished(id string) (int, stands) {
	p.w.t.Helper()
	return p.post("/api/upload-pipeline/upload/" + id + "/complete")
}

// front lets the API's public address be known before its port is.
func (w *world) front() *relay {
	front := &relay{}
	w.config.PublicURL = w.serve(front)
	return front
}

// storages runs a test over both storages.
func storages(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	for name, set := range map[string]func(w *world){
		"supabase":  func(*world) {},
		"filestore": func(w *world) { w.config.StorageProvider, w.config.FilestoreDir = "filestore", w.t.TempDir() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config.AwaitEvery = time.Second
			set(w)
			test(t, w)
		})
	}
}

// open starts a service whose own address is its public one.
func (w *world) open(service boot.Service, front *relay) {
	w.t.Helper()
	w.start(service)
	front.target.Store(parsed(w.t, w.api))
}

// objects counts the stored files, whatever the storage.
func (w *world) objects() int {
	w.t.Helper()
	if w.config.StorageProvider != "filestore" {
		return len(w.supa.Objects(w.config.Bucket()))
	}
	found, err := filepath.Glob(filepath.Join(w.config.FilestoreDir, w.config.Bucket(), "objects", "*", "*", "*~", "bytes"))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found)
}

// The whole way of today's UI: announce, PUT without a token, poll the status
// by its path until complete, search.
func TestC3_L019_L023_TheTwoStepsOfTodaysUIEndComplete(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada, bob := w.person("ada"), w.person("bob")
		card := corpus.MemberCard()
		a := ada.announced(`C:\papers\card.pdf`, len(card.Bytes))
		if left := time.Until(a.Expires); left <= 0 || left > 15*time.Minute {
			t.Errorf("the address expires in %s", left)
		}
		for _, tail := range []string{"", "/status"} {
			status, now := ada.stands(a.DocumentID, tail)
			if status != http.StatusOK || now.Status != core.Uploaded || now.Progress != 0 || now.Stage != "awaiting_file" ||
				now.DocumentID != a.DocumentID || now.JobID != a.JobID || now.Filename != "card.pdf" {
				t.Errorf("%q before the file: %d %+v", tail, status, now)
			}
			if tail == "" && now.NextStep != "waits_for_file" {
				t.Errorf("the next step is %q", now.NextStep)
			}
		}
		if status, _ := ada.finished(a.DocumentID); status != http.StatusConflict {
			t.Errorf("completed before the file came: %d", status)
		}
		var list struct{ Documents []stands }
		if w.call(http.MethodGet, w.api+"/documents", ada.token, nil, &list); len(list.Documents) != 0 {
			t.Errorf("the list shows %+v before the file came", list.Documents)
		}
		if status := w.sent(a, card.Bytes); status != http.StatusOK {
			t.Fatalf("the file was answered %d", status)
		}
		if status := w.sent(a, corpus.DenialLetter().Bytes); status/100 != 4 {
			t.Errorf("a second file was answered %d", status)
		}
		for _, path := range []string{"", "/status"} {
			if status, _ := bob.stands(a.DocumentID, path); status != http.StatusNotFound {
				t.Errorf("a foreigner reads %d", status)
			}
		}
		if status, _ := bob.finished(a.DocumentID); status != http.StatusNotFound {
			t.Errorf("a foreigner completes: %d", status)
		}
		last := ada.completes(a.DocumentID)
		if last.DocumentID != a.DocumentID || last.Progress != 100 || last.Pages == 0 {
			t.Errorf("it ended as %+v", last)
		}
		if found := ada.search("member id", 1); len(found) != 1 || found[0].DocumentID != a.DocumentID || found[0].Filename != "card.pdf" {
			t.Errorf("the search found %+v", found)
		}
		if status, now := ada.finished(a.DocumentID); status != http.StatusOK || now.Status != core.Complete {
			t.Errorf("completed once more: %d %+v", status, now)
		}
		w.idle()
		if n := w.count(`select count(*) from upload_pipeline.upload_jobs`); n != 1 {
			t.Errorf("%d attempts were made", n)
		}
		for _, secret := range []string{"token=", strings.SplitN(a.SignedURL, "?", 2)[1], "card.pdf"} {
			if strings.Contains(w.logs.String(), secret) {
				t.Errorf("the log holds %.12q", secret)
			}
		}
	})
}

// A UI that never asks again is served all the same.
func TestAFileNobodyAsksAboutIsTakenIn(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada := w.person("ada")
		card := corpus.MemberCard().Bytes
		a := ada.announced("card.pdf", len(card))
		if status := w.sent(a, card); status != http.StatusOK {
			t.Fatalf("the file was answered %d", status)
		}
		w.until("the document to be complete", func() bool {
			return w.count(`select count(*) from upload_pipeline.upload_jobs where document_id = $1 and status = 'complete'`, a.DocumentID) == 1
		})
	})
}

// What is not taken fails with a reason, and leaves no file.
func TestABadFileFailsWithItsReason(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada := w.person("ada")
		for code, content := range map[core.Code][]byte{
			core.CodeFileUnsupported: []byte("just some text, whatever its name says"),
			core.CodeFileEncrypted:   corpus.Encrypted().Bytes,
			core.CodeFileBroken:      corpus.Broken().Bytes,
		} {
			a := ada.announced("paper.pdf", len(content))
			if status := w.sent(a, content); status != http.StatusOK {
				t.Fatalf("%s: the file was answered %d", code, status)
			}
			if status, _ := ada.finished(a.DocumentID); status != http.StatusOK {
				t.Errorf("%s: completing answered %d", code, status)
			}
			last := ada.end(a.DocumentID)
			_, now := ada.stands(a.DocumentID, "")
			if last.Status != core.FailedParse || now.LastError == nil || now.LastError.Code != string(code) || now.LastError.Message == "" ||
				now.LastError.Advice == "" || now.Stage != "awaiting_file" || now.Progress != 0 || now.NextStep != "none" {
				t.Errorf("%s: it ended as %+v %+v", code, now, now.LastError)
			}
			if status, _ := ada.post("/documents/" + a.DocumentID + "/retry"); status != http.StatusNotFound {
				t.Errorf("%s: the retry of nothing answered %d", code, status)
			}
		}
		w.until("the files to be removed", func() bool { return w.objects() == 0 })
		if n := w.count(`select count(*) from upload_pipeline.documents`); n != 0 {
			t.Errorf("%d documents were made", n)
		}
	})
}

// The storage does not hold the client to the announced size: we do.
func TestL019_AFileOfAnotherSizeIsNotTaken(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada := w.person("ada")
		card := corpus.MemberCard().Bytes
		a := ada.announced("card.pdf", len(card)-1)
		if w.sent(a, card) == http.StatusOK {
			last := ada.end(a.DocumentID)
			if last.Status != core.FailedParse || last.LastError == nil || last.LastError.Code != string(core.CodeSizeDiffers) {
				t.Errorf("it ended as %+v %+v", last, last.LastError)
			}
		} else if w.config.StorageProvider != "filestore" {
			t.Error("the storage refused what the real one takes")
		}
		w.until("no file to be left", func() bool { return w.objects() == 0 })
	})
}

// The same content again: the hint refuses early, the bytes decide late, and
// nobody learns of another's.
func TestL007_TheSameContentLeadsToTheExistingDocument(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada, bob := w.person("ada"), w.person("bob")
		card := corpus.MemberCard()
		first := ada.taken("card.pdf", card.Bytes)
		ada.completes(first)
		claim := map[string]any{"filename": "again.pdf", "bytes_len": len(card.Bytes), "mime": "application/pdf", "sha256": hexSum(card.Bytes)}
		var refused accepted
		status := w.call(http.MethodPost, w.api+"/api/upload-pipeline/upload", ada.token, claim, &refused)
		if status != http.StatusConflict || refused.DocumentID != first || refused.Code != string(core.CodeDuplicate) {
			t.Errorf("the hint was answered %d %+v", status, refused)
		}
		if status := w.call(http.MethodPost, w.api+"/api/upload-pipeline/upload", bob.token, claim, nil); status != http.StatusOK {
			t.Errorf("another's content was answered %d", status)
		}
		a := ada.announced("again.pdf", len(card.Bytes))
		if status := w.sent(a, card.Bytes); status != http.StatusOK {
			t.Fatalf("the file was answered %d", status)
		}
		w.until("the duplicate to be found", func() bool { _, now := ada.stands(a.DocumentID, "/status"); return now.DocumentID == first })
		if last := ada.completes(a.DocumentID); last.DocumentID != first {
			t.Errorf("the reserved id shows %+v", last)
		}
		w.until("the second file to be removed", func() bool { return w.objects() == 1 })
	})
}

// No file in time; and one that comes when it is over is swept.
func TestAnUploadExpiresAndWhatComesLaterIsSwept(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.config.SweepEvery = time.Second
		w.open(boot.Dev, w.front())
		ada := w.person("ada")
		card := corpus.MemberCard().Bytes
		a := ada.announced("card.pdf", len(card))
		w.exec(`update upload_pipeline.upload_intents set expires_at = now() - interval '1 hour' where document_id = $1`, a.DocumentID)
		last := ada.end(a.DocumentID)
		if last.Status != core.FailedParse || last.LastError == nil || last.LastError.Code != string(core.CodeUploadExpired) || last.LastError.Advice == "" {
			t.Fatalf("it ended as %+v %+v", last, last.LastError)
		}
		if status := w.sent(a, card); status != http.StatusOK { // the address itself lives
			t.Fatalf("the late file was answered %d", status)
		}
		w.until("the late file to be swept", func() bool { return w.objects() == 0 })
		if status, now := ada.finished(a.DocumentID); status != http.StatusOK || now.Status != core.FailedParse {
			t.Errorf("completing it answers %d %+v", status, now)
		}
	})
}

// An owner may take the announcement back.
func TestAnOpenUploadIsCancelledAndDeleted(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.open(boot.Dev, w.front())
		ada := w.person("ada")
		a, b := ada.announced("a.pdf", 10), ada.announced("b.pdf", 10)
		status, now := ada.post("/documents/" + a.DocumentID + "/cancel")
		if status != http.StatusAccepted || now.Status != core.Cancelled || now.Progress != 0 || now.NextStep != "none" {
			t.Errorf("cancel answered %d %+v", status, now)
		}
		if status, _ := ada.post("/documents/" + a.DocumentID + "/cancel"); status != http.StatusConflict {
			t.Errorf("cancel again answered %d", status)
		}
		if status := w.call(http.MethodDelete, w.api+"/documents/"+b.DocumentID, ada.token, nil, nil); status != http.StatusAccepted {
			t.Errorf("delete answered %d", status)
		}
		if status, _ := ada.stands(b.DocumentID, ""); status != http.StatusNotFound {
			t.Errorf("a deleted upload answers %d", status)
		}
	})
}

// Killed in the middle: the file is there and its job is a dead worker's. The
// next worker ends it the same.
func TestC20_AWorkerThatDiedInTheMiddleIsSucceeded(t *testing.T) {
	storages(t, func(t *testing.T, w *world) {
		w.config.ParsePolls = []time.Duration{time.Second} // no webhook runs here
		w.open(boot.API, w.front())
		ada := w.person("ada")
		card := corpus.MemberCard().Bytes
		a := ada.announced("card.pdf", len(card))
		w.sent(a, card)
		if status, _ := ada.finished(a.DocumentID); status != http.StatusOK {
			t.Fatalf("completing answered %d", status)
		}
		if status, _ := ada.finished(a.DocumentID); status != http.StatusOK {
			t.Fatalf("completing again answered %d", status)
		}
		if n := w.count(`select count(*) from river.river_job where kind = 'arrive'`); n != 1 {
			t.Fatalf("%d jobs were made for one file", n)
		}
		w.exec(`update river.river_job set state = 'running', attempt = 1, attempted_at = now() - interval '1 hour', attempted_by = array['dead'] where kind = 'arrive'`)
		w.start(boot.Worker)
		ada.completes(a.DocumentID)
		w.idle()
		if n := w.count(`select count(*) from upload_pipeline.documents`); n != 1 {
			t.Errorf("%d documents", n)
		}
	})
}

func parsed(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func hexSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
