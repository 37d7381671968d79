package boot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// TestEveryOperationConforms calls every operation that the served document
// has, with good and with broken inputs, against the whole API on PostgreSQL:
// no answer is a 5xx, and each is one that the document tells of. A route is
// called from the day it is served. More calls: -rapid.checks=1000.
func TestEveryOperationConforms(t *testing.T) {
	t.Parallel()
	fewerChecks(t)
	c := newConformance(t)
	for _, path := range c.doc.Paths.InMatchingOrder() {
		item := c.doc.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			route := &routers.Route{Spec: c.doc, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}
			t.Run(route.Operation.OperationID, func(t *testing.T) { c.operation(t, route) })
		}
	}
	for line := range strings.Lines(c.w.logs.String()) {
		if strings.Contains(line, `"msg":"panic"`) {
			t.Error(line)
		}
	}
	c.w.logs.forget() // the failing call is shown above: thousands of events beside it help nobody
}

// fewerChecks makes a plain run short: what is asked for by the flag stays. No
// files of failures are written, for their reader takes no long lines; the call
// that fails is printed, and the seed repeats it.
func fewerChecks(t *testing.T) {
	t.Helper()
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		t.Fatal(err)
	}
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if asked {
		return
	}
	if err := flag.Set("rapid.checks", "40"); err != nil {
		t.Fatal(err)
	}
}

// conformance is a world with documents of two people in it.
type conformance struct {
	w       *world
	doc     *openapi3.T
	ada     person
	bob     person
	ids     []string // ada's documents
	foreign string   // bob's
	uploads uint64

	perishable []string // what the next call may name: for DELETE nothing that is needed later
}

func newConformance(t *testing.T) *conformance {
	t.Helper()
	w := newWorld(t)
	w.start(boot.Dev)
	c := &conformance{w: w, ada: w.person("ada"), bob: w.person("bob")}
	c.ids = []string{c.ada.taken("card.pdf", corpus.MemberCard().Bytes), c.ada.taken("broken.pdf", corpus.Scan().Bytes)}
	c.foreign = c.bob.taken("letter.pdf", corpus.DenialLetter().Bytes)
	c.ada.end(c.ids[0])
	c.ada.end(c.ids[1])
	c.bob.end(c.foreign)
	w.halt()
	w.start(boot.API) // without a worker, uploads stay where they are put
	c.ids = append(c.ids, c.fresh())
	var raw json.RawMessage
	w.call(http.MethodGet, w.api+"/openapi-3.0.json", "", nil, &raw)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	c.doc = doc
	for _, kind := range []string{"application/pdf", "multipart/byteranges"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	return c
}

// fresh uploads a document of ada's that nothing has worked on.
func (c *conformance) fresh() string {
	c.uploads++
	return c.ada.taken("filler.pdf", corpus.Filler(1, c.uploads).Bytes)
}

// operation calls one operation many times, as somebody who is signed in: the
// operation before may have been the one that signs out.
func (c *conformance) operation(t *testing.T, route *routers.Route) {
	c.ada.token = c.w.signIn("ada")
	if route.Operation.OperationID == "delete-user" { // not her whose account the others need
		c.ada.token = c.w.person("eve").token
	}
	seen := map[int]int{}
	rapid.Check(t, func(rt *rapid.T) {
		call := c.draw(rt, route)
		answer, err := c.send(call)
		if err == nil {
			seen[answer.status]++
			err = c.judge(route, call, answer)
		}
		if err != nil {
			rt.Fatalf("%v\n\nthe call:\n%s\n\nthe answer:\n%s", err, call, answer)
		}
	})
	t.Logf("answers by status: %v", seen)
	if seen[http.StatusUnauthorized] > 0 && len(seen) == 1 && len(*route.Operation.Security) > 0 {
		t.Error("no call was let in: nothing was tried")
	}
}

// call is one request, good or broken.
type call struct {
	method, target string
	header         http.Header
	body           []byte
	stranger       bool // carries no token that is good here
}

// String is the call for a person to read and to repeat.
func (c call) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", c.method, c.target)
	for _, name := range slices.Sorted(maps.Keys(c.header)) {
		for _, value := range c.header[name] {
			if name == "Authorization" && len(value) > 40 {
				value = value[:30] + "..."
			}
			fmt.Fprintf(&text, "%s: %.200q\n", name, value)
		}
	}
	fmt.Fprintf(&text, "\n%.2000q (%d bytes)", c.body, len(c.body))
	return text.String()
}

// String is the answer for a person to read.
func (a answered) String() string {
	return fmt.Sprintf("%d %s\n%.2000s", a.status, a.header.Get("Content-Type"), a.body)
}

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send makes the call. Of a stream of events the first one is read.
func (c *conformance) send(call call) (answered, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, call.method, c.w.api, bytes.NewReader(call.body))
	if err != nil {
		return answered{}, err
	}
	request.URL.Opaque = call.target // as drawn, not as a client would tidy it
	request.Header = call.header
	response, err := noRedirects.Do(request)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	answer := answered{status: response.StatusCode, header: response.Header}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		part := make([]byte, 1<<10)
		n, err := response.Body.Read(part)
		answer.body = part[:n]
		return answer, ended(err)
	}
	answer.body, err = io.ReadAll(response.Body)
	return answer, err
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// judge holds an answer to the document.
func (c *conformance) judge(route *routers.Route, call call, answer answered) error {
	if answer.status >= http.StatusInternalServerError {
		return fmt.Errorf("a client's input is answered %d", answer.status)
	}
	if call.stranger && len(*route.Operation.Security) > 0 && answer.status < http.StatusBadRequest {
		return errors.New("answered without a token that is good here")
	}
	request, err := http.NewRequestWithContext(context.Background(), call.method, c.w.api, nil)
	if err != nil {
		return err
	}
	stream := strings.HasPrefix(answer.header.Get("Content-Type"), "text/event-stream")
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, Route: route},
		Status:                 answer.status, Header: answer.header, Body: io.NopCloser(bytes.NewReader(answer.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: stream},
	})
	if err != nil {
		return fmt.Errorf("the answer is not as the document says: %w", err)
	}
	if answer.status >= http.StatusBadRequest {
		return problemHolds(route, answer)
	}
	if answer.status == http.StatusNoContent && len(answer.body) > 0 {
		return errors.New("204 with a body")
	}
	return nil
}

// problemHolds compares a problem with its request and with the codes that the
// document lists for the status.
func problemHolds(route *routers.Route, answer answered) error {
	var problem struct {
		Code     string
		Status   int
		Instance string
	}
	if err := json.Unmarshal(answer.body, &problem); err != nil {
		return err
	}
	codes, _ := route.Operation.Responses.Status(answer.status).Value.Extensions["x-codes"].([]any)
	if !slices.Contains(codes, any(problem.Code)) {
		return fmt.Errorf("%s is not among the codes %v of %d: add it to the operation's (adapters/httpapi/refusals.go)", problem.Code, codes, answer.status)
	}
	// What is told again by its key tells of the request that it was the answer to.
	replayed := answer.header.Get("Idempotent-Replayed") == "true"
	own := problem.Instance == "urn:uuid:"+answer.header.Get("X-Request-ID")
	if problem.Status != answer.status || own == replayed {
		return fmt.Errorf("the problem is of another answer (replayed: %t): %+v", replayed, problem)
	}
	return nil
}
