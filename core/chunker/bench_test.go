package chunker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// quarter counts a token for every four bytes begun.
type quarter struct{}

func (quarter) Count(s string) int { return (len(s) + 3) / 4 }

// cl100k counts as the embedding model does.
type cl100k struct{ codec tokenizer.Codec }

func newCL100K(t testing.TB) cl100k {
	t.Helper()
	codec, err := tokenizer.Get(tokenizer.Cl100kBase)
	if err != nil {
		t.Fatal(err)
	}
	return cl100k{codec}
}

func (c cl100k) Count(s string) int {
	n, err := c.codec.Count(s)
	if err != nil {
		panic(err)
	}
	return n
}

// policy writes a document of about size bytes that reads like an insurance
// paper: sections, prose, lists and tables of figures, from 4,000 words.
func policy(size int) []core.Page {
	r := rand.New(rand.NewPCG(1, 2))
	words := vocabulary(r, 4000)
	word := func() string { return words[min(r.IntN(len(words)), r.IntN(len(words)), r.IntN(len(words)))] }
	var pages []core.Page
	for total := 0; total < size; {
		var b strings.Builder
		for b.Len() < 3000 {
			passage(r, &b, word)
		}
		total += b.Len()
		pages = append(pages, core.Page{Number: len(pages) + 1, Text: b.String()})
	}
	return pages
}

func passage(r *rand.Rand, b *strings.Builder, word func() string) {
	switch r.IntN(5) {
	case 0:
		fmt.Fprintf(b, "%s %s %s\n\n", strings.Repeat("#", 1+r.IntN(4)), word(), word())
	case 1:
		b.WriteString("| Service | In network | Out of network |\n|---|---|---|\n")
		for range 2 + r.IntN(12) {
			fmt.Fprintf(b, "| %s %s | $%d.%02d | %d%% after %s |\n", word(), word(), r.IntN(5000), r.IntN(100), r.IntN(100), word())
		}
		b.WriteString("\n")
	case 2:
		for range 2 + r.IntN(5) {
			fmt.Fprintf(b, "- %s %s %s, see section %d\n", word(), word(), word(), r.IntN(40))
		}
		b.WriteString("\n")
	default:
		for range 2 + r.IntN(6) {
			b.WriteString("The ")
			for range 6 + r.IntN(14) {
				b.WriteString(word() + " ")
			}
			fmt.Fprintf(b, "%s %d. ", word(), r.IntN(400))
		}
		b.WriteString("\n\n")
	}
}

func vocabulary(r *rand.Rand, n int) []string {
	syllables := strings.Fields("de duct i ble pay ment in sur ance co out of net work plan mem ber pro vi der care ser vice hos pi tal pre scrip tion drug cov er age lim it year")
	words := make([]string, n)
	for i := range words {
		for range 1 + r.IntN(4) {
			words[i] += syllables[r.IntN(len(syllables))]
		}
	}
	return words
}

func benchmarkCut(b *testing.B, counter core.TokenCounter, s chunker.Settings, pages []core.Page) {
	b.Helper()
	c, err := chunker.New(counter, s)
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for _, p := range pages {
		size += len(p.Text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Cut(context.Background(), pages); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCut reports MB/s: by a counter that costs next to nothing, and by
// real tokens; "whole" recounts each piece, as a counter that is not declared
// additive needs it.
func BenchmarkCut(b *testing.B) {
	pages := policy(5 << 20)
	short := policy(100 << 10)
	real := newCL100K(b)
	b.Run("quarter/5MB", func(b *testing.B) {
		benchmarkCut(b, quarter{}, chunker.Settings{Tokens: 512, Overlap: 64}, pages)
	})
	b.Run("cl100k/5MB", func(b *testing.B) { benchmarkCut(b, real, chunker.Default(), pages) })
	b.Run("cl100k/100kB", func(b *testing.B) { benchmarkCut(b, real, chunker.Default(), short) })
	b.Run("cl100k-whole/5MB", func(b *testing.B) {
		benchmarkCut(b, real, chunker.Settings{Tokens: 512, Overlap: 64}, pages)
	})
}
