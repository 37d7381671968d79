package openai_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

// inMemory answers without a network, so that a bubble's clock can stand still.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	m.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// paced runs the check with an adapter on a service of these rates; time in it
// passes only while everything waits.
func paced(t *testing.T, options openaitest.Options, check func(*testing.T, *openai.Embedder, *openaitest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.Counter, options.Key = quick{}, testKey
		fake, err := openaitest.New(options)
		if err != nil {
			t.Fatal(err)
		}
		e, err := openai.New(openai.Config{Key: testKey, HTTPClient: &http.Client{Transport: inMemory{fake}}})
		if err != nil {
			t.Fatal(err)
		}
		check(t, e, fake)
	})
}

// The service's own rates hold the requests back: once the first answer told
// them, none is refused, and a short wait is waited.
func TestTheRatesOfTheHeadersHoldRequestsBack(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]openaitest.Options{
		"requests":       {RPM: 60},
		"tokens":         {TPM: 60 * 4},
		"project_tokens": {ProjectTPM: 60 * 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paced(t, options, func(t *testing.T, e *openai.Embedder, fake *openaitest.Server) {
				began := time.Now()
				for range 120 {
					embed(t, e, "hello, world") // three tokens; four by our estimate
				}
				if l := fake.Ledger(); l.Refused != 0 || l.Inputs != 120 {
					t.Errorf("%d refused, %d answered", l.Refused, l.Inputs)
				}
				if took := time.Since(began); took < 20*time.Second || took > 2*time.Minute {
					t.Errorf("it took %s of the service's time", took)
				}
			})
		})
	}
}

// A long wait is the caller's: it is told how long, and nothing is sent.
func TestALongWaitIsTold(t *testing.T) {
	t.Parallel()
	paced(t, openaitest.Options{RPM: 2}, func(t *testing.T, e *openai.Embedder, fake *openaitest.Server) {
		embed(t, e, "first")
		embed(t, e, "second")
		err := refused(t, e, core.CodeEmbedderBusy, "third")
		if err.After < 29*time.Second || err.After > 31*time.Second {
			t.Errorf("after %s, want 30s", err.After)
		}
		if l := fake.Ledger(); l.Requests != 2 {
			t.Errorf("%d requests", l.Requests)
		}
		time.Sleep(err.After) // the bubble's clock
		embed(t, e, "third")
	})
}

// A batch beyond the whole limit goes once the limit is whole: the service says
// what is to be done with it.
func TestABatchBeyondTheLimitIsTheServicesToRefuse(t *testing.T) {
	t.Parallel()
	paced(t, openaitest.Options{TPM: 100}, func(t *testing.T, e *openai.Embedder, fake *openaitest.Server) {
		embed(t, e, "first")
		time.Sleep(time.Minute) // the bubble's clock
		refused(t, e, core.CodeEmbedderBusy, texts(20)...)
		if l := fake.Ledger(); l.Requests != 2 || l.Refused != 1 {
			t.Errorf("%d requests, %d refused", l.Requests, l.Refused)
		}
	})
}

func TestTheCallersContextEndsTheWaitForTheRates(t *testing.T) {
	t.Parallel()
	paced(t, openaitest.Options{RPM: 60}, func(t *testing.T, e *openai.Embedder, _ *openaitest.Server) {
		for range 60 {
			embed(t, e, "a text")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := e.Embed(ctx, []string{"a text"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
