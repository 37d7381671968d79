package postgres

import (
	"context"
	"sync"
	"time"
)

// positionTime bounds one question for the primary's position.
const positionTime = 2 * time.Second

// positions tells how far the primary had got, for many that ask at once with
// one question: all who came while the last one was under way share the next.
// So the position is never older than the asking.
type positions struct {
	ask func(context.Context) (string, error)

	mu   sync.Mutex
	next *positionRound // gathers who came since the last question was sent; nil: nobody
	busy bool           // a goroutine asks
}

// positionRound is one question and all who wait for its answer.
type positionRound struct {
	done chan struct{}
	at   string
	err  error
}

// now is a position that the primary reached after the call, as text. The
// context bounds the wait alone: the question is not this caller's only.
func (p *positions) now(ctx context.Context) (string, error) {
	p.mu.Lock()
	if p.next == nil {
		p.next = &positionRound{done: make(chan struct{})}
	}
	round := p.next
	if !p.busy {
		p.busy = true
		go p.rounds(context.WithoutCancel(ctx))
	}
	p.mu.Unlock()
	select {
	case <-round.done:
		return round.at, round.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// rounds asks until nobody waits.
func (p *positions) rounds(ctx context.Context) {
	for {
		p.mu.Lock()
		round := p.next
		p.next, p.busy = nil, round != nil
		p.mu.Unlock()
		if round == nil {
			return
		}
		bounded, cancel := context.WithTimeout(ctx, positionTime)
		round.at, round.err = p.ask(bounded)
		cancel()
		close(round.done)
	}
}
