package openai_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

// What a service does not know is found out once: each lesson costs a request,
// and numbers in place of base64 cost the tokens of that one batch.
func TestAServicesFormIsLearnedOnce(t *testing.T) {
	t.Parallel()
	type d = openaitest.Dialect
	for name, test := range map[string]struct {
		dialect        d
		requests, paid int // of two batches of three texts
	}{
		"the vendor":                     {d{}, 2, 6},
		"ignores base64":                 {d{FloatsOnly: true}, 3, 9},
		"refuses base64":                 {d{NoEncoding: true}, 3, 6},
		"refuses dimensions":             {d{NoDimensions: true}, 3, 6},
		"refuses both":                   {d{NoDimensions: true, NoEncoding: true}, 4, 6},
		"refuses one, ignores the other": {d{NoDimensions: true, FloatsOnly: true}, 4, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, fake := serve(t, openaitest.Options{Dialect: test.dialect})
			embed(t, e, texts(3)...)
			embed(t, e, texts(3)...)
			if l := fake.Ledger(); l.Requests != test.requests || l.Inputs != test.paid {
				t.Fatalf("%d requests, %d inputs paid for; want %d and %d", l.Requests, l.Inputs, test.requests, test.paid)
			}
		})
	}
}

// A refusal that only mentions a field teaches nothing: the form is kept once
// it gave good vectors, and not before.
func TestAFormIsKeptOnlyWhenItWorks(t *testing.T) {
	t.Parallel()
	fake, err := openaitest.New(openaitest.Options{Counter: quick{}})
	if err != nil {
		t.Fatal(err)
	}
	const refusal = `{"error":{"message":"the text speaks of encoding_format","type":"invalid_request_error","param":null,"code":null}}`
	refusals := 2
	var formats []string
	e := dial(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodyOf(t, r)
		formats = append(formats, formatOf(body))
		if refusals > 0 {
			refusals--
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(refusal))
			return
		}
		fake.ServeHTTP(w, r)
	}))
	refused(t, e, core.CodeEmbedderRefused, "a text")
	embed(t, e, "a text")
	want := "base64+dimensions float+dimensions base64+dimensions"
	if got := strings.Join(formats, " "); got != want {
		t.Fatalf("asked as %s, want %s", got, want)
	}
}

// formatOf says how a request was put.
func formatOf(body string) string {
	format := "float"
	if strings.Contains(body, `"base64"`) {
		format = "base64"
	}
	if strings.Contains(body, `"dimensions":1536`) {
		format += "+dimensions"
	}
	return format
}

// A model of another length than ours is never taken for good, whatever the
// service makes of the field that asks for ours.
func TestVectorsOfAnotherLengthAreRefusedInEveryForm(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{Dialect: openaitest.Dialect{NoDimensions: true}},
		func(c *openai.Config) { c.Model = "text-embedding-3-large" })
	for range 2 {
		refused(t, e, core.CodeBadVectors, "a text")
	}
	if l := fake.Ledger(); l.Requests != 4 {
		t.Fatalf("%d requests; no form is to be kept", l.Requests)
	}
}

func TestOrganizationAndProjectAreSent(t *testing.T) {
	t.Parallel()
	options := openaitest.Options{Organization: "org-1", Project: "proj_1"}
	e, _ := serve(t, options)
	embed(t, e, "a text")
	if err := e.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*openai.Config){
		func(c *openai.Config) { c.Organization = "org-2" }, func(c *openai.Config) { c.Project = "proj_2" },
	} {
		wrong, _ := serve(t, options, change)
		refused(t, wrong, core.CodeEmbedderKey, "a text")
	}
}
