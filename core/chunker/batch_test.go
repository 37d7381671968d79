package chunker_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core/chunker"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		tokens, bytes []int
		inputs, limit int
		want          int
	}{
		{"nothing", nil, nil, 256, 100, 0},
		{"all fit", []int{10, 20, 30}, []int{40, 80, 120}, 256, 100, 3},
		{"by inputs", []int{1, 1, 1}, []int{3, 3, 3}, 2, 100, 2},
		{"exactly by tokens", []int{50, 50, 1}, []int{3, 3, 3}, 256, 100, 2},
		{"by tokens", []int{50, 51}, []int{3, 3}, 256, 100, 1},
		{"exactly by bytes", []int{1, 1, 1}, []int{150, 150, 1}, 256, 100, 2},
		{"by bytes", []int{1, 1}, []int{150, 151}, 256, 100, 1},
		{"one too large goes alone", []int{500, 1}, []int{10, 10}, 256, 100, 1},
		{"no inputs allowed", []int{1, 1}, []int{1, 1}, 0, 100, 1},
		{"the shorter slice counts", []int{1, 1, 1}, []int{1, 1}, 256, 100, 2},
	} {
		if got := chunker.Batch(tt.tokens, tt.bytes, tt.inputs, tt.limit); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// A document of 3,000 chunks once went out in calls of more inputs than the
// provider takes: every call failed.
func TestL032BatchesOf3000ChunksKeepEveryLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfN(rapid.IntRange(1, 8000), 3000, 3000).Draw(t, "tokens")
		rate := rapid.IntRange(1, 8).Draw(t, "bytes a token")
		bytes := make([]int, len(tokens))
		for i, n := range tokens {
			bytes[i] = n * rate
		}
		for done := 0; done < len(tokens); {
			n := chunker.Batch(tokens[done:], bytes[done:], chunker.BatchInputs, chunker.BatchTokens)
			if n < 1 || n > chunker.BatchInputs || done+n > len(tokens) {
				t.Fatalf("a batch of %d", n)
			}
			if sum := total(tokens[done : done+n]); sum > chunker.BatchTokens {
				t.Fatalf("%d tokens", sum)
			}
			if sum := total(bytes[done : done+n]); sum > 3*chunker.BatchTokens {
				t.Fatalf("%d bytes: the provider may count more than it takes", sum)
			}
			if end := done + n; end < len(tokens) && n < chunker.BatchInputs &&
				total(tokens[done:end+1]) <= chunker.BatchTokens && total(bytes[done:end+1]) <= 3*chunker.BatchTokens-3*n {
				t.Fatalf("a batch of %d could have held one more", n)
			}
			done += n
		}
	})
}

func total(n []int) int {
	sum := 0
	for v := range slices.Values(n) {
		sum += v
	}
	return sum
}
