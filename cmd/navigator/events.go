package main

import (
	"context"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

type eventsCommand struct {
	ID     string `arg:"" help:"The document's id."`
	Follow bool   `short:"f" help:"Go on until the document's attempt has ended."`
	JSON   bool   `name:"json" help:"Write a line of JSON for each move."`
}

// Help is shown behind the flags.
func (eventsCommand) Help() string {
	return `Each line says when, in which attempt, from which status to which, how far that is,
and how long the status before lasted.

Examples:
  navigator events 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f
  navigator events --follow --json 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
}

// Run shows the moves as they are told.
func (c *eventsCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	var broken error
	err = way.Moves(ctx, c.ID, c.Follow, func(m client.Move) {
		if !c.JSON {
			w.screen.Move(m)
		} else if broken == nil {
			broken = w.screen.Line(m)
		}
	})
	if ctx.Err() != nil {
		w.screen.Note("the service goes on: see navigator status %s", show.Clean(c.ID))
		return ctx.Err()
	}
	if err == nil {
		err = broken
	}
	return err
}
