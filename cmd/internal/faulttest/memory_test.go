package faulttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// What L-010 is held to: so many of the largest files at once, which are 400 MiB
// together, and what the API may have used at its peak.
const (
	weighty      = 16
	weightyBytes = 25 << 20
	peakMiB      = 256
)

// heavy sends a file of its own that is made while it is sent: the content with
// an id in its noise.
func (c *client) heavy(ctx context.Context, content []byte, noise int) (reply, error) {
	id, key := core.NewID(), core.NewID().String()
	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	if _, err := form.CreateFormFile("file", "policy.pdf"); err != nil {
		return reply{}, err
	}
	began := head.Len()
	if err := form.Close(); err != nil {
		return reply{}, err
	}
	file := [][]byte{head.Bytes()[:began], content[:noise], id[:], content[noise+len(id):], head.Bytes()[began:]}
	parts, size := make([]io.Reader, len(file)), 0
	for i, part := range file {
		parts[i], size = bytes.NewReader(part), size+len(part)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.w.front()+"/upload-document-backend", io.MultiReader(parts...))
	if err != nil {
		return reply{}, err
	}
	request.ContentLength = int64(size)
	request.Header = http.Header{"Content-Type": {form.FormDataContentType()}, "Idempotency-Key": {key}, "Authorization": {"Bearer " + c.token}}
	return answered(request)
}

// taken sends such a file until it is taken. What is refused has to be refused
// as by a service that is full: 429 or 503, with a word when to come back.
func (c *client) taken(ctx context.Context, content []byte, noise int) error {
	_, err := again(ctx, func() (reply, error) {
		r, err := c.heavy(ctx, content, noise)
		full := r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable
		switch {
		case full && r.after != "":
			return r, err
		case err != nil || r.status != http.StatusOK && r.status != http.StatusAccepted:
			return r, fmt.Errorf("an upload ended with %d %s: %v", r.status, r.text("code"), err) //nolint:errorlint // it is not to be tried again
		}
		return r, nil
	})
	return err
}

// L-010: the largest files, many at once, are not held in memory: the API's
// peak stays far below what they weigh, and none is lost.
func TestL010_UploadsDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	needsProc(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	w := newWorld(t, dbtest.New(t, db.Schemas{}))
	w.extra = map[string]string{"STORAGE_PROVIDER": "filestore", "FILESTORE_DIR": t.TempDir()}
	w.run("api", "api")
	ada, err := w.signUp(ctx, "ada", &diary{})
	if err != nil {
		t.Fatal(err)
	}
	content, noise := corpus.Weighty(corpus.MemberCard(), weightyBytes)
	var all sync.WaitGroup
	for range weighty {
		all.Go(func() {
			if err := ada.taken(ctx, content, noise); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	figures := map[string]float64{}
	if err := w.process("api").figures(figures); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files of %d MiB at once: the peak is %.0f MiB", weighty, weightyBytes>>20, figures["api peak MiB"])
	if peak := figures["api peak MiB"]; peak == 0 || peak > peakMiB {
		t.Errorf("the API used %.0f MiB at its peak, more than %d", peak, peakMiB)
	}
	if n := w.exits(); n > 0 {
		t.Errorf("the API ended %d times", n)
	}
}
