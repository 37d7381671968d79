package openai

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
)

// told is an answer's headers about requests: of ten a minute, so many are left.
func told(left int) http.Header {
	return http.Header{"X-Ratelimit-Limit-Requests": {"10"}, "X-Ratelimit-Remaining-Requests": {fmt.Sprint(left)}}
}

// taken takes room n times without waiting.
func taken(t *testing.T, p *pace, n int) (tickets []ticket) {
	t.Helper()
	for range n {
		one, wait := p.try(1)
		if wait != 0 {
			t.Fatalf("request %d has to wait %s", len(tickets)+1, wait)
		}
		tickets = append(tickets, one)
	}
	return tickets
}

func (p *pace) wantLeft(t *testing.T, want float64) {
	t.Helper()
	if left := p.rates[0].left; left != want {
		t.Errorf("%g requests are left, want %g", left, want)
	}
}

// Requests under way are not counted by the service yet, and answers come in
// any order: what is left is never taken for more than it is.
func TestPaceNeverReckonsWithMoreThanIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that nothing refills
		var p pace
		of := taken(t, &p, 3)
		p.learn(told(9), of[0])
		p.wantLeft(t, 7) // the other two are under way
		p.learn(told(7), of[2])
		p.wantLeft(t, 6)
		p.learn(told(8), of[1]) // of an earlier time
		p.wantLeft(t, 6)
		next := taken(t, &p, 1)
		p.wantLeft(t, 5)
		p.learn(told(6), next[0]) // the newest is right again
		p.wantLeft(t, 6)
		last := taken(t, &p, 6)
		if _, wait := p.try(1); wait == 0 {
			t.Error("the seventh of six is let go")
		}
		p.learn(nil, last[0]) // without an answer there is no news
		p.wantLeft(t, 0)
	})
}
