package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// asked reports whether somebody can be asked: whether the input is a terminal.
func (w *world) asked() bool {
	file, ok := w.in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// confirms asks a person for a word. Where nobody can be asked the answer is no.
func (w *world) confirms(question string) bool {
	if !w.asked() {
		return false
	}
	_, _ = fmt.Fprintf(w.err, "%s [y/N] ", question)
	line, err := bufio.NewReader(io.LimitReader(w.in, 64)).ReadString('\n')
	word := strings.ToLower(strings.TrimSpace(line))
	return err == nil && (word == "y" || word == "yes")
}
