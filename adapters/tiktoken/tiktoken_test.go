package tiktoken

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/tiktoken-go/tokenizer"
	"pgregory.net/rapid"
)

func newCounter(t testing.TB) *Counter {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCountEqualsPublishedExamples(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for text, want := range map[string]int{
		"":                             0,
		"hello world":                  2,
		"tiktoken is great!":           6,
		"antidisestablishmentarianism": 6,
		"2 + 2 = 4":                    7,
		"お誕生日おめでとう":                    9,
		"<|endoftext|>":                7, // a special token's name is ordinary text
	} {
		if got := c.Count(text); got != want {
			t.Errorf("Count(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestCountIsOfTheTextAsJSONSendsIt(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	rapid.Check(t, func(t *rapid.T) {
		raw := string(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes"))
		body, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		var sent string
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		if got, want := c.Count(raw), c.Count(sent); got != want {
			t.Fatalf("Count = %d, of the text as sent %d", got, want)
		}
	})
}

func TestBoundsHold(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	pieces := rapid.SampledFrom([]string{"deductible", " ", "\n   \n", "é", "保険", "\xff\xfe", strings.Repeat(" ", 150), "$1,500.00", strings.Repeat("a", 300)})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 20).Draw(t, "pieces"), "")
		n := c.Count(text)
		if low, high := LowerBound(text), UpperBound(text); n < low || n > high {
			t.Fatalf("%d tokens, bounds %d to %d", n, low, high)
		}
		limit := rapid.IntRange(0, 400).Draw(t, "limit")
		if got := c.Within(text, limit); got != (n <= limit) {
			t.Fatalf("Within(%d) = %t for %d tokens", limit, got, n)
		}
	})
}

// The lower bound rests on the vocabulary's longest token, so it is looked up.
func TestMaxTokenBytesIsTheVocabularysLongest(t *testing.T) {
	t.Parallel()
	codec, err := tokenizer.Get(tokenizer.Cl100kBase)
	if err != nil {
		t.Fatal(err)
	}
	longest := 0
	for id := range uint(100_256) {
		token, err := codec.Decode([]uint{id})
		if err != nil {
			t.Fatalf("token %d: %v", id, err)
		}
		longest = max(longest, len(token))
	}
	if longest != MaxTokenBytes {
		t.Fatalf("longest token has %d bytes, MaxTokenBytes says %d", longest, MaxTokenBytes)
	}
}

func TestCountIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	texts := []string{"What is my deductible?", strings.Repeat("copay ", 300), "\xff\n  \n保険", strings.Repeat("x", 5000)}
	want := make([]int, len(texts))
	for i, text := range texts {
		want[i] = c.Count(text)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, text := range texts {
				if got := c.Count(text); got != want[i] {
					t.Errorf("text %d: %d tokens, alone %d", i, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

// A run of one character is the classic way to make a tokeniser quadratic: ten
// times the text may cost about ten times the allocations, not a hundred.
func TestLongRunsStayLinear(t *testing.T) {
	c := newCounter(t)
	cost := func(n int) float64 {
		text := strings.Repeat("a", n)
		return testing.AllocsPerRun(1, func() { c.Count(text) })
	}
	if small, large := cost(20_000), cost(200_000); large > 30*small+100 {
		t.Fatalf("%.0f allocations for 20 kB, %.0f for 200 kB", small, large)
	}
}

func BenchmarkCount(b *testing.B) {
	c := newCounter(b)
	text := strings.Repeat("The annual deductible is $1,500 per person and $3,000 per family. ", 30)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		c.Count(text)
	}
}
