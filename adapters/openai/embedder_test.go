package openai_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/core"
)

func texts(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("Clause %d: the copay of service %d is %d dollars.", i, i*7, i)
	}
	return list
}

func TestEmbedGivesVectorsModelAndBilledTokens(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{Counter: realCounter()})
	got := embed(t, e, "hello world", "tiktoken is great!")
	if len(got.Vectors) != 2 || got.Tokens != 2+6 || got.Model != openai.DefaultModel {
		t.Fatalf("%d vectors, %d tokens, model %s", len(got.Vectors), got.Tokens, got.Model)
	}
	want := openaitest.Ledger{Requests: 1, Inputs: 2, Tokens: 8, UniqueTokens: 8, MostInFlight: 1}
	if diff := cmp.Diff(want, fake.Ledger()); diff != "" {
		t.Error(diff)
	}
}

func TestC22_VectorsDependOnTheTextAndNotOnItsPlace(t *testing.T) {
	t.Parallel()
	e, _ := serve(t, openaitest.Options{})
	first := embed(t, e, "annual deductible", "office visit copay").Vectors
	second := embed(t, e, "office visit copay", "annual deductible", "Annual Deductible!").Vectors
	if slices.Equal(first[0], second[0]) {
		t.Error("two texts at one place have one vector")
	}
	if !slices.Equal(first[0], second[1]) || !slices.Equal(first[1], second[0]) {
		t.Error("one text has two vectors at two places")
	}
	if slices.Equal(second[1], second[2]) {
		t.Error("two spellings have one vector")
	}
}

func TestC21_ErrorInTheMiddleOfABatchGivesNoVectors(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{MaxInputs: 2})
	fake.Inject(openaitest.Fault{Kind: openaitest.ServerError, Skip: 2}) // whole: too many; left: well; right: broken
	refused(t, e, core.CodeEmbedderUnavailable, texts(4)...)
	if l := fake.Ledger(); l.Inputs != 2 {
		t.Fatalf("%d inputs were paid for; the first half was to succeed", l.Inputs)
	}
	if got := embed(t, e, texts(4)...); len(got.Vectors) != 4 {
		t.Fatalf("%d vectors afterwards", len(got.Vectors))
	}
}

// The former pipeline sent 1,128 inputs where 256 were allowed, and kept the
// zeros that it had put in their places.
func TestL032_LargeBatchesAreSplitAndZerosNeverPass(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{MaxInputs: 256})
	list := texts(1128)
	got := embed(t, e, list...)
	if len(got.Vectors) != len(list) {
		t.Fatalf("%d vectors for %d texts", len(got.Vectors), len(list))
	}
	for _, i := range []int{0, 255, 256, 563, 564, 1127} {
		if alone := embed(t, e, list[i]).Vectors[0]; !slices.Equal(alone, got.Vectors[i]) {
			t.Errorf("text %d has another's vector", i)
		}
	}
	fake.Inject(openaitest.Fault{Kind: openaitest.ZeroVector})
	refused(t, e, core.CodeBadVectors, texts(200)...)
	before := fake.Ledger().Requests
	refused(t, e, core.CodeEmbedderRefused, texts(3000)...)
	if fake.Ledger().Requests != before {
		t.Error("3,000 texts were sent")
	}
}

func TestRefusesBeforeTheCallWhatCannotSucceed(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	refused(t, e, core.CodeEmbedderRefused)
	refused(t, e, core.CodeEmbedderRefused, "a", "", "b")
	refused(t, e, core.CodeEmbedderRefused, texts(2049)...)
	if n := fake.Ledger().Requests; n != 0 {
		t.Fatalf("%d requests were made", n)
	}
}

func TestTooManyTokensSplitsInHalves(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{MaxTokens: 40})
	list := texts(16)
	got := embed(t, e, list...)
	if len(got.Vectors) != 16 {
		t.Fatalf("%d vectors", len(got.Vectors))
	}
	l := fake.Ledger()
	if got.Tokens != l.Tokens || l.Tokens != l.UniqueTokens {
		t.Errorf("answer says %d tokens, paid %d, unique %d", got.Tokens, l.Tokens, l.UniqueTokens)
	}
}

func TestSplittingIsBounded(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	fake.Inject(openaitest.Fault{Kind: openaitest.TooManyTokens, Times: -1})
	refused(t, e, core.CodeInputTooLong, texts(2048)...)
	if n := fake.Ledger().Requests; n != 12 {
		t.Fatalf("%d requests, want 12", n)
	}
}

func TestOverlongInputFailsTheBatchWithoutPayingForTheRest(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	long := strings.Repeat("deductible ", 4000)
	refused(t, e, core.CodeInputTooLong, "short", long, "short too")
	if l := fake.Ledger(); l.Requests != 1 || l.Tokens != 0 {
		t.Fatalf("%d requests, %d tokens", l.Requests, l.Tokens)
	}
}

func TestShuffledAnswersAreReordered(t *testing.T) {
	t.Parallel()
	e, fake := serve(t, openaitest.Options{})
	want := embed(t, e, texts(9)...)
	fake.Inject(openaitest.Fault{Kind: openaitest.ShuffledIndex})
	if diff := cmp.Diff(want, embed(t, e, texts(9)...)); diff != "" {
		t.Fatal("vectors are not in the order of the texts")
	}
}

func TestBadVectorsAreRefused(t *testing.T) {
	t.Parallel()
	kinds := []openaitest.FaultKind{
		openaitest.NullVector, openaitest.WrongDimension, openaitest.NotANumber, openaitest.ZeroVector,
		openaitest.LongVector, openaitest.DuplicateIndex, openaitest.EmptyData,
	}
	for _, kind := range kinds {
		for _, n := range []int{1, 5} {
			t.Run(fmt.Sprintf("%s_%d", kind, n), func(t *testing.T) {
				t.Parallel()
				e, fake := serve(t, openaitest.Options{})
				fake.Inject(openaitest.Fault{Kind: kind})
				refused(t, e, core.CodeBadVectors, texts(n)...)
				embed(t, e, texts(n)...)
			})
		}
	}
}

func BenchmarkEmbed256(b *testing.B) {
	fake, err := openaitest.New(openaitest.Options{Counter: quick{}})
	if err != nil {
		b.Fatal(err)
	}
	list := texts(256)
	recorded := record(b, fake, list)
	e := dial(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(recorded)
	}))
	b.ReportAllocs()
	for b.Loop() {
		embed(b, e, list...)
	}
	b.ReportMetric(256*float64(b.N)/b.Elapsed().Seconds(), "vectors/s")
}
