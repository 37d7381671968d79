package scenario

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// callTime bounds one call.
const callTime = 3 * time.Minute

// newClient is a client for many calls at once.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // it is one
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 1024
	return &http.Client{Transport: transport, Timeout: callTime}
}

// Account is somebody who has one already.
type Account struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// person is one account of the product.
type person struct {
	client *http.Client
	api    string
	token  string
	id     string

	mu        sync.Mutex
	documents []string // all that were accepted
}

// reply is an answer: its status, when to come again, and its body.
type reply struct {
	status int
	again  string // Retry-After
	body   []byte
}

// kind is what an answer means to a load.
func (r reply) kind() result.Kind {
	switch {
	case r.status/100 == 2:
		return result.Done
	case (r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable) && r.again != "":
		return result.Refused
	}
	return result.Failed
}

// code is the status, with the product's own word where there is one.
func (r reply) code() string {
	var problem struct {
		Code string `json:"code"`
	}
	if r.status/100 != 2 && json.Unmarshal(r.body, &problem) == nil && problem.Code != "" {
		return strconv.Itoa(r.status) + " " + problem.Code
	}
	return strconv.Itoa(r.status)
}

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 4 << 20

// send makes one call.
func (p *person) send(request *http.Request) (r reply, err error) {
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return r, err
	}
	r = reply{status: response.StatusCode, again: response.Header.Get("Retry-After")}
	r.body, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	return r, errors.Join(err, response.Body.Close())
}

// post sends JSON, and reads the answer into value where it is as expected.
func (p *person) post(ctx context.Context, path string, body, value any) (reply, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.api+path, bytes.NewReader(text))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	r, err := p.send(request)
	if err == nil && r.status/100 == 2 && value != nil {
		err = json.Unmarshal(r.body, value)
	}
	return r, err
}

// get makes a call without a body.
func (p *person) get(ctx context.Context, path string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.api+path, nil)
	if err != nil {
		return reply{}, err
	}
	return p.send(request)
}

// enter signs in, or up where no account is given.
func enter(ctx context.Context, client *http.Client, api string, account *Account) (*person, error) {
	p := &person{client: client, api: api}
	path, body := "/auth/login", map[string]string{}
	if account == nil {
		account = &Account{Email: "load-" + rand.Text() + "@example.com", Password: rand.Text()}
		path = "/auth/signup"
		body["consent_version"], body["consent_timestamp"] = "1", time.Now().UTC().Format(time.RFC3339)
	}
	body["email"], body["password"] = account.Email, account.Password
	var session struct {
		Token string `json:"access_token"`
		User  struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	r, err := p.post(ctx, path, body, &session)
	if err == nil && session.Token == "" {
		err = fmt.Errorf("%s answered %s and no token: a deployed place needs accounts that may sign in", path, r.code())
	}
	p.token, p.id = session.Token, session.User.ID
	return p, err
}

// upload sends one file as a browser does, with its length stated, and gives
// the document's id where it was accepted.
func (p *person) upload(ctx context.Context, file io.Reader, size int64) (id string, r reply, err error) {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	if _, err := form.CreateFormFile("file", "policy.pdf"); err != nil {
		return "", r, err
	}
	head := bytes.Clone(frame.Bytes())
	frame.Reset()
	if err := form.Close(); err != nil {
		return "", r, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.api+uploadPath, io.MultiReader(bytes.NewReader(head), file, &frame))
	if err != nil {
		return "", r, err
	}
	request.ContentLength = int64(len(head)) + size + int64(frame.Len())
	request.Header.Set("Content-Type", form.FormDataContentType())
	if r, err = p.send(request); err != nil || r.status/100 != 2 {
		return "", r, err
	}
	var accepted struct {
		ID string `json:"document_id"`
	}
	if err := json.Unmarshal(r.body, &accepted); err != nil {
		return "", r, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.documents = append(p.documents, accepted.ID)
	return accepted.ID, r, nil
}

// uploadPath takes files.
const uploadPath = "/upload-document-backend"

// any is one of the person's documents; empty when there is none.
func (p *person) any(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.documents) == 0 {
		return ""
	}
	return p.documents[n%len(p.documents)]
}

// standing is where a document is.
type standing struct {
	ID     string `json:"document_id"`
	Status string `json:"status"`
}

// mostAsked is how many documents may be asked for at once.
const mostAsked = 100

// standings asks where documents are, at most mostAsked.
func (p *person) standings(ctx context.Context, ids []string) ([]standing, error) {
	var answer struct {
		Documents []standing `json:"documents"`
	}
	r, err := p.post(ctx, "/documents/batch-status", map[string][]string{"ids": ids}, &answer)
	if err == nil && r.status/100 != 2 {
		err = fmt.Errorf("batch-status answered %s", r.code())
	}
	return answer.Documents, err
}
