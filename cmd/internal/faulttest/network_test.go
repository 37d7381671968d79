package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// listeners counts the connections on which work is announced.
func (b *bed) listeners() (n int) {
	for _, proxy := range b.proxies {
		n += proxy.Listeners()
	}
	return n
}

// deaf lets the connections fall silent on which work is announced. Documents
// complete all the same, since workers look by themselves, and the workers
// notice and listen anew.
func (b *bed) deaf(ctx context.Context) error {
	hushed := 0
	for _, proxy := range b.proxies {
		hushed += proxy.HushListeners()
	}
	if hushed != 2 {
		return fmt.Errorf("%d workers listened, want 2", hushed)
	}
	if err := b.during(ctx, func(context.Context) error { return nil }); err != nil {
		return err
	}
	_, err := again(ctx, func() (n int, err error) {
		if n = b.listeners(); n < hushed {
			err = fmt.Errorf("%w: %d workers listen", errAgain, n)
		}
		return n, err
	})
	return err
}

// slow holds each answer of the database back, 60 ms give or take 30, while
// documents are on their way. A step has 8 s here, a fifteenth of what it has in
// production: there it would be most of a second.
func (b *bed) slow(ctx context.Context) error {
	pause := func(draw func() time.Duration) {
		for _, proxy := range b.proxies {
			proxy.Slow(draw)
		}
	}
	pause(func() time.Duration { return 30*time.Millisecond + rand.N(60*time.Millisecond) }) //nolint:gosec // the fault itself
	defer pause(nil)
	return b.during(ctx, func(context.Context) error { return nil })
}

// spare is what a program may have open more than before, once all is over.
const spare = 10

// blackHole swallows all that goes to the database and comes from it for 5 s,
// while many ask. Each is answered, and nothing of it is left open.
func (b *bed) blackHole(ctx context.Context) error {
	before, err := b.open()
	if err != nil {
		return err
	}
	var speak []func()
	for _, proxy := range b.proxies {
		speak = append(speak, proxy.Hush())
	}
	unanswered := make(chan error, 40)
	var readers sync.WaitGroup
	for range cap(unanswered) {
		readers.Go(func() {
			if r, err := b.person.send(ctx, http.MethodGet, "/documents", nil, nil); r.status == 0 {
				unanswered <- err
			}
		})
	}
	time.Sleep(5 * time.Second) // the silence itself is the fault
	for _, s := range speak {
		s()
	}
	readers.Wait()
	if len(unanswered) > 0 {
		return fmt.Errorf("%d requests were not answered: %w", len(unanswered), <-unanswered)
	}
	_, err = again(ctx, func() (n int, err error) {
		after, err := b.open()
		for name, n := range after {
			if err == nil && n > before[name]+spare {
				err = fmt.Errorf("%w: %s has %d descriptors open, and had %d", errAgain, name, n, before[name])
			}
		}
		return 0, err
	})
	return err
}

// open counts each program's descriptors: a request that hangs holds one.
func (b *bed) open() (map[string]int, error) {
	counts := map[string]int{}
	for _, p := range b.processes {
		figures := map[string]float64{}
		if err := p.figures(figures); err != nil {
			return nil, err
		}
		counts[p.name] = int(figures[p.name+" descriptors"])
	}
	return counts, nil
}

// exhausted holds every connection of the API behind a lock, and asks for the
// health meanwhile.
func (b *bed) exhausted(ctx context.Context) error {
	return b.super(ctx, func(conn *pgx.Conn) error {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it was only a lock
		if _, err := tx.Exec(ctx, `lock table upload_pipeline.documents in access exclusive mode`); err != nil {
			return err
		}
		held, letGo := context.WithCancel(ctx)
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() { _, _ = b.person.send(held, http.MethodGet, "/documents", nil, nil) }) // held until let go
		}
		defer readers.Wait()
		defer letGo()
		if _, err := again(ctx, func() (int, error) { return b.waiting(ctx) }); err != nil {
			return err
		}
		_, err = again(ctx, func() (struct{}, error) { // what it knew before is fresh for some seconds
			r, err := b.person.send(ctx, http.MethodGet, "/health", nil, nil)
			if r.text("status") == "degraded" {
				return struct{}{}, nil
			}
			return struct{}{}, errors.Join(errAgain, fmt.Errorf("health says %d %q while no connection is free: %w", r.status, r.text("status"), err))
		})
		return err
	})
}

// waiting counts the API's sessions that wait for a lock; errAgain until there
// are as many as the pool has.
func (b *bed) waiting(ctx context.Context) (n int, err error) {
	err = b.super(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `select count(*) from pg_stat_activity where usename = 'inav_app' and wait_event_type = 'Lock'`).Scan(&n)
	})
	if err == nil && n < 5 {
		err = fmt.Errorf("%w: %d sessions wait", errAgain, n)
	}
	return n, err
}
