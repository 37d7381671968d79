package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

type listCommand struct {
	Status []string `placeholder:"STATUS" predictor:"status" help:"Only documents of this status; may be repeated."`
	After  moment   `placeholder:"TIME" help:"Only documents uploaded then or later: 2026-01-31, 2026-01-31T09:00, or 24h for the last day."`
	Before moment   `placeholder:"TIME" help:"Only documents uploaded earlier; as --after."`
	Limit  int      `default:"100" placeholder:"N" help:"How many at most, the newest first; 0 for all."`
	Cursor string   `placeholder:"CURSOR" help:"Begin behind the end of a list that was cut by --limit."`
	JSON   bool     `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (listCommand) Help() string {
	return `Examples:
  navigator list
  navigator list --status failed_parse --status failed_embedding --json
  navigator list --after 2026-01-01 --before 2026-02-01 --limit 0
  navigator list --after 24h`
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
	documents, next, err := c.read(ctx, way)
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
	if next != "" {
		w.screen.Note("there are more: see --limit, or --cursor %s", show.Clean(next))
	}
	return nil
}

// pageSize is the most that the service answers at once.
const pageSize = 100

// read goes through the pages up to the limit, and names where to go on; "" at
// the end.
func (c *listCommand) read(ctx context.Context, way *link) (documents []client.Document, next string, err error) {
	documents = []client.Document{}
	query := client.Listing{Statuses: c.Status, After: c.After.at, Before: c.Before.at, Cursor: c.Cursor}
	for {
		query.Limit = pageSize
		if c.Limit > 0 {
			query.Limit = min(pageSize, c.Limit-len(documents))
		}
		page, err := way.List(ctx, query)
		if err != nil {
			return nil, "", err
		}
		documents, query.Cursor = append(documents, page.Documents...), page.NextCursor
		if query.Cursor == "" || (c.Limit > 0 && len(documents) >= c.Limit) {
			return documents, query.Cursor, nil
		}
	}
}

// moment is a time as a person writes it: a day, a minute or a second of here,
// RFC 3339, or how long ago.
type moment struct{ at time.Time }

// UnmarshalText reads it.
func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil && ago >= 0 {
		m.at = time.Now().Add(-ago)
		return nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime} {
		if at, err := time.ParseInLocation(form, string(text), time.Local); err == nil {
			m.at = at
			return nil
		}
	}
	return errors.New("a time such as 2026-01-31, 2026-01-31T09:00 or 24h")
}

type retryCommand struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (retryCommand) Help() string {
	return `Example:
  navigator retry 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
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

// Help is shown behind the flags.
func (cancelCommand) Help() string {
	return `Example:
  navigator cancel 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
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
