package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// places are the depths at which hits are counted.
var places = [...]int{1, 3, 5}

// result is how well one way to cut was found in.
type result struct {
	name     string
	chars    bool // counts characters
	passages int
	mean     float64 // bytes of a passage
	most     int
	hits     [len(places)]float64 // share of questions with a passage of the answering page in the first so many
	quoted   [len(places)]float64 // the same for passages that hold the answer itself
	mrr      float64              // by page
	random   [len(places)]float64 // what drawing blindly finds, by page
	rate     float64              // MB/s of cutting
}

func (r result) String() string {
	return fmt.Sprintf("%-32s %5d passages, page in first 1/3/5: %.3f %.3f %.3f, MRR %.3f, quoted %.3f %.3f %.3f, %.1f MB/s",
		r.name, r.passages, r.hits[0], r.hits[1], r.hits[2], r.mrr, r.quoted[0], r.quoted[1], r.quoted[2], r.rate)
}

// measure cuts, embeds and asks every question.
func measure(ctx context.Context, m *material, e *embedder, s splitter) (result, error) {
	passages, took, err := s.split(ctx, m.sources)
	if err != nil {
		return result{}, err
	}
	inputs := make([]string, len(passages))
	r := result{name: s.name, chars: s.chars, passages: len(passages), rate: float64(m.bytes) / 1e6 / took.Seconds()}
	for i, p := range passages {
		inputs[i] = p.input
		r.mean += float64(len(p.Text)) / float64(len(passages))
		r.most = max(r.most, len(p.Text))
	}
	vectors, err := e.vectors(ctx, inputs)
	if err != nil {
		return result{}, err
	}
	return r, r.ask(ctx, m, e, passages, vectors)
}

func (r *result) ask(ctx context.Context, m *material, e *embedder, passages []passage, vectors [][]float32) error {
	var asks []string
	for _, s := range m.sources {
		for _, q := range s.questions {
			asks = append(asks, q.Ask)
		}
	}
	asked, err := e.vectors(ctx, asks)
	if err != nil {
		return err
	}
	n := 0
	for i, s := range m.sources {
		for _, q := range s.questions {
			onPage := func(p passage) bool { return p.source == i && p.From <= q.Page && q.Page <= p.To }
			order := nearest(asked[n], vectors)
			n++
			place := placeOf(order, passages, onPage)
			quote := placeOf(order, passages, func(p passage) bool { return onPage(p) && strings.Contains(fold(p.Text), fold(q.Answer)) })
			r.count(place, quote, len(asks))
			r.guess(passages, onPage, len(asks))
		}
	}
	return nil
}

func (r *result) count(place, quote, asks int) {
	share := 1 / float64(asks)
	for k, depth := range places {
		if place <= depth {
			r.hits[k] += share
		}
		if quote <= depth {
			r.quoted[k] += share
		}
	}
	r.mrr += share / float64(place)
}

// guess adds the chance that passages drawn blindly hold one of the page.
func (r *result) guess(passages []passage, right func(passage) bool, asks int) {
	good := 0
	for _, p := range passages {
		if right(p) {
			good++
		}
	}
	miss := 1.0
	for drawn := range places[len(places)-1] {
		left := float64(len(passages) - drawn)
		miss *= max(0, left-float64(good)) / left
		if k := slices.Index(places[:], drawn+1); k >= 0 {
			r.random[k] += (1 - miss) / float64(asks)
		}
	}
}

// placeOf is the place, from 1, of the first such passage; infinite for none.
func placeOf(order []int, passages []passage, right func(passage) bool) int {
	for place, i := range order {
		if right(passages[i]) {
			return place + 1
		}
	}
	return math.MaxInt
}

// nearest is the passages by falling similarity.
func nearest(question []float32, vectors [][]float32) []int {
	type scored struct {
		at    int
		score float32
	}
	all := make([]scored, len(vectors))
	for i, v := range vectors {
		all[i].at = i
		for k, x := range v {
			all[i].score += x * question[k]
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	order := make([]int, len(all))
	for i, s := range all {
		order[i] = s.at
	}
	return order
}

func fold(text string) string { return strings.Join(strings.Fields(text), " ") }
