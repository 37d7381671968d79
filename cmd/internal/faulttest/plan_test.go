package faulttest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// mishap is what befalls one call.
type mishap string

// The mishaps: of calls to the outside, then of callbacks.
const (
	none       mishap = ""
	busy       mishap = "429"
	broken     mishap = "5xx"
	silent     mishap = "no answer"
	answerLost mishap = "done, answer lost"
	garbage    mishap = "garbage"

	lost    mishap = "lost"
	doubled mishap = "doubled"
	delayed mishap = "delayed"
)

// plan is all that goes wrong, drawn from the seed alone: the nth call of a
// kind meets the same mishap in every run of a seed, and the kills come in the
// same order after the same times.
type plan struct{ seed uint64 }

// dice are those of one thing.
func (p plan) dice(what string, n int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s %d", what, n)         // a hash takes everything
	return rand.New(rand.NewPCG(p.seed, h.Sum64())) //nolint:gosec // draws faults
}

// call is what befalls the nth call of a kind: one in ten meets something.
// Storage gives no garbage: a file that is not the uploaded one ends its
// document, and rightly.
func (p plan) call(kind string, n int, fileService bool) mishap {
	d := p.dice(kind, n)
	if d.IntN(10) > 0 {
		return none
	}
	all := []mishap{busy, broken, silent, answerLost, garbage}
	if fileService {
		all = all[:4]
	}
	return all[d.IntN(len(all))]
}

// callback is what befalls the nth callback.
func (p plan) callback(n int) mishap {
	switch d := p.dice("callback", n).IntN(10); {
	case d < 2:
		return lost
	case d < 4:
		return doubled
	case d < 6:
		return delayed
	}
	return none
}

// kill is the nth kill of a worker: which, and how long after the one before.
func (p plan) kill(n, workers int) (which int, after time.Duration) {
	d := p.dice("kill", n)
	return d.IntN(workers), 3*time.Second + time.Duration(d.IntN(5000))*time.Millisecond
}

// deed is what a client does with a document after its upload.
type deed string

// The deeds.
const (
	waits   deed = "waits"
	deletes deed = "deletes"
	cancels deed = "cancels"
)

func (p plan) deed(user, n int) deed {
	switch d := p.dice("deed", user*1000+n).IntN(20); {
	case d < 2:
		return deletes
	case d < 3:
		return cancels
	}
	return waits
}

// A seed draws the same plan for ever, and another seed another.
func TestASeedReplays(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) (all []string) {
		p := plan{seed}
		for n := range 200 {
			which, after := p.kill(n, 3)
			all = append(all, fmt.Sprint(p.call("a", n, false), p.call("b", n, true), p.callback(n), which, after, p.deed(n, n)))
		}
		return all
	}
	if !slices.Equal(draw(7), draw(7)) {
		t.Error("one seed, two plans")
	}
	if slices.Equal(draw(7), draw(8)) {
		t.Error("two seeds, one plan")
	}
}
