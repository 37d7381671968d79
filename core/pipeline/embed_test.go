package pipeline_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// desk holds one document's chunks; those with a vector are done.
type desk struct {
	texts   []string
	vectors map[core.ID][]float32
	known   map[[32]byte][]float32 // the owner's other documents
	models  []string               // asked for
	err     error
	knowErr error
}

func (d *desk) chunk(i int) core.ID { return core.DerivedID(core.ChunkSpace, fmt.Sprint(i)) }

func (d *desk) Pending(_ context.Context, _ core.Document, limit int) (pending []core.Pending, total int, err error) {
	for i, text := range d.texts {
		if d.vectors[d.chunk(i)] != nil {
			continue
		}
		total++
		if len(pending) < limit {
			pending = append(pending, core.Pending{Chunk: d.chunk(i), Text: text, Tokens: len(text), Digest: sha256.Sum256([]byte(text))})
		}
	}
	return pending, total, d.err
}

func (d *desk) Known(_ context.Context, _ core.Document, model string, _ []core.Pending) (map[[32]byte][]float32, error) {
	d.models = append(d.models, model)
	known := map[[32]byte][]float32{}
	for digest, vector := range d.known {
		known[digest] = vector
	}
	return known, d.knowErr
}

// keep does what the store does with a batch.
func (d *desk) keep(v core.Vectors) {
	if d.vectors == nil {
		d.vectors = map[core.ID][]float32{}
	}
	for _, item := range v.Items {
		d.vectors[item.Chunk] = item.Value
	}
}

// meaning is the fake service's vector: of the text, and of nothing else.
func meaning(text string) []float32 {
	sum := sha256.Sum256([]byte(text))
	return []float32{float32(sum[0]), float32(sum[1]), float32(sum[2]), float32(sum[3])}
}

// service embeds; it fails as told and remembers what it was asked.
type service struct {
	err   error
	short int // answers that many vectors less
	asked [][]string
}

func (s *service) Embed(_ context.Context, texts []string) (core.Embedding, error) {
	s.asked = append(s.asked, slices.Clone(texts))
	if s.err != nil {
		return core.Embedding{}, s.err
	}
	answer := core.Embedding{Model: "m"}
	for _, text := range texts[:len(texts)-s.short] {
		answer.Vectors = append(answer.Vectors, meaning(text))
		answer.Tokens += len(text)
	}
	return answer, nil
}

// atMost is a batch of n chunks.
func atMost(n int) func([]core.Pending) int {
	return func(pending []core.Pending) int { return min(n, len(pending)) }
}

func embedding(d *desk, s *service, n int) pipeline.Embedding {
	return pipeline.Embedding{Chunks: d, Embedder: s, Model: "m", Batch: atMost(n), Inputs: 256}
}

// embedAll runs batches until the last, and keeps each.
func embedAll(t *testing.T, stage pipeline.Embedding, d *desk) (batches []core.Vectors) {
	t.Helper()
	for range len(d.texts) + 1 {
		made, err := stage.Make(t.Context(), document("x", 1))
		if err != nil {
			t.Fatal(err)
		}
		v := made.(core.Vectors)
		batches = append(batches, v)
		d.keep(v)
		if !v.More {
			return batches
		}
	}
	t.Fatalf("no last batch of %d chunks", len(d.texts))
	return nil
}

// The predecessor stored a failed batch as empty vectors.
func TestC21_AFailedBatchMakesNothing(t *testing.T) {
	t.Parallel()
	refused := core.Fail(core.CodeEmbedderRefused, nil)
	d := &desk{texts: []string{"a", "b", "c"}}
	for name, s := range map[string]*service{"an error": {err: refused}, "a vector less": {short: 1}, "no vector": {short: 2}} {
		made, err := embedding(d, s, 2).Make(t.Context(), document("x", 1))
		wantNothing(t, made)
		if s.err != nil && !errors.Is(err, refused) {
			t.Errorf("%s: %v", name, err)
		}
		if s.err == nil {
			wantCode(t, err, core.CodeBadVectors, core.Transient)
		}
	}
}

// A batch that fails in the middle leaves those before it, and is made alone
// the next time.
func TestC21_AFailureInTheMiddleRepeatsOneBatch(t *testing.T) {
	t.Parallel()
	d, s := &desk{texts: []string{"a", "b", "c", "d"}}, &service{}
	stage := embedding(d, s, 2)
	first, err := stage.Make(t.Context(), document("x", 1))
	if err != nil {
		t.Fatal(err)
	}
	d.keep(first.(core.Vectors))
	s.err = core.Fail(core.CodeEmbedderUnavailable, nil)
	if made, err := stage.Make(t.Context(), document("x", 1)); err == nil || made != nil {
		t.Fatalf("the failing batch made %v, %v", made, err)
	}
	s.err = nil
	embedAll(t, stage, d)
	if diff := cmp.Diff([][]string{{"a", "b"}, {"c", "d"}, {"c", "d"}}, s.asked); diff != "" {
		t.Errorf("asked:\n%s", diff)
	}
}

// Every chunk gets the vector of its own text, wherever it stands, in as many
// batches as need be; a text is asked for once, and none that is known.
func TestC22_AVectorBelongsToItsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d, s := &desk{texts: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 40).Draw(rt, "texts")}, &service{}
		d.known = map[[32]byte][]float32{}
		for _, text := range rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "x"})).Draw(rt, "known") {
			d.known[sha256.Sum256([]byte(text))] = meaning(text)
		}
		size := rapid.IntRange(1, 50).Draw(rt, "batch")
		batches := embedAll(t, embedding(d, s, size), d)
		if want := (len(d.texts) + size - 1) / size; len(batches) != want {
			rt.Fatalf("%d chunks by %d took %d batches, want %d", len(d.texts), size, len(batches), want)
		}
		for i, text := range d.texts {
			if !slices.Equal(d.vectors[d.chunk(i)], meaning(text)) {
				rt.Fatalf("chunk %d of %v has another text's vector", i, d.texts)
			}
		}
		checkAsked(rt, d, s)
	})
}

