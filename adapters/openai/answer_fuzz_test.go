package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

// record gives the body with which the fake answers the texts in base64.
func record(t testing.TB, fake *openaitest.Server, texts []string) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": openai.DefaultModel, "input": texts, "encoding_format": "base64"})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/v1/embeddings", bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+testKey)
	req.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	fake.ServeHTTP(answer, req)
	if answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	return answer.Body.Bytes()
}

type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, req.Body)
	return &http.Response{StatusCode: c.status, Body: io.NopCloser(bytes.NewReader(c.body)), Header: http.Header{}, Request: req}, nil
}

// Whatever comes back, the adapter answers with whole, sound vectors or with
// an error and none.
func FuzzAnswer(f *testing.F) {
	fake, err := openaitest.New(openaitest.Options{Counter: quick{}})
	if err != nil {
		f.Fatal(err)
	}
	good := record(f, fake, []string{"one text", "another"})
	f.Add(200, good)
	f.Add(200, good[:len(good)-40])
	f.Add(200, bytes.Replace(good, []byte(`"index":1`), []byte(`"index":0`), 1))
	f.Add(200, []byte(`{"data":[{"index":0,"embedding":null},{"index":1,"embedding":[1,2]}]}`))
	f.Add(429, []byte(`{"error":{"message":["a"],"type":"tokens","code":null}}`))
	f.Add(400, []byte(`{"error":{"message":"Invalid 'input[0]': maximum input length is 8192 tokens."}}`))
	f.Add(302, []byte(`{}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		e, err := openai.New(openai.Config{Key: testKey, HTTPClient: &http.Client{Transport: canned{status, body}}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Embed(context.Background(), []string{"one text", "another"})
		if err != nil {
			if code := core.AsError(err).Code; got.Vectors != nil || code == core.CodeInternal {
				t.Fatalf("%d vectors beside %v (%s)", len(got.Vectors), err, code)
			}
			return
		}
		sound(t, got.Vectors)
	})
}

func sound(t *testing.T, vectors [][]float32) {
	t.Helper()
	if len(vectors) != 2 {
		t.Fatalf("%d vectors for 2 texts", len(vectors))
	}
	for _, v := range vectors {
		if norm := math.Sqrt(closeness(v, v)); len(v) != core.Dimensions || !(norm >= 0.98 && norm <= 1.02) {
			t.Fatalf("vector of length %d and norm %f", len(v), norm)
		}
	}
}
