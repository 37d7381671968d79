package show

import (
	"fmt"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

// Document writes where a document stands, and the way it came.
func (s *Screen) Document(doc client.Document) {
	s.Say("%s  %s", s.paint(bold, Clean(doc.Filename)), Clean(doc.DocumentID))
	s.row("status", "%s  %d%%", s.status(doc.Status), doc.Progress)
	if doc.Attempt > 1 {
		s.row("attempt", "%d", doc.Attempt)
	}
	s.row("size", "%s", sizeOf(doc.BytesLen))
	if doc.Pages > 0 {
		s.row("pages", "%d", doc.Pages)
	}
	if doc.Chunks.Total > 0 {
		s.row("chunks", "%d of %d searchable", doc.Chunks.Done, doc.Chunks.Total)
	}
	s.row("uploaded", "%s", doc.CreatedAt.Local().Format("2006-01-02 15:04:05 MST"))
	s.Way(doc)
	s.remarks(doc)
}

func (s *Screen) row(name, format string, args ...any) {
	s.Say("  %-9s "+format, append([]any{name}, args...)...)
}

// remarks says what a document's owner should know beside its status.
func (s *Screen) remarks(doc client.Document) {
	if len(doc.FailedPages) > 0 {
		s.Say("  pages that could not be read: %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(doc.FailedPages), " ", ", "), "[]"))
	}
	if e := doc.WaitingFor; e != nil {
		s.Say("  it waits: %s", Clean(e.Message))
		s.Say("  %s", Clean(e.Advice))
	}
	if e := doc.LastError; e != nil {
		where := ""
		if e.Page > 0 {
			where = fmt.Sprintf(" (page %d)", e.Page)
		}
		s.Say("  %s%s", Clean(e.Message), where)
		s.Say("  %s", Clean(e.Advice))
	}
}

// Trouble writes why a document's attempt failed, and what can be done.
func (s *Screen) Trouble(name string, doc client.Document) {
	e := doc.LastError
	if e == nil {
		s.Note("error: %s: %s", Clean(name), Clean(doc.Status))
		return
	}
	where := ""
	if e.Page > 0 {
		where = fmt.Sprintf(" (page %d)", e.Page)
	}
	s.Note("error: %s: %s%s", Clean(name), Clean(e.Message), where)
	s.Note("  %s", Clean(e.Advice))
	s.Note("  document id: %s", Clean(doc.DocumentID))
}

// step is one line of a document's way.
func (s *Screen) step(r client.Reached) {
	s.Say("  %8s  %s", elapsed(r.After), s.status(r.Status))
}

// status paints a status by what it means.
func (s *Screen) status(status string) string {
	switch known := core.Status(status); {
	case known == core.Complete:
		return s.paint(green, status)
	case known.Failed(), known == core.Cancelled, known == core.Deleting:
		return s.paint(red, status)
	}
	return Clean(status)
}

func elapsed(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

func sizeOf(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}

// Move writes one change of a document's status: when, in which attempt, from
// what to what, how far that is, and how long the status before lasted.
func (s *Screen) Move(m client.Move) {
	was, lasted := "-", ""
	if m.Was != "" {
		was, lasted = Clean(m.Was), fmt.Sprintf("  %8s", elapsed(time.Duration(m.LastedMS)*time.Millisecond))
	}
	room := strings.Repeat(" ", max(statusWidth-len(Clean(m.Status)), 0))
	line := fmt.Sprintf("%s  %d  %-*s -> %s%s  %3d%%%s", m.At.Local().Format("2006-01-02 15:04:05.000"),
		m.Attempt, statusWidth, was, s.status(m.Status), room, m.Progress, lasted)
	if m.Code != "" {
		line += "  " + Clean(m.Code)
	}
	s.Say("%s", line)
}

// Check writes a check's end, and behind one that is not good what to do.
func (s *Screen) Check(state, name, detail, advice string) {
	style := map[string]string{"ok": green, "failed": red, "warning": yellow}[state]
	s.Say("%s  %-20s %s", s.paint(style, fmt.Sprintf("%-7s", state)), Clean(name), Clean(detail))
	if advice != "" {
		s.Say("%9s%-20s %s", "", "", Clean(advice))
	}
}
