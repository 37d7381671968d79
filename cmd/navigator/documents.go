package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

type statusCommand struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (statusCommand) Help() string {
	return `Examples:
  navigator status 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f
  navigator status --json 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f | jq -r .status`
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

	Document       []string `placeholder:"ID" help:"Only in this document; may be repeated."`
	Type           []string `placeholder:"TYPE" help:"Only in documents of this MIME type; may be repeated."`
	After          moment   `placeholder:"TIME" help:"Only in documents uploaded then or later: 2026-01-31, 2026-01-31T09:00, or 24h for the last day."`
	Before         moment   `placeholder:"TIME" help:"Only in documents uploaded earlier; as --after."`
	RequireVectors bool     `help:"Fail rather than search by words alone while the embedding service is away."`

	JSON bool `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (searchCommand) Help() string {
	return `Examples:
  navigator search "what is my deductible?"
  navigator search --limit 10 --json emergency room copay
  navigator search --type application/pdf --after 2026-01-01 deductible`
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
	found, err := way.Search(ctx, client.Question{Query: query, Limit: c.Limit, Documents: c.Document, Types: c.Type,
		After: c.After.at, Before: c.Before.at, RequireVectors: c.RequireVectors})
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(found)
	}
	if found.Degraded != nil {
		w.screen.Say("Found by words alone: %s", show.Clean(found.Degraded.Message))
	}
	w.screen.Passages(query, found.Results)
	return nil
}

type deleteCommand struct {
	ID   string `arg:"" help:"The document's id."`
	Yes  bool   `short:"y" help:"Do not ask; needed where nobody can be asked."`
	Wait bool   `help:"Wait until everything is removed, and show the receipt."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (deleteCommand) Help() string {
	return `Examples:
  navigator delete 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f
  navigator delete --yes --wait 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
}

// Run deletes a document.
func (c *deleteCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := c.ask(ctx, w, way); err != nil {
			return err
		}
	}
	removed, err := way.Delete(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.Wait {
		return c.receipt(ctx, w, way)
	}
	if c.JSON {
		return w.screen.JSON(removed)
	}
	w.screen.Say("%s: %s; nothing of it can be found any more", show.Clean(removed.DocumentID), show.Clean(removed.Status))
	return nil
}

// receipt waits for the deletion's end and shows what was counted.
func (c *deleteCommand) receipt(ctx context.Context, w *world, way *link) error {
	r, err := way.Deleted(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(r)
	}
	w.screen.Say("%s: %s", show.Clean(r.DocumentID), show.Clean(r.Status))
	rows := [][]string{{"PLACE", "LEFT"}}
	for _, place := range slices.Sorted(maps.Keys(r.Residual)) {
		left := "not asked"
		if n := r.Residual[place]; n != nil {
			left = strconv.Itoa(*n)
		}
		rows = append(rows, []string{show.Clean(place), left})
	}
	w.screen.Table(rows)
	return nil
}

// ask names the document and wants a word. An answer that is not yes ends the
// call as a failure, for nothing was deleted.
func (c *deleteCommand) ask(ctx context.Context, w *world, way *link) error {
	if !w.asked() {
		return usageError{"deleting cannot be undone: say --yes"}
	}
	doc, err := way.Client.Status(ctx, c.ID)
	if err != nil {
		return err
	}
	if !w.confirms(fmt.Sprintf("Delete %s (%s)? It cannot be undone.", show.Clean(doc.Filename), show.Clean(doc.Status))) {
		w.screen.Note("nothing was deleted")
		return errFailed
	}
	return nil
}
