package main

import (
	"context"
	"fmt"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

// quoteLine is a file's quote for programs.
type quoteLine struct {
	File  string          `json:"file"`
	Path  string          `json:"path"`
	Quote *client.Quoted  `json:"quote,omitempty"`
	Error *client.Problem `json:"error,omitempty"`
}

// quote asks for the price of every file, one after the other, and sums up.
func (c *uploadCommand) quote(ctx context.Context, w *world, way *link, found *gathering) error {
	var sum client.Quoted
	rows := [][]string{{"FILE", "PAGES", "TOKENS", "COST", "BY"}}
	asked, failed, waits := 0, 0, 0
	for _, file := range found.files {
		got, err := quoteOne(ctx, way, file)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.JSON {
			if err := w.screen.Line(quoteLine{file.name, file.path, quoteOrNil(got, err), problemOf(err)}); err != nil {
				return err
			}
		}
		if err != nil {
			failed++
			if !c.JSON {
				w.failure(file.path, err)
			}
			continue
		}
		asked++
		if !got.Budget.Allowed {
			waits++
		}
		sum.Pages, sum.Tokens, sum.USD.Total = sum.Pages+got.Pages, sum.Tokens+got.Tokens, sum.USD.Total+got.USD.Total
		rows = append(rows, quoteRow(show.Clean(file.name), got))
	}
	if !c.JSON {
		w.showQuotes(rows, sum, asked, waits)
	}
	if failed > 0 {
		return errFailed
	}
	return nil
}

func quoteOrNil(q client.Quoted, err error) *client.Quoted {
	if err != nil {
		return nil
	}
	return &q
}

func quoteRow(name string, q client.Quoted) []string {
	by := q.Basis
	if q.DocumentID != "" {
		by = "uploaded before"
	}
	return []string{name, fmt.Sprint(q.Pages), fmt.Sprint(q.Tokens), dollars(q.USD.Total), by}
}

// showQuotes prints the files and their sum.
func (w *world) showQuotes(rows [][]string, sum client.Quoted, asked, waits int) {
	if asked == 0 {
		return
	}
	if asked > 1 {
		rows = append(rows, quoteRow(fmt.Sprintf("%d files", asked), sum))
	}
	w.screen.Table(rows)
	if waits > 0 {
		w.screen.Note("the month's budget has no room for %d of them: uploaded now, they would wait", waits)
	}
	w.screen.Say("nothing was uploaded")
}

func quoteOne(ctx context.Context, way *link, file found) (client.Quoted, error) {
	content, size, err := file.open()
	if err != nil {
		return client.Quoted{}, err
	}
	defer content.Close() //nolint:errcheck // it was only read
	one := result{Path: file.path}
	return way.Quote(ctx, client.File{Name: one.base(), Content: content, Size: size})
}
