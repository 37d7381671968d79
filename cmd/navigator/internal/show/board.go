package show

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

// Board shows files on their way, several at once: on a terminal a bar each,
// below the lines that are said meanwhile; in a pipe a line a status.
type Board struct {
	screen   *Screen
	quiet    bool
	bars     *mpb.Progress // nil where nothing is drawn
	out, err io.Writer     // the screen's own
}

// redraw is the time between two drawings.
const redraw = 100 * time.Millisecond

// Board begins to show files, until it is closed. quiet leaves out everything,
// for output that programs read.
func (s *Screen) Board(quiet bool) *Board {
	b := &Board{screen: s, quiet: quiet, out: s.Out, err: s.Err}
	if quiet || !s.Live {
		return b
	}
	b.bars = mpb.New(mpb.WithOutput(s.Out), mpb.WithWidth(s.Width), mpb.WithAutoRefresh(), mpb.WithRefreshRate(redraw))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Out = above{b.bars, b.out}
	if terminal(b.err) {
		s.Err = s.Out
	}
	return b
}

// Close takes the bars away; the screen is as it was before.
func (b *Board) Close() {
	if b.bars == nil {
		return
	}
	b.bars.Wait() // every file was closed
	b.screen.mu.Lock()
	defer b.screen.mu.Unlock()
	b.screen.Out, b.screen.Err = b.out, b.err
}

// above writes lines over the bars, or plainly once there are none any more.
type above struct {
	bars  *mpb.Progress
	plain io.Writer
}

func (a above) Write(text []byte) (int, error) {
	if n, err := a.bars.Write(text); err == nil {
		return n, nil
	}
	return a.plain.Write(text)
}

func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Progress follows one file on its way. It may be told by several goroutines.
type Progress struct {
	board *Board
	name  string
	bar   *mpb.Bar // nil where nothing is drawn
	what  atomic.Pointer[string]
}

const barWidth = 22

// File begins to follow a file.
func (b *Board) File(name string) *Progress {
	p := &Progress{board: b, name: Clean(name)}
	p.what.Store(new(string))
	if b.bars == nil {
		return p
	}
	style := mpb.BarStyle().Lbound("[").Rbound("]").Filler("#").Tip("#").Padding("-")
	// Without a total at first, so that a full bar stays until Close.
	bar, err := b.bars.Add(0, style.Build(), mpb.BarWidth(barWidth), mpb.BarFillerTrim(), mpb.AppendDecorators(
		decor.Any(func(s decor.Statistics) string {
			return fmt.Sprintf(" %3d%% %s  %s", s.Current, *p.what.Load(), p.name)
		})))
	if err == nil {
		bar.SetTotal(100, false)
		p.bar = bar
	}
	return p
}

// Sending tells how much of the file has left. Only a terminal shows it.
func (p *Progress) Sending(done, size int64) {
	percent := 100
	if size > 0 {
		percent = int(min(done, size) * 100 / size)
	}
	p.draw(percent, fmt.Sprintf("sending %s of %s", sizeOf(done), sizeOf(size)))
}

// Step tells of a status reached.
func (p *Progress) Step(doc client.Document, r client.Reached) {
	if p.bar != nil {
		p.draw(max(core.Status(r.Status).Progress(), min(doc.Progress, 100)), Clean(r.Status))
		return
	}
	if !p.board.quiet {
		p.board.screen.Say("  %8s  %-*s  %s", elapsed(r.After), statusWidth, Clean(r.Status), p.name)
	}
}

// Look tells of an answer in which nothing may have moved but the count of
// chunks. Only a terminal shows it.
func (p *Progress) Look(doc client.Document) {
	what := Clean(doc.Status)
	if doc.Chunks.Total > 0 {
		what += fmt.Sprintf(" %d/%d chunks", doc.Chunks.Done, doc.Chunks.Total)
	}
	p.draw(doc.Progress, what)
}

func (p *Progress) draw(percent int, what string) {
	if p.bar == nil {
		return
	}
	p.what.Store(&what)
	p.bar.SetCurrent(int64(min(max(percent, 0), 100)))
}

// Close takes the bar away.
func (p *Progress) Close() {
	if p.bar != nil {
		p.bar.Abort(true)
	}
}
