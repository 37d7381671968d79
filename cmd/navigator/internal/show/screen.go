// Package show writes what the command line tool has to say: for a person at a
// terminal with color and a line that moves, for a pipe in plain lines. Text
// that comes from documents or from a service never reaches the terminal with
// control characters in it.
package show

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"
)

// Screen is where things are shown.
type Screen struct {
	Out   io.Writer
	Err   io.Writer
	Live  bool // Out is a terminal: lines may be rewritten
	Color bool // Out takes color
	Width int  // columns

	mu sync.Mutex // lines of several goroutines do not mix
}

// Widths of text: piped text has a fixed one, and lines longer than a person
// reads with ease are not made on any terminal.
const (
	pipeWidth = 80
	minWidth  = 30
	maxWidth  = 100
)

// NewScreen looks at what out is. Color is left out where plain is set, or
// where out is no terminal.
func NewScreen(out, err io.Writer, plain bool) *Screen {
	s := &Screen{Out: out, Err: err, Width: pipeWidth}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.Live, s.Color = true, !plain
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		s.Width = min(max(width, minWidth), maxWidth)
	}
	return s
}

// Say writes a line.
func (s *Screen) Say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.Out, format+"\n", args...)
}

// Note writes a line beside the output, for a person alone.
func (s *Screen) Note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.Err, format+"\n", args...)
}

// JSON writes a value for programs.
func (s *Screen) JSON(value any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// Line writes a value as one line of JSON, one of several.
func (s *Screen) Line(value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// The styles.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	match  = "1;33"
)

// paint styles a text that is clean already.
func (s *Screen) paint(style, text string) string {
	if !s.Color || text == "" || style == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Clean makes a foreign text one line that is safe to print: without control
// characters and marks that reorder text.
func Clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unsafe(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

// cleanText is Clean that keeps lines.
func cleanText(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return lines
}

func unsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}
