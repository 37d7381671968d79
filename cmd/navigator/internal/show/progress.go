package show

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

// Progress follows one file on its way. On a terminal it is one line that is
// rewritten; in a pipe it is a line a status. It may be told by several
// goroutines at once.
type Progress struct {
	screen *Screen
	name   string

	mu    sync.Mutex
	quiet bool // nothing is shown until the end, or any more
	drawn bool // a live line is on the screen
	last  int  // percent sent that was drawn
}

// Progress starts to follow a file. quiet leaves out everything, for output
// that programs read.
func (s *Screen) Progress(name string, quiet bool) *Progress {
	return &Progress{screen: s, name: Clean(name), quiet: quiet, last: -1}
}

// Sending tells how much of the file has left. Only a terminal shows it.
func (p *Progress) Sending(done, size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	percent := 100
	if size > 0 {
		percent = int(min(done, size) * 100 / size)
	}
	if percent == p.last || !p.screen.Live {
		return
	}
	p.last = percent
	p.draw(percent, "sending")
}

// Step tells of a status reached.
func (p *Progress) Step(_ client.Document, r client.Reached) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet {
		return
	}
	if p.screen.Live {
		p.draw(core.Status(r.Status).Progress(), Clean(r.Status)+" "+elapsed(r.After))
		return
	}
	p.screen.step(r)
}

// Look tells of an answer in which nothing may have moved but the count of
// chunks. Only a terminal shows it.
func (p *Progress) Look(doc client.Document) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.screen.Live || client.Ended(doc.Status) {
		return
	}
	what := Clean(doc.Status)
	if doc.Chunks.Total > 0 {
		what += fmt.Sprintf(" %d/%d chunks", doc.Chunks.Done, doc.Chunks.Total)
	}
	p.draw(doc.Progress, what)
}

const barWidth = 20

// draw rewrites the live line, cut to the terminal's width: a line that wraps
// could not be rewritten.
func (p *Progress) draw(percent int, what string) {
	if p.quiet {
		return
	}
	full := min(max(percent, 0), 100) * barWidth / 100
	bar := strings.Repeat("#", full) + strings.Repeat("-", barWidth-full)
	line := cut(fmt.Sprintf("[%s] %3d%% %s  %s", bar, percent, what, p.name), p.screen.Width-1)
	_, _ = fmt.Fprintf(p.screen.Out, "\r\x1b[K%s", line)
	p.drawn = true
}

// Close takes the live line away; nothing is drawn after it.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		_, _ = fmt.Fprint(p.screen.Out, "\r\x1b[K")
	}
	p.drawn, p.quiet = false, true
}

// Ended writes how a document's attempt ended. On a terminal the way it came is
// listed, for there it was seen in passing only.
func (s *Screen) Ended(name string, doc client.Document) {
	if s.Live {
		for _, r := range client.Path(doc) {
			s.step(r)
		}
	}
	path := client.Path(doc)
	line := fmt.Sprintf("%s: %s after %s", Clean(name), s.status(doc.Status), elapsed(path[len(path)-1].After))
	if doc.Pages > 0 {
		line += fmt.Sprintf(", %s", count(doc.Pages, "page"))
	}
	if doc.Chunks.Total > 0 {
		line += fmt.Sprintf(", %s", count(doc.Chunks.Total, "chunk"))
	}
	s.Say("%s", line)
	s.remarks(doc)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// cut shortens a text to width columns.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width, 0)])
}
