package place

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Letter is one callback of the parser, as it came.
type Letter struct {
	Path   string      `json:"path"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// postbox stands between the parser and the webhook, as the network does: it
// measures the answers, and keeps callbacks back while it is told to hold them.
type postbox struct {
	webhook string // base address

	mu      sync.Mutex
	holding bool
	held    []Letter
	times   *hdrhistogram.Histogram // of answers, in microseconds
	refused int                     // answers that are no 2xx
	lost    int                     // no answer came
}

func newPostbox() *postbox {
	return &postbox{times: hdrhistogram.New(1, time.Hour.Microseconds(), 3)}
}

// most is the longest body of a callback that is carried, in bytes.
const most = 1 << 20

// ServeHTTP takes a callback: it is passed on, or held and said to be delivered.
func (b *postbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	letter := Letter{Path: r.URL.Path, Header: r.Header.Clone(), Body: body}
	if b.keep(letter) {
		return
	}
	w.WriteHeader(b.pass(r, letter))
}

// keep holds a letter back where letters are held.
func (b *postbox) keep(letter Letter) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.holding {
		b.held = append(b.held, letter)
	}
	return b.holding
}

// pass carries a letter to the webhook and gives its status.
func (b *postbox) pass(r *http.Request, letter Letter) int {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, b.webhook+letter.Path, bytes.NewReader(letter.Body))
	if err != nil {
		return http.StatusBadGateway
	}
	request.Header = letter.Header
	began := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		err = errors.Join(err, response.Body.Close())
	}
	took := time.Since(began)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.lost++
		return http.StatusBadGateway
	}
	_ = b.times.RecordValue(max(took.Microseconds(), 1)) // an hour is never reached
	if response.StatusCode/100 != 2 {
		b.refused++
	}
	return response.StatusCode
}

// hold begins to keep letters, or ends it; those kept stay.
func (b *postbox) hold(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holding = on
}

// letters is what was held, in the order of its arrival.
func (b *postbox) letters() []Letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Letter{}, b.held...)
}

// figures adds what is known of the answers.
func (b *postbox) figures(into map[string]float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	into["callbacks.count"], into["callbacks.refused"], into["callbacks.lost"] = float64(b.times.TotalCount()), float64(b.refused), float64(b.lost)
	into["callbacks.held"] = float64(len(b.held))
	if b.times.TotalCount() == 0 {
		return
	}
	for name, at := range map[string]float64{"p50": 50, "p95": 95, "p99": 99, "max": 100} {
		into["callbacks."+name+"_ms"] = float64(b.times.ValueAtQuantile(at)) / 1000
	}
}
