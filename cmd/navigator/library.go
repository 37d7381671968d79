package main

import (
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

type listCommand struct {
	Status []string `placeholder:"STATUS" help:"Only documents of this status; may be repeated."`
	Limit  int      `default:"100" placeholder:"N" help:"How many at most, the newest first; 0 for all."`
	JSON   bool     `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (listCommand) Help() string {
	return `Examples:
  navigator list
  navigator list --status failed_parse --status failed_embedding --json`
}

// Run lists the documents.
func (c *listCommand) Run(ctx context.Context, g *globals, w *world) error {
	if c.Limit < 0 {
		return usageError{"--limit has to be 0 or more"}
	}
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	documents, more, err := c.read(ctx, way)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.screen.JSON(documents)
	}
	if len(documents) == 0 {
		w.screen.Note("there are no such documents")
		return nil
	}
	rows := [][]string{{"ID", "UPLOADED", "STATUS", "PROGRESS", "FILE"}}
	for _, d := range documents {
		rows = append(rows, []string{show.Clean(d.DocumentID), d.CreatedAt.Local().Format("2006-01-02 15:04"),
			show.Clean(d.Status), fmt.Sprintf("%d%%", d.Progress), show.Clean(d.Filename)})
	}
	w.screen.Table(rows)
	if more {
		w.screen.Note("there are more: see --limit")
	}
	return nil
}

// pageSize is the most that the service answers at once.
const pageSize = 100

// read goes through the pages up to the limit, and says whether more follow.
func (c *listCommand) read(ctx context.Context, way *link) (documents []client.Document, more bool, err error) {
	documents = []client.Document{}
	for cursor := ""; ; {
		size := pageSize
		if c.Limit > 0 {
			size = min(size, c.Limit-len(documents))
		}
		page, err := way.List(ctx, c.Status, cursor, size)
		if err != nil {
			return nil, false, err
		}
		documents, cursor = append(documents, page.Documents...), page.NextCursor
		if cursor == "" || (c.Limit > 0 && len(documents) >= c.Limit) {
			return documents, cursor != "", nil
		}
	}
}

type retryCommand struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Run opens the next attempt of a document.
func (c *retryCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	doc, err := way.Retry(ctx, c.ID)
	return w.moved(doc, err, c.JSON)
}

type cancelCommand struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Run stops the work on a document.
func (c *cancelCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	doc, err := way.Cancel(ctx, c.ID)
	return w.moved(doc, err, c.JSON)
}

// moved shows where a document stands after it was moved.
func (w *world) moved(doc client.Document, err error, asJSON bool) error {
	if err != nil {
		return err
	}
	if asJSON {
		return w.screen.JSON(doc)
	}
	w.screen.Say("%s: %s, attempt %d", show.Clean(doc.DocumentID), show.Clean(doc.Status), doc.Attempt)
	return nil
}
