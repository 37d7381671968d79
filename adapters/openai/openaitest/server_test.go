package openaitest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"
)

type counter struct{ codec tokenizer.Codec }

func (c counter) Count(text string) int {
	n, err := c.codec.Count(text)
	if err != nil {
		panic(err)
	}
	return n
}

func start(t *testing.T, options Options) (*Server, string) {
	t.Helper()
	codec, err := tokenizer.Get(tokenizer.Cl100kBase)
	if err != nil {
		t.Fatal(err)
	}
	options.Counter = counter{codec}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// ask posts a body and gives status, headers and the answer.
func ask(t *testing.T, base, body string) (int, http.Header, []byte) {
	t.Helper()
	return call(t, http.MethodPost, base+"/v1/embeddings", "sk-any", body)
}

func call(t *testing.T, method, url, key, body string) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, answer
}

func TestNewWantsACounter(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil {
		t.Fatal("no error")
	}
}

// The refusals of the contract, with their four fields.
func TestRefusals(t *testing.T) {
	t.Parallel()
	_, base := start(t, Options{})
	many := `"` + strings.Repeat(`a","`, 2048) + `a"`
	long := strings.Repeat("deductible ", 9000)
	full := `"` + strings.Repeat(strings.Repeat("a b ", 4000)+`","`, 40) + `a"`
	const m = `"model":"text-embedding-3-small"`
	for name, test := range map[string]struct {
		body    string
		status  int
		code    any
		message string
	}{
		"not JSON":        {`{`, 400, nil, "parse the JSON body"},
		"two values":      {`{` + m + `,"input":"a"} {}`, 400, nil, "parse the JSON body"},
		"no model":        {`{"input":"a"}`, 400, nil, "you must provide a model parameter"},
		"unknown model":   {`{"model":"gpt-9","input":"a"}`, 404, "model_not_found", "`gpt-9` does not exist"},
		"unknown field":   {`{` + m + `,"input":"a","temperature":1}`, 400, nil, "Unrecognized request argument supplied: temperature"},
		"wrong type":      {`{"model":1,"input":"a"}`, 400, "invalid_type", "Invalid type for 'model'"},
		"no input":        {`{` + m + `}`, 400, nil, "'$.input' is invalid"},
		"null input":      {`{` + m + `,"input":null}`, 400, nil, "'$.input' is invalid"},
		"empty list":      {`{` + m + `,"input":[]}`, 400, nil, "'$.input' is invalid"},
		"mixed list":      {`{` + m + `,"input":["a",1]}`, 400, nil, "'$.input' is invalid"},
		"empty text":      {`{` + m + `,"input":["a",""]}`, 400, nil, "Invalid 'input[1]': input cannot be an empty string."},
		"too many inputs": {`{` + m + `,"input":[` + many + `]}`, 400, "array_above_max_length", "maximum length 2048"},
		"too long input":  {`{` + m + `,"input":["a","` + long + `"]}`, 400, nil, "Invalid 'input[1]': maximum input length is 8192 tokens."},
		"too many tokens": {`{` + m + `,"input":[` + full + `]}`, 400, "max_tokens_per_request", "tokens, max 300000 tokens per request"},
		"bad encoding":    {`{` + m + `,"input":"a","encoding_format":"hex"}`, 400, nil, "encoding_format"},
		"no dimensions":   {`{` + m + `,"input":"a","dimensions":0}`, 400, nil, "dimensions"},
		"many dimensions": {`{` + m + `,"input":"a","dimensions":1537}`, 400, nil, "dimensions"},
		"ada dimensions":  {`{"model":"text-embedding-ada-002","input":"a","dimensions":100}`, 400, nil, "does not support"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, header, body := ask(t, base, test.body)
			checkRefusal(t, status, body, test.status, test.code, test.message)
			if header.Get("X-Request-Id") == "" || header.Get("X-Ratelimit-Limit-Tokens") != "1000000" {
				t.Errorf("headers %v", header)
			}
		})
	}
}

func checkRefusal(t *testing.T, status int, body []byte, wantStatus int, wantCode any, wantMessage string) {
	t.Helper()
	var answer struct {
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	message, _ := answer.Error["message"].(string)
	if status != wantStatus || answer.Error["code"] != wantCode || !strings.Contains(message, wantMessage) {
		t.Errorf("%d %s", status, body)
	}
	for _, field := range []string{"message", "type", "param", "code"} {
		if _, ok := answer.Error[field]; !ok {
			t.Errorf("field %s is missing", field)
		}
	}
}

func TestKeysRoutesAndModels(t *testing.T) {
	t.Parallel()
	_, base := start(t, Options{Key: "sk-right"})
	for _, test := range []struct {
		method, path, key string
		status            int
	}{
		{"GET", "/v1/models/text-embedding-3-small", "sk-right", 200},
		{"GET", "/v1/models/text-embedding-3-small", "sk-wrong", 401},
		{"GET", "/v1/models/text-embedding-3-small", "", 401},
		{"GET", "/v1/models/other/model", "sk-right", 404},
		{"GET", "/v1/embeddings", "sk-right", 405},
		{"POST", "/v1/embeddings", "sk-wrong", 401},
		{"GET", "/v1/files", "sk-right", 404},
	} {
		if status, _, body := call(t, test.method, base+test.path, test.key, "{}"); status != test.status {
			t.Errorf("%s %s with %q: %d %s", test.method, test.path, test.key, status, body)
		}
	}
}

func TestBothEncodingsAndAllInputShapesAgree(t *testing.T) {
	t.Parallel()
	s, base := start(t, Options{})
	read := func(input, more string) [][]float32 {
		status, _, body := ask(t, base, `{"model":"text-embedding-3-small","input":`+input+more+`}`)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		return decodeVectors(t, body)
	}
	plain := read(`"hello world"`, ``)
	if diff := cmp.Diff(plain, read(`["hello world"]`, `,"encoding_format":"base64","dimensions":1536,"user":"u"`)); diff != "" {
		t.Error("base64 differs from numbers")
	}
	if diff := cmp.Diff(read(`[15339,1917]`, ``), read(`[[15339,1917]]`, ``)); diff != "" {
		t.Error("a row differs from rows of one")
	}
	if n := len(read(`"hello"`, `,"dimensions":256`)[0]); n != 256 {
		t.Errorf("%d dimensions, asked for 256", n)
	}
	want := Ledger{Requests: 5, Inputs: 5, Tokens: 9, UniqueTokens: 5, MostInFlight: 1}
	if diff := cmp.Diff(want, s.Ledger()); diff != "" {
		t.Error(diff)
	}
}

func decodeVectors(t *testing.T, body []byte) [][]float32 {
	t.Helper()
	var answer struct {
		Data []struct{ Embedding json.RawMessage }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	var vectors [][]float32
	for _, item := range answer.Data {
		var v []float32
		var text string
		if json.Unmarshal(item.Embedding, &text) == nil {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			for ; len(raw) >= 4; raw = raw[4:] {
				v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
			}
		} else if err := json.Unmarshal(item.Embedding, &v); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, v)
	}
	return vectors
}
