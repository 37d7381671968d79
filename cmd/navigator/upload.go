package main

import (
	"context"
	"errors"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

type uploadCommand struct {
	Paths    []string `arg:"" name:"file" predictor:"file" help:"Files, and folders to look through for PDFs."`
	Quote    bool     `help:"Say what the files would cost, and upload nothing."`
	Wait     bool     `help:"Follow each document until it can be searched, or has failed."`
	Parallel int      `default:"4" placeholder:"N" help:"How many files are sent, and how many documents followed, at once: 1 to 32."`
	Policy   string   `placeholder:"ID" help:"Your own reference, kept with the documents."`
	JSON     bool     `name:"json" help:"Write a line of JSON for each file, as it is done."`
}

const mostParallel = 32

// Help is shown behind the flags.
func (uploadCommand) Help() string {
	return `A file that was uploaded before is not stored again: the document that is there
is named and, with --wait, followed. Ctrl-C stops the sending and the waiting; the
service goes on with what it has.

Ends with 0 when all are uploaded (with --wait: complete), 1 when any failed, 3 when
each was uploaded before, 4 when you are not signed in, 5 when the service is away.

Examples:
  navigator upload policy.pdf --wait
  navigator upload --quote ~/policies
  navigator upload --parallel 8 --policy POL-4711 ~/policies claims/*.pdf
  navigator upload --json --wait ~/policies | jq -r 'select(.error) | .path'`
}

// result is what became of one file.
type result struct {
	File      string           `json:"file"`
	Path      string           `json:"path"`
	ID        string           `json:"document_id,omitempty"`
	JobID     string           `json:"job_id,omitempty"`
	Status    string           `json:"status,omitempty"`
	Duplicate bool             `json:"duplicate,omitempty"`
	Document  *client.Document `json:"document,omitempty"` // with --wait
	Error     *client.Problem  `json:"error,omitempty"`

	file found
	err  error
	done bool // it is where it should be, or never will be
}

// failed reports whether the file is not where it should be by now.
func (r *result) failed() bool {
	return r.err != nil || (r.done && client.Ended(r.Status) && core.Status(r.Status) != core.Complete)
}

// Run sends every file, and follows the documents meanwhile where that is
// wanted.
func (c *uploadCommand) Run(ctx context.Context, g *globals, w *world) error {
	if c.Parallel < 1 || c.Parallel > mostParallel {
		return usageError{"--parallel has to be 1 to 32"}
	}
	found := gather(c.Paths)
	if err := c.skipped(w, found); err != nil {
		return err
	}
	if len(found.files) == 0 {
		return usageError{"there is nothing to upload: no PDF was found"}
	}
	way, err := w.connect(g)
	if err != nil {
		return err
	}
	if c.Quote {
		return c.quote(ctx, w, way, found)
	}
	b := newBatch(c, w, way, found)
	b.run(ctx)
	b.board.Close()
	if ctx.Err() != nil {
		b.interrupted()
		return ctx.Err()
	}
	b.summary()
	return b.outcome()
}

// skipped says what is left out, and why.
func (c *uploadCommand) skipped(w *world, found *gathering) error {
	for _, one := range found.skipped {
		if !c.JSON {
			w.screen.Note("skipped: %s: %s", show.Clean(one.File), one.Reason)
		} else if err := w.screen.Line(one); err != nil {
			return err
		}
	}
	return nil
}

// send uploads one file. The content that is there already is no error.
func (b *batch) send(ctx context.Context, one *result) {
	accepted, err := b.transmit(ctx, one)
	one.ID, one.JobID, one.Status = accepted.DocumentID, accepted.JobID, accepted.Status
	var p *client.Problem
	if errors.As(err, &p) && p.Code == string(core.CodeDuplicate) && p.DocumentID != "" {
		one.ID, one.Duplicate, err = p.DocumentID, true, nil
	}
	one.err = err
	switch {
	case err != nil || b.call.JSON:
	case one.Duplicate:
		b.w.screen.Say("%s: uploaded before as %s", show.Clean(one.File), show.Clean(one.ID))
	default:
		b.w.screen.Say("%s: %s %s", show.Clean(one.File), show.Clean(one.ID), show.Clean(one.Status))
	}
}

// transmit streams the file from the disk.
func (b *batch) transmit(ctx context.Context, one *result) (client.Accepted, error) {
	file, size, err := one.file.open()
	if err != nil {
		return client.Accepted{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	progress := b.board.File(one.File)
	defer progress.Close()
	progress.Sending(0, size)
	return b.way.Upload(ctx, client.File{Name: one.base(), Content: file, Size: size, Policy: b.call.Policy,
		Sent: func(done int64) { progress.Sending(done, size) }})
}

// follow waits for a document's end.
func (b *batch) follow(ctx context.Context, one *result) {
	progress := b.board.File(one.File)
	defer progress.Close()
	doc, err := b.way.Follow(ctx, one.ID, client.Watch{Step: progress.Step, Look: progress.Look})
	progress.Close()
	if one.err = err; err != nil {
		return
	}
	one.Status, one.JobID, one.Document = doc.Status, doc.JobID, &doc
	if !b.call.JSON {
		if b.w.screen.Live && len(b.results) == 1 {
			b.w.screen.Way(doc) // it was seen in passing only
		}
		b.w.screen.Ended(one.File, doc)
	}
}
