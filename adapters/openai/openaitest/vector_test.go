package openaitest

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func similarity(a, b string) float64 {
	x, y := vectorOf(a, 1536), vectorOf(b, 1536)
	var sum float64
	for i := range x {
		sum += float64(x[i]) * float64(y[i])
	}
	return sum
}

func TestVectorsAreDeterministicFiniteAndOfUnitLength(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		dimensions := rapid.SampledFrom([]int{1, 2, 256, 1536, 3072}).Draw(t, "dimensions")
		v := vectorOf(text, dimensions)
		var square float64
		for _, x := range v {
			square += float64(x) * float64(x)
		}
		if len(v) != dimensions || !(math.Abs(square-1) < 1e-4) {
			t.Fatalf("length %d, square %f", len(v), square)
		}
		if !slices.Equal(v, vectorOf(text, dimensions)) {
			t.Fatal("the same text gave another vector")
		}
	})
}

// Within a model the same is close to the same; across models nothing is.
func TestModelsHaveDirectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	dot := func(x, y []float32) (sum float64) {
		for i := range x {
			sum += float64(x[i]) * float64(y[i])
		}
		return sum
	}
	const a, b, large = "the annual deductible", "a yearly deductible of 500", "text-embedding-3-large"
	if got, want := dot(vectorUnder(large, a, 1536), vectorUnder(large, b, 1536)), similarity(a, b); math.Abs(got-want) > 1e-5 {
		t.Errorf("under the other model the similarity is %f, else %f", got, want)
	}
	if got := dot(vectorUnder(plainModel, a, 1536), vectorUnder(large, a, 1536)); math.Abs(got) > 0.2 {
		t.Errorf("one text under two models: %f", got)
	}
}

// Blind vectors are dense and of unit length, the same for the same text and
// model, and close to nothing.
func TestBlindVectorsAreCloseToNothing(t *testing.T) {
	t.Parallel()
	const a, b, dimensions = "the annual deductible", "the annual deductibles", 1536
	own := blindVector(plainModel, a, dimensions)
	if !slices.Equal(own, blindVector(plainModel, a, dimensions)) {
		t.Error("the same text gave another vector")
	}
	if n := len(own) - len(slices.DeleteFunc(slices.Clone(own), func(x float32) bool { return x == 0 })); n > 0 {
		t.Errorf("%d of %d numbers are zero", n, dimensions)
	}
	dot := func(other []float32) (sum float64) {
		for i := range own {
			sum += float64(own[i]) * float64(other[i])
		}
		return sum
	}
	if length := dot(own); math.Abs(length-1) > 1e-5 {
		t.Errorf("the square of its length is %f", length)
	}
	for what, other := range map[string][]float32{"another text": blindVector(plainModel, b, dimensions), "another model": blindVector("text-embedding-ada-002", a, dimensions)} {
		if near := dot(other); math.Abs(near) > 0.2 {
			t.Errorf("%s: %f", what, near)
		}
	}
}

func TestTextsWithoutWordsHaveTheirOwnVectors(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"", " "}, {"---", "***"}, {"$", "%"}, {"the of", "of the"}} {
		if slices.Equal(vectorOf(pair[0], 1536), vectorOf(pair[1], 1536)) {
			t.Errorf("%q and %q have one vector", pair[0], pair[1])
		}
	}
}

func TestSimilarityFollowsTheWords(t *testing.T) {
	t.Parallel()
	base := "Your annual deductible is $1,500."
	order := []string{
		"Your annual deductible is $1,500!",
		"annual deductibles",
		"The deductible of last year",
		"Emergency room care is covered.",
	}
	for i := range len(order) - 1 {
		if near, far := similarity(base, order[i]), similarity(base, order[i+1]); near <= far {
			t.Errorf("%q (%.3f) is not nearer than %q (%.3f)", order[i], near, order[i+1], far)
		}
	}
	if s := similarity(base, order[len(order)-1]); math.Abs(s) > 0.1 {
		t.Errorf("texts without a common word: %.3f", s)
	}
}

// A word said thirty times counts more than once, and less than thirty times.
func TestRepeatsCountLessThanProportionally(t *testing.T) {
	t.Parallel()
	once := similarity("copay", "copay deductible premium")
	often := similarity("copay", strings.Repeat("copay. ", 30)+"deductible premium")
	if once >= often || often > 0.99 {
		t.Errorf("once %.3f, thirty times %.3f", once, often)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	got := words("Your plan's deductible: $1,500.00 (per-person), É2!")
	want := []string{"your", "plan", "s", "deductible", "1500", "00", "per", "person", "é2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStemsOfOneFamilyAreOne(t *testing.T) {
	t.Parallel()
	for _, family := range []string{
		"deductible deductibles", "cover covers covered covering coverage", "policy policies",
		"reimburse reimbursed reimbursement reimbursing", "cancel cancelled cancellation", "pay pays paying payment payments",
		"exclude excluded excluding", "visit visits", "claim claims claimed", "terminate terminated termination", "benefit benefits",
	} {
		list := strings.Fields(family)
		for _, word := range list[1:] {
			if stem(word) != stem(list[0]) {
				t.Errorf("%s is %s, %s is %s", list[0], stem(list[0]), word, stem(word))
			}
		}
	}
	for _, word := range []string{"bus", "gas", "this", "red", "age", "ment", "ed", "s", "is", "ring"} {
		if s := stem(word); len(s) < min(3, len(word)) {
			t.Errorf("%s became %q", word, s)
		}
	}
}
