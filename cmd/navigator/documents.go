package main

import (
	"context"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

type statusCommand struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Run shows a document.
func (c *statusCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	doc, err := way.Client.Status(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(doc)
	}
	w.screen.Document(doc)
	return nil
}

type searchCommand struct {
	Query []string `arg:"" help:"What to look for, in plain words."`
	Limit int      `placeholder:"N" help:"How many passages; the service decides where it is not given."`
	JSON  bool     `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (searchCommand) Help() string {
	return `Examples:
  navigator search "what is my deductible?"
  navigator search --limit 10 --json emergency room copay`
}

// Run searches and shows the passages.
func (c *searchCommand) Run(ctx context.Context, g *globals, w *world) error {
	query := strings.TrimSpace(strings.Join(c.Query, " "))
	if query == "" {
		return usageError{"the question is empty"}
	}
	if c.Limit < 0 {
		return usageError{"--limit has to be 1 or more"}
	}
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	found, err := way.Search(ctx, query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(found)
	}
	w.screen.Passages(query, found.Results)
	return nil
}

type deleteCommand struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Run deletes a document.
func (c *deleteCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	removed, err := way.Delete(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(removed)
	}
	w.screen.Say("%s: %s; nothing of it can be found any more", show.Clean(removed.DocumentID), show.Clean(removed.Status))
	return nil
}
