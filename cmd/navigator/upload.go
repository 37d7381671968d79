package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

type uploadCommand struct {
	Files  []string `arg:"" name:"file" help:"The files."`
	Wait   bool     `help:"Follow each document until it can be searched, or has failed."`
	Policy string   `placeholder:"ID" help:"Your own reference, kept with the documents."`
	JSON   bool     `name:"json" help:"Write a line of JSON for each file."`
}

// Help is shown behind the flags.
func (uploadCommand) Help() string {
	return `A file that was uploaded before is not stored again: the document that is there
is named and, with --wait, followed.

Ends with 0 when all are uploaded (with --wait: complete), with 1 when any failed.

Examples:
  navigator upload policy.pdf --wait
  navigator upload *.pdf --policy POL-4711`
}

// result is what became of one file.
type result struct {
	File      string           `json:"file"`
	ID        string           `json:"document_id,omitempty"`
	JobID     string           `json:"job_id,omitempty"`
	Status    string           `json:"status,omitempty"`
	Duplicate bool             `json:"duplicate,omitempty"`
	Document  *client.Document `json:"document,omitempty"` // with --wait
	Error     *client.Problem  `json:"error,omitempty"`

	err error
}

// failed reports whether the file is not where it should be by now.
func (r *result) failed() bool {
	return r.err != nil || (client.Ended(r.Status) && core.Status(r.Status) != core.Complete)
}

// Run uploads every file, then follows them in turn: the service works on all
// of them meanwhile.
func (c *uploadCommand) Run(ctx context.Context, g *globals, w *world) error {
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	results := make([]*result, 0, len(c.Files))
	for _, path := range c.Files {
		one := c.send(ctx, way, w, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		results = append(results, one)
	}
	failed := false
	for _, one := range results {
		if c.Wait && one.err == nil {
			c.follow(ctx, way, w, one)
		}
		if ctx.Err() != nil {
			w.screen.Note("the service goes on: see navigator status %s", show.Clean(one.ID))
			return ctx.Err()
		}
		if err := c.report(w, one); err != nil {
			return err
		}
		failed = failed || one.failed()
	}
	if failed {
		return errFailed
	}
	return nil
}

// send uploads one file and shows what the service made of it.
func (c *uploadCommand) send(ctx context.Context, way *link, w *world, path string) *result {
	one := &result{File: filepath.Base(path)}
	accepted, err := c.transmit(ctx, way, w, path, one.File)
	one.ID, one.JobID, one.Status = accepted.DocumentID, accepted.JobID, accepted.Status
	var p *client.Problem
	if errors.As(err, &p) && p.Code == string(core.CodeDuplicate) && p.DocumentID != "" {
		one.ID, one.Duplicate, err = p.DocumentID, true, nil
	}
	one.err = err
	switch {
	case ctx.Err() != nil:
	case err != nil:
		one.Error = p
		w.failure(path, err)
	case c.JSON:
	case one.Duplicate:
		w.screen.Say("%s: uploaded before as %s", show.Clean(one.File), show.Clean(one.ID))
	default:
		w.screen.Say("%s: %s %s", show.Clean(one.File), show.Clean(one.ID), show.Clean(one.Status))
	}
	return one
}

func (c *uploadCommand) transmit(ctx context.Context, way *link, w *world, path, name string) (client.Accepted, error) {
	file, size, err := open(path)
	if err != nil {
		return client.Accepted{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	progress := w.screen.Progress(name, c.JSON)
	defer progress.Close()
	return way.Upload(ctx, client.File{Name: name, Content: file, Size: size, Policy: c.Policy,
		Sent: func(done int64) { progress.Sending(done, size) }})
}

// open opens a plain file, and says in words why it cannot.
func open(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, errors.New("there is no such file")
	case err != nil:
		return nil, 0, errors.New("the file cannot be read")
	case info.IsDir():
		return nil, 0, errors.New("this is a folder: name the files in it")
	case !info.Mode().IsRegular():
		return nil, 0, errors.New("this is not a plain file")
	case info.Size() == 0:
		return nil, 0, errors.New("the file is empty")
	}
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, 0, errors.New("the file cannot be read")
	}
	return file, info.Size(), nil
}

// follow waits for a document's end and shows its way there.
func (c *uploadCommand) follow(ctx context.Context, way *link, w *world, one *result) {
	progress := w.screen.Progress(one.File, c.JSON)
	defer progress.Close()
	doc, err := way.Wait(ctx, one.ID, progress.Step, progress.Look)
	progress.Close()
	one.err = err
	if err != nil {
		if ctx.Err() == nil {
			errors.As(err, &one.Error)
			w.failure(fmt.Sprintf("%s (%s)", one.File, one.ID), err)
		}
		return
	}
	one.Status, one.JobID, one.Document = doc.Status, doc.JobID, &doc
	if !c.JSON {
		w.screen.Ended(one.File, doc)
	}
}

// report writes a file's line for programs.
func (c *uploadCommand) report(w *world, one *result) error {
	if !c.JSON {
		return nil
	}
	return w.screen.Line(one)
}
