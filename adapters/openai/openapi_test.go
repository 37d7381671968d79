package openai_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/loadtest/vendors"
)

// vendor is the vendor's own description of the API.
func vendor(t *testing.T) *openapi3.T {
	t.Helper()
	return vendors.Describe(t, "openai-embeddings-openapi.json")
}

func conforms(t *testing.T, doc *openapi3.T, schema string, body []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	if err := doc.Components.Schemas[schema].Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s: %v", schema, err)
	}
}

// exchange is one request and its answer, as they crossed the wire.
type exchange struct {
	status        int
	request, body []byte
}

// wiretap serves with the fake and keeps what was said.
func wiretap(t *testing.T, fake http.Handler, exchanges *[]exchange) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(request))
		answer := httptest.NewRecorder()
		fake.ServeHTTP(answer, r)
		*exchanges = append(*exchanges, exchange{answer.Code, request, answer.Body.Bytes()})
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func TestRequestsAndAnswersAreAsTheVendorDescribesThem(t *testing.T) {
	t.Parallel()
	doc := vendor(t)
	fake, err := openaitest.New(openaitest.Options{Counter: quick{}, MaxInputs: 4})
	if err != nil {
		t.Fatal(err)
	}
	kinds := []openaitest.FaultKind{
		openaitest.RateLimitRequests, openaitest.RateLimitTokens, openaitest.SlowDown, openaitest.InsufficientQuota,
		openaitest.CreditBalance, openaitest.OrganizationSpend, openaitest.ProjectSpend, openaitest.OrganizationUsage,
		openaitest.BillingHardLimit, openaitest.KeyRevoked, openaitest.RegionRefused, openaitest.ModelGone, openaitest.BadRequest,
		openaitest.TooManyTokens, openaitest.ServerError, openaitest.Overloaded,
	}
	for _, kind := range kinds {
		fake.Inject(openaitest.Fault{Kind: kind})
	}
	var exchanges []exchange
	e := dial(t, wiretap(t, fake, &exchanges))
	for range kinds {
		if _, err := e.Embed(context.Background(), []string{"one"}); err == nil {
			t.Error("a fault gave no error")
		}
	}
	embed(t, e, texts(7)...)
	for _, x := range exchanges {
		conforms(t, doc, "CreateEmbeddingRequest", x.request)
		if x.status == http.StatusOK {
			conforms(t, doc, "CreateEmbeddingResponse", asNumbers(t, x.body))
		} else {
			conforms(t, doc, "ErrorResponse", x.body)
		}
	}
	if want := len(kinds) + 3; len(exchanges) != want {
		t.Errorf("%d exchanges, want %d", len(exchanges), want)
	}
}

// In the forms for services that know less, the requests are the vendor's, too.
func TestEveryFormIsAsTheVendorDescribesIt(t *testing.T) {
	t.Parallel()
	doc := vendor(t)
	fake, err := openaitest.New(openaitest.Options{Counter: quick{}, Dialect: openaitest.Dialect{NoDimensions: true, FloatsOnly: true}})
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []exchange
	embed(t, dial(t, wiretap(t, fake, &exchanges)), texts(2)...)
	for _, x := range exchanges {
		conforms(t, doc, "CreateEmbeddingRequest", x.request)
		if x.status != http.StatusOK {
			conforms(t, doc, "ErrorResponse", x.body)
		} else {
			conforms(t, doc, "CreateEmbeddingResponse", x.body)
		}
	}
	if len(exchanges) != 3 {
		t.Errorf("%d exchanges, want 3", len(exchanges))
	}
}

// The validation must be able to fail, so what is known to be wrong is shown
// to it.
func TestVendorsDescriptionRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	doc := vendor(t)
	for schema, body := range map[string]string{
		"CreateEmbeddingRequest":  `{"model":"m","input":["a"],"temperature":1}`,
		"CreateEmbeddingResponse": `{"object":"list","model":"m","data":[{"index":0,"object":"embedding","embedding":null}],"usage":{"prompt_tokens":1,"total_tokens":1}}`,
		"ErrorResponse":           `{"error":{"message":"m","type":"t"}}`,
	} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		if doc.Components.Schemas[schema].Value.VisitJSON(value) == nil {
			t.Errorf("%s accepts %s", schema, body)
		}
	}
}

// asNumbers turns base64 into the array that the description knows alone.
func asNumbers(t *testing.T, body []byte) []byte {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	for _, item := range answer["data"].([]any) {
		item := item.(map[string]any)
		raw, err := base64.StdEncoding.DecodeString(item["embedding"].(string))
		if err != nil || len(raw) != 4*1536 {
			t.Fatalf("%d bytes: %v", len(raw), err)
		}
		numbers := make([]float64, 0, 1536)
		for ; len(raw) > 0; raw = raw[4:] {
			numbers = append(numbers, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		}
		item["embedding"] = numbers
	}
	out, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
