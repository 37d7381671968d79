package portstest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// EmbedderRig is an embedder and the hands on the service behind it. What is
// ordered strikes the next request alone.
type EmbedderRig struct {
	ports.Embedder
	Refuse  func(core.Code) // the service refuses, so that the code is right
	Spoil   func(core.Code) // the last vector of the answer is damaged: CodeBadVectors; or the answer is cut off
	Shuffle func()          // the vectors come in another order, each with its index
	Poison  func(string)    // every request with a text that holds this is refused without a reason, until the end
	Tokens  func() int      // the service has charged for
}

// Embedder checks an embedder against the contract of ports.Embedder. open
// gives one over a service of its own, without faults.
func Embedder(t *testing.T, open func(t *testing.T) EmbedderRig) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, EmbedderRig){
		"C_22_a_vector_belongs_to_its_text":                 embedderPlaces,
		"every_vector_is_whole":                             embedderWhole,
		"C_22_the_order_is_the_texts_whatever_the_services": embedderOrder,
		"a_batch_at_the_limits_is_taken":                    embedderLimits,
		"what_cannot_be_embedded_is_refused_unpaid":         embedderUnpaid,
		"C_21_a_refusal_gives_no_vectors_and_its_code":      embedderRefusals,
		"L_032_bad_vectors_never_pass":                      embedderSpoilt,
		"one_refused_text_is_found_among_many":              embedderPoison,
		"the_callers_context_ends_it":                       embedderContext,
		"many_at_once_get_each_their_own":                   embedderParallel,
		"healthy_costs_nothing":                             embedderHealthy,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

// clauses are n different texts; none holds a word of the suite's orders.
func clauses(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("Clause %d: the copay of service %d is %d dollars.", i, 7*i, i%50)
	}
	return list
}

func vectors(t *testing.T, e EmbedderRig, texts ...string) [][]float32 {
	t.Helper()
	got, err := e.Embed(t.Context(), texts)
	if err != nil {
		t.Fatalf("Embed: %v", err)
	}
	if len(got.Vectors) != len(texts) {
		t.Fatalf("%d vectors for %d texts", len(got.Vectors), len(texts))
	}
	return got.Vectors
}

// alike reports whether two vectors are one but for rounding: a service may
// give other last digits each time.
func alike(a, b []float32) bool {
	var dot float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
	}
	return len(a) == len(b) && dot > 0.9999*length(a)*length(b)
}

func length(v []float32) float64 {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	return math.Sqrt(square)
}

// wantNone holds an answer to a code and to nothing beside it.
func wantNone(t *testing.T, what string, got ports.Embedding, err error, code core.Code) {
	t.Helper()
	wantCode(t, what, err, code)
	if got.Vectors != nil || got.Tokens != 0 {
		t.Errorf("%s: %d vectors and %d tokens beside an error", what, len(got.Vectors), got.Tokens)
	}
}

func embedderPlaces(t *testing.T, e EmbedderRig) {
	first := vectors(t, e, "annual deductible", "office visit copay", "annual deductible")
	second := vectors(t, e, "office visit copay", "annual deductible")
	if !alike(first[0], first[2]) || !alike(first[0], second[1]) || !alike(first[1], second[0]) {
		t.Error("one text has two vectors")
	}
	if alike(first[0], first[1]) {
		t.Error("two texts have one vector")
	}
}

func embedderWhole(t *testing.T, e EmbedderRig) {
	texts := append(clauses(5), "é", "表", "\u0000", "---", strings.Repeat("word ", 2000))
	got, err := e.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if got.Model == "" || got.Tokens <= 0 || len(got.Vectors) != len(texts) {
		t.Errorf("model %q, %d tokens, %d vectors", got.Model, got.Tokens, len(got.Vectors))
	}
	for i, v := range got.Vectors {
		if n := length(v); len(v) != core.Dimensions || !(n >= 0.98 && n <= 1.02) {
			t.Errorf("text %d: %d numbers, length %f", i, len(v), n)
		}
	}
}

func embedderOrder(t *testing.T, e EmbedderRig) {
	texts := clauses(9)
	want := vectors(t, e, texts...)
	e.Shuffle()
	for i, v := range vectors(t, e, texts...) {
		if !alike(v, want[i]) {
			t.Errorf("text %d has another's vector", i)
		}
	}
}

