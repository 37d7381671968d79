package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

// batch is one call's files on their way.
type batch struct {
	call    *uploadCommand
	w       *world
	way     *link
	board   *show.Board
	results []*result
	skipped int

	mu   sync.Mutex
	lost error // why no more is sent: nobody is signed in, or nothing answers
}

func newBatch(c *uploadCommand, w *world, way *link, found *gathering) *batch {
	b := &batch{call: c, w: w, way: way, board: w.screen.Board(c.JSON), skipped: len(found.skipped)}
	for _, file := range found.files {
		b.results = append(b.results, &result{File: file.name, Path: file.path, file: file})
	}
	return b
}

// base is the name that the service is told.
func (r *result) base() string { return filepath.Base(r.Path) }

// run sends the files, so many at once. Those that are sent are followed, again
// so many at once, while the next are sent: the service works on all of them
// meanwhile.
func (b *batch) run(ctx context.Context) {
	todo, sent := make(chan *result), make(chan *result, len(b.results))
	var senders, followers sync.WaitGroup
	for range min(b.call.Parallel, len(b.results)) {
		senders.Go(func() { b.sender(ctx, todo, sent) })
		followers.Go(func() {
			for one := range sent {
				b.follow(ctx, one)
				b.finish(ctx, one)
			}
		})
	}
	for _, one := range b.results {
		todo <- one
	}
	close(todo)
	senders.Wait()
	close(sent)
	followers.Wait()
}

func (b *batch) sender(ctx context.Context, todo <-chan *result, sent chan<- *result) {
	for one := range todo {
		if one.err = b.given(); one.err == nil && ctx.Err() == nil {
			b.send(ctx, one)
		}
		if b.call.Wait && one.err == nil && one.ID != "" {
			sent <- one
			continue
		}
		b.finish(ctx, one)
	}
}

// given is why the files that are left are not even tried.
func (b *batch) given() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

// finish takes a file's end; where the wait was cut short there is none.
func (b *batch) finish(ctx context.Context, one *result) {
	if ctx.Err() != nil && (one.err == nil || errors.Is(one.err, context.Canceled)) {
		one.err = nil
		return
	}
	one.done = true
	b.mu.Lock()
	defer b.mu.Unlock()
	if code := codeOf(one.err); code == exitSignedOut || code == exitAway {
		b.lost = one.err
	}
	if b.call.JSON {
		one.Error = problemOf(one.err)
		_ = b.w.screen.Line(one) // a broken pipe ends the process by itself
	}
}

// problemOf is an error for programs; those of our own have no status.
func problemOf(err error) *client.Problem {
	var p *client.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	}
	code := map[int]string{exitSignedOut: "not_signed_in", exitAway: "unreachable"}[codeOf(err)]
	if code == "" {
		code = "not_sent"
	}
	return &client.Problem{Code: code, Title: "The file was not uploaded.", Detail: show.Clean(worded(err).Error())}
}

// tally counts the ends, each result once.
func (b *batch) tally() (uploaded, complete, duplicates, failed int) {
	for _, one := range b.results {
		switch {
		case one.failed():
			failed++
		case one.Duplicate:
			duplicates++
		case core.Status(one.Status) == core.Complete:
			complete++
		case one.done:
			uploaded++
		}
	}
	return uploaded, complete, duplicates, failed
}

// summary names each failure and what can be done, and counts the ends where
// there is more than one.
func (b *batch) summary() {
	if b.call.JSON {
		return
	}
	for _, one := range b.results {
		switch {
		case one.err != nil:
			b.w.failure(one.Path, one.err)
		case one.failed() && one.Document != nil:
			b.w.screen.Trouble(one.File, *one.Document)
		}
	}
	if len(b.results)+b.skipped < 2 {
		return
	}
	uploaded, complete, duplicates, failed := b.tally()
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{uploaded, "uploaded"}, {complete, "complete"}, {duplicates, "uploaded before"}, {failed, "failed"}, {b.skipped, "skipped"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	b.w.screen.Say("%s: %s", show.Count(len(b.results)+b.skipped, "file"), strings.Join(parts, ", "))
}

// outcome is the call's exit code. It says that nobody is signed in, or that
// the service is away, only where that is all that went wrong.
func (b *batch) outcome() error {
	_, _, duplicates, failed := b.tally()
	switch {
	case failed == 0 && duplicates == len(b.results):
		return outcome(exitDuplicates)
	case failed == 0:
		return nil
	case failed < len(b.results):
		return errFailed
	}
	first := codeOf(b.results[0].err)
	for _, one := range b.results {
		if code := codeOf(one.err); code == exitFine || code != first {
			return errFailed
		}
	}
	return outcome(first)
}

// interrupted says what the service has, for it goes on with that.
func (b *batch) interrupted() {
	unsent := 0
	for _, one := range b.results {
		switch {
		case one.ID == "" && !one.done:
			unsent++
		case one.ID != "" && !b.call.JSON:
			b.w.screen.Note("%s: %s is with the service, which goes on: see navigator status %s", show.Clean(one.File), show.Clean(one.ID), show.Clean(one.ID))
		}
		if b.call.JSON && !one.done {
			_ = b.w.screen.Line(one)
		}
	}
	if unsent > 0 {
		b.w.screen.Note("%s not sent: the same call again sends them", show.Count(unsent, "file"))
	}
}
