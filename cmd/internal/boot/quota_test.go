package boot_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// One user sends fifty files at once where ten a day are allowed: exactly ten
// are taken, by two API processes together, and nothing of the others stays.
func TestTheDailyQuotaIsExactAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.UploadsPerDay = 10
	w.start(boot.API)
	ada := w.person("ada")
	first := w.api
	w.start(boot.API)
	var lock sync.Mutex
	statuses := map[string]int{}
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() {
			there := *w
			if n%2 == 0 {
				there.api = first
			}
			status, answer := person{&there, ada.token}.upload("policy.pdf", corpus.Filler(1, uint64(n)).Bytes)
			lock.Lock()
			defer lock.Unlock()
			statuses[strconv.Itoa(status)+" "+answer.Code]++
		})
	}
	group.Wait()
	if len(statuses) != 2 || statuses["200 "] != 10 || statuses["429 quota_exceeded"] != 40 {
		t.Errorf("answers %v", statuses)
	}
	if rows := w.count(`select count(*) from upload_pipeline.documents`); rows != 10 {
		t.Errorf("%d documents", rows)
	}
	if left := w.count(`select count(*) from upload_pipeline.storage_intents`); left != 0 {
		t.Errorf("%d intents of refused uploads stay", left)
	}
	// A refusal names when the next is taken; deleting gives nothing back.
	w.count(`with gone as (update upload_pipeline.upload_jobs set status = 'deleting' returning 1) select count(*) from gone`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.api+"/documents", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+ada.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	wait, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if response.StatusCode != http.StatusTooManyRequests || err != nil || wait < 23*3600 || wait > 24*3600 {
		t.Errorf("%d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	if bob := w.person("bob"); bob.taken("policy.pdf", corpus.Filler(1, 0).Bytes) == "" {
		t.Error("another user's quota is used up")
	}
}