func embedderLimits(t *testing.T, e EmbedderRig) {
	many := clauses(ports.MaxEmbedInputs)
	got := vectors(t, e, many...)
	for _, i := range []int{0, 127, 128, ports.MaxEmbedInputs - 1} {
		if alone := vectors(t, e, many[i]); !alike(alone[0], got[i]) {
			t.Errorf("text %d has another's vector", i)
		}
	}
	vectors(t, e, strings.Repeat(" a", ports.MaxEmbedInputTokens)) // a token each
}

func embedderUnpaid(t *testing.T, e EmbedderRig) {
	got, err := e.Embed(t.Context(), nil)
	wantNone(t, "no texts", got, err, core.CodeEmbedderRefused)
	got, err = e.Embed(t.Context(), []string{"a", ""})
	wantNone(t, "an empty text", got, err, core.CodeEmbedderRefused)
	got, err = e.Embed(t.Context(), []string{strings.Repeat(" a", 9000)})
	wantNone(t, "an overlong text", got, err, core.CodeInputTooLong)
	if paid := e.Tokens(); paid != 0 {
		t.Errorf("%d tokens were paid for", paid)
	}
}

func embedderRefusals(t *testing.T, e EmbedderRig) {
	for _, code := range []core.Code{core.CodeEmbedderBusy, core.CodeEmbedderCredits, core.CodeEmbedderKey, core.CodeEmbedderUnavailable} {
		e.Refuse(code)
		got, err := e.Embed(t.Context(), []string{"CANARY", "another"})
		wantNone(t, string(code), got, err, code)
		found := core.AsError(err)
		if found.Kind != code.Kind() || (code == core.CodeEmbedderBusy && found.After <= 0) {
			t.Errorf("%s: kind %s, after %s", code, found.Kind, found.After)
		}
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			if said := fmt.Sprintf("%v %+v %#v", cause, cause, cause); strings.Contains(said, "CANARY") {
				t.Errorf("%s says %s", code, said)
			}
		}
		if code != core.CodeEmbedderBusy { // the service may have asked for a wait
			vectors(t, e, "afterwards")
		}
	}
}

func embedderSpoilt(t *testing.T, e EmbedderRig) {
	vectors(t, e, "the first answer may be asked for again in another form")
	for _, n := range []int{1, 4} {
		for _, code := range []core.Code{core.CodeBadVectors, core.CodeEmbedderUnavailable} {
			e.Spoil(code)
			got, err := e.Embed(t.Context(), clauses(n))
			wantNone(t, fmt.Sprint(code, " of ", n), got, err, code)
			vectors(t, e, clauses(n)...)
		}
	}
}

func embedderPoison(t *testing.T, e EmbedderRig) {
	texts := clauses(40)
	texts[29] = "a poisoned clause"
	e.Poison("poisoned")
	got, err := e.Embed(t.Context(), texts)
	wantNone(t, "a batch with one refused text", got, err, core.CodeEmbedderRefused)
	if kind := core.AsError(err).Kind; kind != core.Permanent {
		t.Errorf("its kind is %s", kind)
	}
	if cause := errors.Unwrap(err); cause == nil || !strings.Contains(cause.Error(), "input 29") {
		t.Errorf("its cause, %v, does not name the text's place", cause)
	}
	vectors(t, e, texts[:29]...)
}

func embedderContext(t *testing.T, e EmbedderRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := e.Embed(ctx, []string{"a text"}); !errors.Is(err, context.Canceled) || got.Vectors != nil {
		t.Errorf("%d vectors, %v", len(got.Vectors), err)
	}
	if err := e.Healthy(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Healthy: %v", err)
	}
}

func embedderParallel(t *testing.T, e EmbedderRig) {
	texts := clauses(12)
	want := vectors(t, e, texts...)
	var group sync.WaitGroup
	for i := range texts {
		group.Go(func() {
			got, err := e.Embed(t.Context(), texts[i:i+1])
			if err != nil || !alike(got.Vectors[0], want[i]) {
				t.Errorf("text %d: %v, or another's vector", i, err)
			}
		})
	}
	group.Wait()
}

func embedderHealthy(t *testing.T, e EmbedderRig) {
	if err := e.Healthy(t.Context()); err != nil {
		t.Errorf("Healthy: %v", err)
	}
	if paid := e.Tokens(); paid != 0 {
		t.Errorf("%d tokens were paid for", paid)
	}
}
