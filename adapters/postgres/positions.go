package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// position is how far the primary had got.
type position struct {
	at      string          // in the log: all that anybody was answered or saw lies before it
	next    uint32          // the first transaction that had not begun, or not ended, with all after it
	running map[uint32]bool // those before it that had not ended
}

// positionSQL asks for a position's two parts. What is seen may not be flushed
// yet, for the steps of the line do not wait for the disk: so it is not the
// flushed position that counts.
const positionSQL = `select pg_current_wal_insert_lsn()::text, pg_current_snapshot()::text`

// setRunning reads a snapshot as PostgreSQL writes it: xmin:xmax:xip,xip. Only
// the lower half of the numbers is kept, as rows have it.
func (p *position) setRunning(snapshot string) error {
	parts := strings.Split(snapshot, ":")
	if len(parts) != 3 {
		return fmt.Errorf("a snapshot of %d parts", len(parts))
	}
	next, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return fmt.Errorf("a snapshot that cannot be read: %w", err)
	}
	p.next, p.running = uint32(next), map[uint32]bool{} //nolint:gosec // the lower half is meant
	for one := range strings.FieldsFuncSeq(parts[2], func(r rune) bool { return r == ',' }) {
		xid, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			return fmt.Errorf("a snapshot that cannot be read: %w", err)
		}
		p.running[uint32(xid)] = true //nolint:gosec // likewise
	}
	return nil
}

// ended reports whether the primary showed what the transaction wrote. Numbers go
// round: what is half of them away counts as later.
func (p *position) ended(xid uint32) bool {
	return int32(xid-p.next) < 0 && !p.running[xid] //nolint:gosec // the distance on the ring
}

// writers are the transactions that wrote what a read answers.
type writers []uint32

// endedAt reports whether the primary showed all of it.
func (w writers) endedAt(p *position) bool {
	for _, xid := range w {
		if !p.ended(xid) {
			return false
		}
	}
	return true
}

// positionTime bounds one question for the primary's position.
const positionTime = 2 * time.Second

// positions tells how far the primary had got, for many that ask at once with
// one question: all who came while the last one was under way share the next.
// So the position is never older than the asking.
type positions struct {
	ask func(context.Context) (position, error)

	mu   sync.Mutex
	next *positionRound // gathers who came since the last question was sent; nil: nobody
	busy bool           // a goroutine asks
}

// positionRound is one question and all who wait for its answer.
type positionRound struct {
	done chan struct{}
	at   position
	err  error
}

// now is a position that the primary had after the call. The context bounds the wait alone: the question is not this caller's only.
func (p *positions) now(ctx context.Context) (*position, error) {
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
		return &round.at, round.err
	case <-ctx.Done():
		return nil, ctx.Err()
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
