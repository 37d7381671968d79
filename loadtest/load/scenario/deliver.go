package scenario

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// letter is one callback of the parser that was held back.
type letter struct {
	Path   string      `json:"path"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// deliverer sends held callbacks: of ten, four are new, five come again, and
// one is forged.
type deliverer struct {
	webhook string
	client  *http.Client
	letters []letter
	sent    atomic.Int64 // of the letters, in their order
}

// The parts of ten.
const (
	newOfTen   = 4
	againOfTen = 5
)

// deliver sends one: what is new or comes again has to be taken, what is forged refused.
func (d *deliverer) deliver(ctx context.Context, n int) (result.Kind, string) {
	switch at := n % 10; {
	case at < newOfTen || d.sent.Load() == 0:
		next := d.sent.Add(1) - 1
		if next >= int64(len(d.letters)) {
			return result.Failed, "no letter was left"
		}
		return d.taken(ctx, d.letters[next], "new")
	case at < newOfTen+againOfTen:
		return d.taken(ctx, d.former(), "again")
	}
	status, err := d.post(ctx, forged(d.former()))
	if err != nil {
		return result.Failed, "no answer"
	}
	if status == http.StatusUnauthorized {
		return result.Done, "401 forged"
	}
	return result.Failed, strconv.Itoa(status) + " forged"
}

// former is one of the letters that were sent already.
func (d *deliverer) former() letter {
	sent := min(int(d.sent.Load()), len(d.letters))
	return d.letters[rand.IntN(sent)] //nolint:gosec // any will do
}

func (d *deliverer) taken(ctx context.Context, l letter, what string) (result.Kind, string) {
	status, err := d.post(ctx, l)
	if err != nil {
		return result.Failed, "no answer"
	}
	if status/100 == 2 {
		return result.Done, strconv.Itoa(status) + " " + what
	}
	return result.Failed, strconv.Itoa(status) + " " + what
}

func (d *deliverer) post(ctx context.Context, l letter) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.webhook+l.Path, bytes.NewReader(l.Body))
	if err != nil {
		return 0, err
	}
	request.Header = l.Header.Clone()
	response, err := d.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close() //nolint:errcheck // read below
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// signatureHeader carries the parser's signature.
const signatureHeader = "Lc-Signature"

// forged is a letter whose signature is one digit off.
func forged(l letter) letter {
	l.Header = l.Header.Clone()
	signature := l.Header.Get(signatureHeader)
	last := "0"
	if strings.HasSuffix(signature, last) {
		last = "1"
	}
	l.Header.Set(signatureHeader, signature[:max(len(signature)-1, 0)]+last)
	return l
}

// lettersTime bounds the wait for callbacks of all open documents.
const lettersTime = 10 * time.Minute
