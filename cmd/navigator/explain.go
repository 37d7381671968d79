package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
	"github.com/insurance-navigator/navigator/core"
)

type doctorDocument struct {
	ID   string `arg:"" help:"The document's id."`
	JSON bool   `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (doctorDocument) Help() string {
	return operatorHelp + `Says where a document is, what happens next and what can be done: its events, its job,
the parser's callbacks and own word, its stored file, pages and chunks. Parser and storage
are asked now; nothing is changed. It shows no name and no text.
Ends with 0 when nobody is needed, 1 when somebody is, 6 when there is no such document.

Example:
  navigator doctor document 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
}

// Run explains a document.
func (c *doctorDocument) Run(ctx context.Context, w *world) error {
	id, err := core.ParseID(c.ID)
	if err != nil {
		return usageError{"the document's id is a UUID such as 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"}
	}
	return w.operate(ctx, func(hand *boot.Operator) error {
		report, err := hand.Explain(ctx, id)
		if core.HasCode(err, core.CodeNotFound) {
			w.screen.Note("there is no document %s, announced or stored; of a deleted one the events alone are left", id)
			return outcome(exitUnknown)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			err = w.screen.JSON(report)
		} else {
			w.showReport(report)
		}
		if err == nil && !report.Healthy {
			return errFailed
		}
		return err
	})
}

func (w *world) showReport(r boot.Report) {
	line := func(name, format string, args ...any) { w.screen.Say("%-10s "+format, append([]any{name}, args...)...) }
	line("document", "%s of owner %s", r.Document, r.Owner)
	line("where", "%s (status %s since %s, attempt %d)", r.Where, r.Status, instant(r.Since, r.Now), r.Attempt)
	if r.Code != "" {
		line("code", "%s: %s", r.Code, r.Code.Message())
	}
	if r.Held {
		line("held", "by a legal hold: nobody can delete it; see navigator hold list")
	}
	line("next", "%s", r.Next)
	for _, hint := range r.MayDo {
		line("you may", "%s", hint)
	}
	if j := r.Job; j != nil {
		alive := "dead or gone"
		if j.Alive {
			alive = "alive"
		}
		line("job", "%d stage %s, %s in queue %s, run %d of %d, %d snoozes, %d lost, due %s", j.ID, j.Stage, j.State, j.Queue, j.Run, j.Runs,
			j.Snoozes, j.Lost, instant(j.At, r.Now))
		if j.Process != "" {
			line("", "last taken by %s (%s) %s", show.Clean(j.Process), alive, instant(j.Attempted, r.Now))
		}
	} else {
		line("job", "none")
	}
	line("parser", "%s", parserWords(r.Provider))
	if r.Unknown {
		line("", "was asked to take it and no answer is kept: the next run looks for its job before it asks again")
	}
	line("file", "%s", objectWords(r.Object))
	line("pages", "%d of the file; %d parsed, %d blank, %d failed; receipt %s", r.PagesOfFile, r.Pages.Parsed, r.Pages.Blank, r.Pages.Failed, receiptWords(r.Receipt))
	if len(r.Marks) > 0 {
		line("marks", "%s", markWords(r.Marks))
	}
	line("chunks", "%d stored, %d with their vector, %d expected", r.Chunks.Stored, r.Chunks.Embedded, r.Chunks.Expected)
	if r.Deadline != nil {
		line("deadline", "%s", instant(*r.Deadline, r.Now))
	}
	for _, c := range r.Inbox {
		line("callback", "%s %s, %s, delivered %d times", instant(c.At, r.Now), show.Clean(c.Event), c.Outcome, c.Deliveries)
	}
	w.showMoves(r)
}

func (w *world) showMoves(r boot.Report) {
	rows := [][]string{{"WHEN", "ATTEMPT", "STATUS", "AFTER", "CODE"}}
	for _, m := range r.Moves {
		rows = append(rows, []string{m.At.UTC().Format("2006-01-02 15:04:05.000"), fmt.Sprint(m.Attempt), string(m.Status), m.Lasted.String(), string(m.Code)})
	}
	if len(rows) > 1 {
		w.screen.Say("")
		w.screen.Table(rows)
	}
}

// instant is a moment with its distance from now.
func instant(at, now time.Time) string {
	away := at.Sub(now).Round(time.Second)
	if away > 0 {
		return fmt.Sprintf("%s (in %s)", at.UTC().Format(time.RFC3339), away)
	}
	return fmt.Sprintf("%s (%s ago)", at.UTC().Format(time.RFC3339), -away)
}

func parserWords(p boot.Provider) string {
	switch {
	case p.Code != "":
		return "does not say: " + string(p.Code)
	case p.State == "":
		return "none is asked: the service reads the files itself"
	case p.JobID == "":
		return fmt.Sprintf("has no job of it that is known here, and %d copies of the file", p.Files)
	}
	return fmt.Sprintf("job %s is %s, %d copies of the file", show.Clean(p.JobID), p.State, p.Files)
}

func objectWords(o boot.Object) string {
	switch {
	case o.Code != "":
		return "cannot be seen: " + string(o.Code)
	case o.Size != o.Expected:
		return fmt.Sprintf("stored with %d bytes, %d were uploaded", o.Size, o.Expected)
	}
	return fmt.Sprintf("stored, %d bytes", o.Size)
}

func markWords(marks []core.Mark) string {
	words := make([]string, len(marks))
	for i, mark := range marks {
		words[i] = string(mark)
	}
	return strings.Join(words, ", ")
}

func receiptWords(r *core.Receipt) string {
	switch {
	case r == nil:
		return "none yet"
	case r.Balanced():
		return "balanced"
	}
	return "not balanced"
}
