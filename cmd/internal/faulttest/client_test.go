package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
)

// diary is what clients remember.
type diary struct {
	mu   sync.Mutex
	acts []audit.Act
}

func (d *diary) note(op string, id core.ID, key string, outcome audit.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acts = append(d.acts, audit.Act{Op: op, ID: id, Key: key, Outcome: outcome, Time: time.Now()})
}

// count counts what ended so.
func (d *diary) count(outcome audit.Outcome) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, act := range d.acts {
		if act.Outcome == outcome {
			n++
		}
	}
	return n
}

// client is a person's program: it tries again what was not answered, under
// the same key.
type client struct {
	w     *world
	token string
	diary *diary
	lease func(ctx context.Context) error // lets the lease of a claim run out; nil waits for it

	sent, refused atomic.Int64 // calls; those that no answer came to, or one that asks to come again
}

// retryWait is between two tries of a client.
const retryWait = 300 * time.Millisecond

// errAgain says that a call was not answered, or asked to be tried again.
var errAgain = errors.New("try again")

// again calls until it is answered, or ctx ends.
func again[T any](ctx context.Context, call func() (T, error)) (answer T, err error) {
	for {
		if answer, err = call(); !errors.Is(err, errAgain) {
			return answer, err
		}
		if !pause(ctx, retryWait) {
			return answer, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// pause is what a client does between two calls; false says that ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// reply is an answer of the API.
type reply struct {
	status int
	after  string // Retry-After
	fields map[string]any
}

func (r reply) text(name string) string {
	s, _ := r.fields[name].(string)
	return s
}

// send makes one call. errAgain says that no answer came, or one of a service
// that is away for now.
func (c *client) send(ctx context.Context, method, path string, header http.Header, body []byte) (r reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	c.sent.Add(1)
	defer func() {
		if errors.Is(err, errAgain) {
			c.refused.Add(1)
		}
	}()
	request, err := http.NewRequestWithContext(ctx, method, c.w.front()+path, bytes.NewReader(body))
	if err != nil {
		return r, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	return answered(request)
}

// answered sends a request and reads its answer.
func answered(request *http.Request) (r reply, err error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return r, fmt.Errorf("%w: %w", errAgain, err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return r, fmt.Errorf("%w: %w", errAgain, err)
	}
	r.status, r.after = response.StatusCode, response.Header.Get("Retry-After")
	if len(text) > 0 && json.Unmarshal(text, &r.fields) != nil {
		return r, fmt.Errorf("%s %s answered %d without JSON", request.Method, request.URL.Path, r.status)
	}
	if r.status == http.StatusTooManyRequests || r.status >= http.StatusInternalServerError {
		return r, fmt.Errorf("%w: %d %s", errAgain, r.status, r.text("code"))
	}
	return r, nil
}

// signUp makes the client's account.
func (w *world) signUp(ctx context.Context, name string, d *diary) (*client, error) {
	c := &client{w: w, diary: d}
	body, _ := json.Marshal(map[string]string{"email": name + "@example.com", "password": "quiet-heron-lantern-" + name, // strings: it cannot fail
		"consent_version": "1", "consent_timestamp": "2026-01-01T00:00:00Z"})
	r, err := again(ctx, func() (reply, error) {
		return c.send(ctx, http.MethodPost, "/auth/signup", http.Header{"Content-Type": {"application/json"}}, body)
	})
	if err == nil && r.status != http.StatusCreated {
		err = fmt.Errorf("sign-up answered %d %s", r.status, r.text("code"))
	}
	c.token = r.text("access_token")
	return c, err
}

// upload uploads until the document is promised.
func (c *client) upload(ctx context.Context, content []byte) (core.ID, error) {
	key := core.NewID().String()
	return again(ctx, func() (core.ID, error) {
		r, err := c.post(ctx, key, content)
		if err != nil {
			return core.ID{}, err
		}
		return c.promised(ctx, key, r)
	})
}

// post sends a file once. Where no answer says what became of it, the diary
// says so.
func (c *client) post(ctx context.Context, key string, content []byte) (reply, error) {
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("file", "policy.pdf")
	if err != nil {
		return reply{}, err
	}
	_, _ = part.Write(content) // into memory
	_ = writer.WriteField("policy_id", "POL-1")
	_ = writer.Close()
	header := http.Header{"Content-Type": {writer.FormDataContentType()}, "Idempotency-Key": {key}}
	r, err := c.send(ctx, http.MethodPost, "/upload-document-backend", header, form.Bytes())
	if err != nil {
		c.diary.note(audit.OpUpload, core.ID{}, key, audit.Info)
	}
	return r, err
}

// promised reads the answer to an upload.
func (c *client) promised(ctx context.Context, key string, r reply) (core.ID, error) {
	if r.status == http.StatusConflict && r.text("code") == string(core.CodeIdempotencyInUse) {
		if c.lease != nil {
			if err := c.lease(ctx); err != nil {
				return core.ID{}, err
			}
		}
		return core.ID{}, errAgain
	}
	if r.status != http.StatusOK && r.status != http.StatusAccepted {
		c.diary.note(audit.OpUpload, core.ID{}, key, audit.Fail)
		return core.ID{}, fmt.Errorf("the upload answered %d %s", r.status, r.text("code"))
	}
	id, err := core.ParseID(r.text("document_id"))
	c.diary.note(audit.OpUpload, id, key, audit.OK)
	return id, err
}

// ending is how an attempt ended.
type ending struct {
	status core.Status
	code   core.Code // of a failure
}

// ends waits until the document's attempt has ended, and tells how.
func (c *client) ends(ctx context.Context, id core.ID) (ending, error) {
	return again(ctx, func() (ending, error) {
		r, err := c.send(ctx, http.MethodGet, "/documents/"+id.String()+"/status", nil, nil)
		if err != nil {
			return ending{}, err
		}
		e := ending{status: core.Status(r.text("status"))}
		if r.status != http.StatusOK || !e.status.Known() {
			return e, fmt.Errorf("the status of %s answered %d %s", id, r.status, r.text("code"))
		}
		if !e.status.Terminal() {
			return e, fmt.Errorf("%w: it is %s", errAgain, e.status)
		}
		if reason, ok := r.fields["last_error"].(map[string]any); ok {
			code, _ := reason["code"].(string)
			e.code = core.Code(code)
		}
		return e, nil
	})
}

// remove deletes until that is answered.
func (c *client) remove(ctx context.Context, id core.ID) error {
	return c.act(ctx, audit.OpDelete, id, http.MethodDelete, "", http.StatusNotFound) // gone by a call that was not answered
}

// cancel cancels until that is answered.
func (c *client) cancel(ctx context.Context, id core.ID) error {
	return c.act(ctx, audit.OpCancel, id, http.MethodPost, "/cancel", http.StatusConflict) // ended before
}

// retry asks for another attempt until that is answered.
func (c *client) retry(ctx context.Context, id core.ID) error {
	return c.act(ctx, audit.OpRetry, id, http.MethodPost, "/retry", http.StatusConflict) // under way by a call that was not answered
}

// act asks for something to be done with a document until that is answered.
func (c *client) act(ctx context.Context, op string, id core.ID, method, path string, too int) error {
	_, err := again(ctx, func() (bool, error) {
		r, err := c.send(ctx, method, "/documents/"+id.String()+path, nil, nil)
		if err != nil {
			c.diary.note(op, id, "", audit.Info)
			return false, err
		}
		if r.status >= http.StatusMultipleChoices && r.status != too {
			return false, fmt.Errorf("the %s answered %d %s", op, r.status, r.text("code"))
		}
		c.diary.note(op, id, "", audit.OK)
		return true, nil
	})
	return err
}
