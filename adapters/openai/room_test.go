package openai_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

// What the service says of its limits comes with the vectors, as shares.
func TestTheRoomThatIsLeftIsTold(t *testing.T) {
	t.Parallel()
	real, err := openaitest.New(openaitest.Options{Counter: quick{}, Key: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		headers map[string]string
		want    *core.Room
	}{
		"both": {map[string]string{"Limit-Requests": "100", "Remaining-Requests": "25", "Limit-Tokens": "1000", "Remaining-Tokens": "500"},
			&core.Room{Requests: 0.25, Tokens: 0.5}},
		"the project's is less": {map[string]string{"Limit-Requests": "100", "Remaining-Requests": "25", "Limit-Tokens": "1000", "Remaining-Tokens": "500",
			"Limit-Project-Tokens": "1000", "Remaining-Project-Tokens": "100"}, &core.Room{Requests: 0.25, Tokens: 0.1}},
		"one alone": {map[string]string{"Limit-Requests": "100", "Remaining-Requests": "25"}, nil},
		"no sense":  {map[string]string{"Limit-Requests": "0", "Remaining-Requests": "x", "Limit-Tokens": "-1", "Remaining-Tokens": "NaN"}, nil},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			real.ServeHTTP(&said{w, c.headers}, r)
		}))
		t.Cleanup(server.Close)
		e, err := openai.New(openai.Config{BaseURL: server.URL + "/v1", Key: "sk-test"})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := e.Embed(context.Background(), []string{"deductible"})
		if diff := cmp.Diff(c.want, answer.Room); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// said replaces what a service says of its limits.
type said struct {
	http.ResponseWriter
	headers map[string]string
}

func (s *said) Write(b []byte) (int, error) {
	if s.headers != nil {
		s.WriteHeader(http.StatusOK)
	}
	return s.ResponseWriter.Write(b)
}

func (s *said) WriteHeader(status int) {
	maps.DeleteFunc(s.Header(), func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Ratelimit-") })
	for name, value := range s.headers {
		s.Header().Set("X-Ratelimit-"+name, value)
	}
	s.headers = nil // said once
	s.ResponseWriter.WriteHeader(status)
}

// The limits are told with every answer, a refusal's among them, in the service's
// own numbers; half of a limit is none.
func TestTheLimitsAreTold(t *testing.T) {
	t.Parallel()
	before := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{"Limit-Requests": "100", "Remaining-Requests": "25", "Reset-Requests": "45s", "Limit-Project-Tokens": "1000",
			"Remaining-Project-Tokens": "0", "Limit-Tokens": "1000"} {
			w.Header().Set("X-Ratelimit-"+name, value)
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	told := map[string]openai.Limit{}
	e, err := openai.New(openai.Config{BaseURL: server.URL + "/v1", Key: "sk-test", Told: func(l openai.Limit) { told[l.Resource] = l }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), []string{"deductible"}); !core.HasCode(err, core.CodeEmbedderBusy) {
		t.Fatalf("a refusal: %v", err)
	}
	requests := told["requests"]
	if wait := requests.Reset.Sub(before); len(told) != 2 || requests.Most != 100 || requests.Left != 25 || wait < 45*time.Second || wait > 2*time.Minute {
		t.Errorf("told were %+v", told)
	}
	if got, want := told["project_tokens"], (openai.Limit{Resource: "project_tokens", Most: 1000}); got != want {
		t.Errorf("the project's is %+v, want %+v", got, want)
	}
}
