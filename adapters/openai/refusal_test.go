package openai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

func TestEveryRefusalHasItsCode(t *testing.T) {
	t.Parallel()
	codes := map[openaitest.FaultKind]core.Code{
		openaitest.RateLimitRequests: core.CodeEmbedderBusy,
		openaitest.RateLimitTokens:   core.CodeEmbedderBusy,
		openaitest.SlowDown:          core.CodeEmbedderBusy,
		openaitest.InsufficientQuota: core.CodeEmbedderCredits,
		openaitest.CreditBalance:     core.CodeEmbedderCredits,
		openaitest.OrganizationSpend: core.CodeEmbedderCredits,
		openaitest.ProjectSpend:      core.CodeEmbedderCredits,
		openaitest.OrganizationUsage: core.CodeEmbedderCredits,
		openaitest.BillingHardLimit:  core.CodeEmbedderCredits,
		openaitest.KeyRevoked:        core.CodeEmbedderKey,
		openaitest.RegionRefused:     core.CodeEmbedderKey,
		openaitest.ModelGone:         core.CodeEmbedderKey,
		openaitest.BadRequest:        core.CodeEmbedderRefused,
		openaitest.ServerError:       core.CodeEmbedderUnavailable,
		openaitest.Overloaded:        core.CodeEmbedderUnavailable,
		openaitest.GatewayPage:       core.CodeEmbedderUnavailable,
		openaitest.GatewayTimeout:    core.CodeEmbedderUnavailable,
		openaitest.DoorPage:          core.CodeEmbedderKey,
		openaitest.ConnectionCut:     core.CodeEmbedderUnavailable,
		openaitest.TruncatedBody:     core.CodeEmbedderUnavailable,
	}
	for kind, code := range codes {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			e, fake := serve(t, openaitest.Options{})
			fake.Inject(openaitest.Fault{Kind: kind, Times: -1})
			for range 2 {
				refused(t, e, code, "the canary text", "another")
			}
			fake.Heal()
			embed(t, e, "the canary text", "another")
		})
	}
}

func TestWaitsAreTheServices(t *testing.T) {
	t.Parallel()
	type fault = openaitest.Fault
	for name, test := range map[string]struct {
		fault fault
		want  time.Duration
	}{
		"retry_after":            {fault{Kind: openaitest.RateLimitRequests, RetryAfter: 7 * time.Second}, 7 * time.Second},
		"retry_after_ms":         {fault{Kind: openaitest.RateLimitTokens, RetryAfter: 2500 * time.Millisecond, RetryForm: openaitest.RetryMilliseconds}, 2500 * time.Millisecond},
		"retry_after_over_reset": {fault{Kind: openaitest.RateLimitTokens, RetryAfter: 2 * time.Second, Reset: time.Minute}, 2 * time.Second},
		"reset":                  {fault{Kind: openaitest.RateLimitTokens, Reset: 6*time.Minute + time.Second}, 6*time.Minute + time.Second},
		"reset_of_slow_down":     {fault{Kind: openaitest.SlowDown, Reset: 1500 * time.Millisecond}, 1500 * time.Millisecond},
		"overloaded":             {fault{Kind: openaitest.Overloaded, RetryAfter: 3 * time.Second}, 3 * time.Second},
		"too_long_is_cut":        {fault{Kind: openaitest.SlowDown, RetryAfter: 24 * time.Hour}, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, fake := serve(t, openaitest.Options{})
			fake.Inject(test.fault)
			_, err := e.Embed(context.Background(), []string{"a text"})
			if after := core.AsError(err).After; after != test.want {
				t.Fatalf("%v: after %s, want %s", err, after, test.want)
			}
		})
	}
}

// A date has whole seconds, so that the wait is a little more or less.
func TestWaitUntilADate(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	fake.Inject(openaitest.Fault{Kind: openaitest.RateLimitRequests, RetryAfter: 10 * time.Minute, RetryForm: openaitest.RetryDate})
	if after := refused(t, e, core.CodeEmbedderBusy, "a text").After; after < 9*time.Minute || after > 10*time.Minute {
		t.Fatalf("after %s", after)
	}
}

