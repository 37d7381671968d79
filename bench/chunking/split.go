package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// passage is one chunk of a document.
type passage struct {
	Text string `json:"text"`
	From int    `json:"from"` // pages, inclusive
	To   int    `json:"to"`

	source int
	input  string // what is embedded
}

// splitter cuts all sources. The time is of the cutting alone.
type splitter struct {
	name  string
	chars bool // its size is told in characters
	split func(ctx context.Context, sources []source) ([]passage, time.Duration, error)
}

// passes is how often all is cut; the quickest counts.
const passes = 3

// sizes are the settings compared: tokens and overlap.
var sizes = [...][2]int{{256, 32}, {512, 64}, {800, 100}, {1200, 150}}

// ourSplitters is the chunker at each size, without and with context, and by
// characters for the speed.
func ourSplitters(counter core.TokenCounter) ([]splitter, error) {
	var all []splitter
	for _, size := range sizes {
		for _, room := range []int{0, chunker.Default().Context} {
			s := chunker.Settings{Tokens: size[0], Overlap: size[1], Context: room, Additive: true}
			name := fmt.Sprintf("ours, %d/%d tokens", size[0], size[1])
			if room > 0 {
				name += fmt.Sprintf(", context %d", room)
			}
			if s == chunker.Default() {
				name += " (default)"
			}
			one, err := ourSplitter(name, counter, s)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	byChars, err := ourSplitter("ours, 2000/250 characters", chars{}, chunker.Settings{Tokens: 2000, Overlap: 250, Unit: "characters"})
	byChars.chars = true
	return append(all, byChars), err
}

// chars counts bytes, which these documents' characters nearly all are.
type chars struct{}

func (chars) Count(s string) int { return len(s) }

func ourSplitter(name string, counter core.TokenCounter, s chunker.Settings) (splitter, error) {
	c, err := chunker.New(counter, s)
	if err != nil {
		return splitter{}, err
	}
	return splitter{name: name, split: func(ctx context.Context, sources []source) (all []passage, _ time.Duration, _ error) {
		cutAll := func() (all []passage, _ error) {
			for i, s := range sources {
				pieces, err := c.Cut(ctx, s.Pages)
				if err != nil {
					return nil, err
				}
				for _, p := range pieces {
					all = append(all, passage{Text: p.Text, From: p.PageFrom, To: p.PageTo, source: i, input: p.Input()})
				}
			}
			return all, nil
		}
		best := time.Duration(math.MaxInt64)
		for range passes {
			began := time.Now()
			cut, err := cutAll()
			if err != nil {
				return nil, 0, err
			}
			all, best = cut, min(best, time.Since(began))
		}
		return all, best, nil
	}}, nil
}
