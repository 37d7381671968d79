package faulttest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
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
// service meets the same mishap in every run of a seed, and the kills come in the
// same order after the same times.
type plan struct{ seed uint64 }

// dice are those of one thing.
func (p plan) dice(what string, n int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s %d", what, n)         // a hash takes everything
	return rand.New(rand.NewPCG(p.seed, h.Sum64())) //nolint:gosec // draws faults
}

// call is what befalls the nth call of an outside service: one in ten meets
// something. Storage gives no garbage: a file that is not the uploaded one ends
// its document, and rightly.
func (p plan) call(fake string, n int) mishap {
	d := p.dice(fake, n)
	if d.IntN(10) > 0 {
		return none
	}
	all := []mishap{busy, broken, silent, answerLost, garbage}
	if fake == "supabase" {
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

// restart is after how many accepted documents the database is restarted for the
// nth time: once in either half.
func (p plan) restart(n, documents int) int {
	return n*documents/2 + documents/8 + p.dice("restart", n).IntN(documents/4+1)
}

// deed is what a client does with a document after its upload.
type deed string

// The deeds.
const (
	waits       deed = "waits"
	deletes     deed = "deletes"      // at once
	deletesLate deed = "deletes late" // when it has ended
	cancels     deed = "cancels"
)

func (p plan) deed(user, n int) deed {
	switch d := p.dice("deed", user*1000+n).IntN(20); {
	case d < 1:
		return deletes
	case d < 2:
		return deletesLate
	case d < 3:
		return cancels
	}
	return waits
}

// draws is the beginning of the plan in words, by which two plans are compared.
func (p plan) draws() (all []string) {
	for n := range 2000 {
		which, after := p.kill(n, workers)
		all = append(all, fmt.Sprint(p.call("llamaparse", n), p.call("openai", n), p.call("supabase", n), p.callback(n), which, after, p.deed(n%50, n/50)))
	}
	return append(all, fmt.Sprint(p.restart(0, 1000), p.restart(1, 1000)))
}

// hash names the plan.
func (p plan) hash() string {
	sum := sha256.Sum256([]byte(strings.Join(p.draws(), "\n")))
	return hex.EncodeToString(sum[:8])
}

// A seed draws the same plan for ever, and another seed another.
func TestASeedReplays(t *testing.T) {
	t.Parallel()
	if !slices.Equal((plan{7}).draws(), (plan{7}).draws()) {
		t.Error("one seed, two plans")
	}
	if (plan{7}).hash() == (plan{8}).hash() {
		t.Error("two seeds, one plan")
	}
	if got := (plan{7}).hash(); got != pinned {
		t.Errorf("seed 7 draws plan %s, and drew %s before: what was reported under a seed can no longer be repeated", got, pinned)
	}
}

// pinned is the plan of seed 7.
const pinned = "540ce24386f94895"