func TestWaitWithoutAnyHeaderHasADefault(t *testing.T) {
	t.Parallel()
	e := dial(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	if after := refused(t, e, core.CodeEmbedderBusy, "a text").After; after != 10*time.Second {
		t.Fatalf("after %s", after)
	}
}

// Bodies as gateways and other services write them.
func TestForeignBodies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		code   core.Code
	}{
		"error as text":        {500, `{"error":"boom"}`, core.CodeEmbedderUnavailable},
		"429 in plain text":    {429, `slow down`, core.CodeEmbedderBusy},
		"quota in the type":    {429, `{"error":{"message":"m","type":"insufficient_quota","param":null,"code":null}}`, core.CodeEmbedderCredits},
		"numeric code":         {429, `{"error":{"message":"m","type":"t","param":null,"code":429}}`, core.CodeEmbedderBusy},
		"payment required":     {402, `{}`, core.CodeEmbedderCredits},
		"404 in HTML":          {404, `<html>`, core.CodeEmbedderKey},
		"context length":       {400, `{"error":{"message":"This model's maximum context length is 8192 tokens","type":"BadRequestError","param":null,"code":400}}`, core.CodeInputTooLong},
		"batch size":           {413, `{"error":{"message":"batch size 64 > maximum allowed batch size 32","type":"Validation","code":"x"}}`, core.CodeInputTooLong},
		"request timeout":      {408, ``, core.CodeEmbedderUnavailable},
		"teapot":               {418, ``, core.CodeEmbedderRefused},
		"no content":           {204, ``, core.CodeEmbedderUnavailable},
		"empty answer":         {200, ``, core.CodeEmbedderUnavailable},
		"null":                 {200, `null`, core.CodeBadVectors},
		"answer in HTML":       {200, `<html>sign in to the wireless network</html>`, core.CodeEmbedderUnavailable},
		"base64 that is none":  {200, `{"data":[{"index":0,"embedding":"%%%"}]}`, core.CodeEmbedderUnavailable},
		"negative index":       {200, `{"data":[{"index":-1,"embedding":""}]}`, core.CodeBadVectors},
		"error body, 200 code": {200, `{"error":{"message":"m","type":"t"}}`, core.CodeBadVectors},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := dial(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			refused(t, e, test.code, "a text")
		})
	}
}

// What the service says may quote the key and the text. Neither the error nor
// anything it wraps may hold it.
func TestErrorsHoldNothingOfTheOutside(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-jane-doe"
	for _, status := range []int{200, 400, 401, 404, 429, 500} {
		e := dial(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error":{"message":"%s","type":"%s","param":"%s","code":"%s"},"data":"%s"}`, canary, canary, canary, canary, canary)
		}))
		_, err := e.Embed(context.Background(), []string{canary})
		if err == nil {
			t.Fatalf("%d: no error", status)
		}
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			if said := fmt.Sprintf("%v %+v %#v", cause, cause, cause); strings.Contains(said, canary) || strings.Contains(said, testKey) {
				t.Fatalf("%d: %s", status, said)
			}
		}
	}
}

func TestHealthyProvesKeyAndModelAndCostsNothing(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	if err := e.Healthy(context.Background()); err != nil {
		t.Fatal(err)
	}
	if l := fake.Ledger(); l.ModelRequests != 1 || l.Tokens != 0 {
		t.Fatalf("%d model requests, %d tokens", l.ModelRequests, l.Tokens)
	}
	fake.Inject(openaitest.Fault{Kind: openaitest.Overloaded, Health: true}, openaitest.Fault{Kind: openaitest.InsufficientQuota, Health: true})
	for _, code := range []core.Code{core.CodeEmbedderUnavailable, core.CodeEmbedderCredits} {
		if err := e.Healthy(context.Background()); !core.HasCode(err, code) {
			t.Errorf("error %v, want %s", err, code)
		}
	}
	wrongKey, _ := serve(t, openaitest.Options{}, func(c *openai.Config) { c.Key = "sk-wrong" })
	wrongModel, _ := serve(t, openaitest.Options{}, func(c *openai.Config) { c.Model = "no-such/model" })
	for _, e := range []*openai.Embedder{wrongKey, wrongModel} {
		if err := e.Healthy(context.Background()); !core.HasCode(err, core.CodeEmbedderKey) {
			t.Errorf("error %v, want %s", err, core.CodeEmbedderKey)
		}
		refused(t, e, core.CodeEmbedderKey, "a text")
	}
}

func TestUnreachableServiceIsUnavailable(t *testing.T) {
	t.Parallel()
	e, err := openai.New(openai.Config{BaseURL: "http://127.0.0.1:1/v1", Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, e, core.CodeEmbedderUnavailable, "a text")
}

func TestConfigFaultsAreReportedAtOnceWithoutValues(t *testing.T) {
	t.Parallel()
	bad := openai.Config{BaseURL: "ftp://user:hunter2@host/v1", Key: "sk secret", Model: "a b", Timeout: -1, InFlight: -1,
		Organization: "org secret", Project: "proj\nsecret"}
	_, err := openai.New(bad)
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"BaseURL", "Key", "Model", "Timeout", "InFlight", "Organization", "Project"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %q", name, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a value in %q", err)
	}
	if _, err := openai.New(openai.Config{}); err == nil || !strings.Contains(err.Error(), "Key is missing") {
		t.Errorf("without a key: %v", err)
	}
	full := openai.Config{Key: testKey, Organization: testKey, Project: testKey}
	shown := fmt.Sprintf("%v %+v %#v", full, full, full)
	if strings.Contains(shown, testKey) {
		t.Errorf("key in %q", shown)
	}
}
