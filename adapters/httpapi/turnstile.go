package httpapi

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// turnstile bounds how many uploads are in the database at once, so that a
// crowd of them leaves connections and processors to whoever reads and to the
// line. Nobody is sent away at it, for a file that has arrived is worth more
// than one that has not: whoever is still outside asks crowded first.
type turnstile struct {
	now    func() time.Time
	mu     sync.Mutex
	free   int
	early  list.List // of waiter: nothing is stored for them yet
	stored list.List // of waiter: their file is; they go first, so that what was begun ends
}

type waiter struct {
	since time.Time
	turn  chan struct{} // closed when it is theirs
}

func newTurnstile(most int) *turnstile { return &turnstile{now: time.Now, free: most} }

// enter waits for a turn and gives back how to leave it. Within each of the two
// lines it is the order of coming. A context that ends meanwhile is the only
// error.
func (t *turnstile) enter(ctx context.Context, stored bool) (leave func(), err error) {
	line := &t.early
	if stored {
		line = &t.stored
	}
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return t.leave, nil
	}
	own := waiter{since: t.now(), turn: make(chan struct{})}
	place := line.PushBack(own)
	t.mu.Unlock()
	select {
	case <-own.turn:
		return t.leave, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-own.turn: // it came at the same moment: the next one has it
		t.next()
	default:
		line.Remove(place)
	}
	return nil, ctx.Err()
}

func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
}

// next gives a turn that is over to whoever waits. The caller holds the lock.
func (t *turnstile) next() {
	for _, line := range []*list.List{&t.stored, &t.early} {
		if first := line.Front(); first != nil {
			close(line.Remove(first).(waiter).turn) //nolint:forcetypeassert // the list's one type
			return
		}
	}
	t.free++
}

// crowded reports whether whoever is next has waited longer than that already:
// who comes now would wait as long at least.
func (t *turnstile) crowded(wait time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.early.Front()
	return first != nil && t.now().Sub(first.Value.(waiter).since) > wait //nolint:forcetypeassert // the list's one type
}