func checkAsked(rt *rapid.T, d *desk, s *service) {
	for _, texts := range s.asked {
		sorted := slices.Sorted(slices.Values(texts))
		if len(texts) == 0 || len(slices.Compact(sorted)) != len(texts) {
			rt.Fatalf("asked for %v", texts)
		}
		for _, text := range texts {
			if d.known[sha256.Sum256([]byte(text))] != nil {
				rt.Fatalf("asked for %q, which is known", text)
			}
		}
	}
}

func TestEmbedAsksForADoubleOnceAndPaysForNothingKnown(t *testing.T) {
	t.Parallel()
	d := &desk{texts: []string{"same", "other", "same", "known"}, known: map[[32]byte][]float32{sha256.Sum256([]byte("known")): {1, 2, 3, 4}}}
	s := &service{}
	batches := embedAll(t, embedding(d, s, 10), d)
	if diff := cmp.Diff([][]string{{"same", "other"}}, s.asked); diff != "" {
		t.Errorf("asked:\n%s", diff)
	}
	want := core.Vectors{Model: "m", Tokens: len("same") + len("other"), Items: []core.Vector{
		{Chunk: d.chunk(0), Value: meaning("same")}, {Chunk: d.chunk(1), Value: meaning("other")},
		{Chunk: d.chunk(2), Value: meaning("same")}, {Chunk: d.chunk(3), Value: []float32{1, 2, 3, 4}}}}
	if diff := cmp.Diff([]core.Vectors{want}, batches); diff != "" {
		t.Errorf("made:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"m"}, d.models); diff != "" {
		t.Errorf("vectors of other models were asked for:\n%s", diff)
	}
}

func TestEmbedAsksNothingWhereAllIsKnown(t *testing.T) {
	t.Parallel()
	d := &desk{texts: []string{"known"}, known: map[[32]byte][]float32{sha256.Sum256([]byte("known")): {1}}}
	s := &service{err: errors.New("the service is away")}
	if batches := embedAll(t, embedding(d, s, 10), d); len(s.asked) != 0 || batches[0].Tokens != 0 || len(batches[0].Items) != 1 {
		t.Errorf("asked %v, made %+v", s.asked, batches)
	}
}

// More is said exactly while chunks remain.
func TestEmbedSaysMoreUntilTheLastBatch(t *testing.T) {
	t.Parallel()
	for total, want := range map[int][]bool{1: {false}, 2: {false}, 3: {true, false}, 4: {true, false}, 5: {true, true, false}} {
		d := &desk{}
		for i := range total {
			d.texts = append(d.texts, fmt.Sprint("text ", i))
		}
		var got []bool
		for _, batch := range embedAll(t, embedding(d, &service{}, 2), d) {
			got = append(got, batch.More)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d chunks by two:\n%s", total, diff)
		}
	}
}

// An attempt that finds all embedded moves on; it asks for nothing.
func TestEmbedWithNothingPendingMovesOn(t *testing.T) {
	t.Parallel()
	s := &service{}
	made, err := embedding(&desk{}, s, 2).Make(t.Context(), document("x", 1))
	if diff := cmp.Diff(core.Made(core.Vectors{Model: "m"}), made); err != nil || diff != "" || len(s.asked) != 0 {
		t.Errorf("%v, asked %v\n%s", err, s.asked, diff)
	}
}

// The predecessor sent 1,128 inputs in a call capped at 256, and kept zeros.
func TestL032_ThreeThousandChunksGoInBatches(t *testing.T) {
	t.Parallel()
	d, s := &desk{}, &service{}
	for i := range 3000 {
		d.texts = append(d.texts, fmt.Sprintf("passage %d", i))
	}
	batches := embedAll(t, embedding(d, s, 256), d)
	if len(batches) != 12 || len(d.vectors) != 3000 {
		t.Errorf("%d batches gave %d vectors", len(batches), len(d.vectors))
	}
	for i, texts := range s.asked {
		if len(texts) > 256 {
			t.Errorf("call %d has %d inputs", i, len(texts))
		}
	}
}

// A batch of nothing that says more would follow itself for ever.
func TestL032_ABatchOfNothingIsAnError(t *testing.T) {
	t.Parallel()
	s := &service{}
	made, err := embedding(&desk{texts: []string{"a"}}, s, 0).Make(t.Context(), document("x", 1))
	wantCode(t, err, core.CodeInputTooLong, core.Permanent)
	wantNothing(t, made)
	if len(s.asked) != 0 {
		t.Errorf("asked %v", s.asked)
	}
}

func TestEmbedPassesTheStoresErrorsOn(t *testing.T) {
	t.Parallel()
	fault := core.Fail(core.CodeDatabaseUnavailable, nil)
	for _, d := range []*desk{{texts: []string{"a"}, err: fault}, {texts: []string{"a"}, knowErr: fault}} {
		s := &service{}
		made, err := embedding(d, s, 2).Make(t.Context(), document("x", 1))
		if !errors.Is(err, fault) || len(s.asked) != 0 {
			t.Errorf("the error is %v, asked %v", err, s.asked)
		}
		wantNothing(t, made)
	}
}
