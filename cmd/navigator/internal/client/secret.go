package client

import (
	"fmt"
	"io"
)

// Secret is a token or a password. No verb of fmt prints it; JSON carries it,
// for it is what requests and the session file are made of.
type Secret string

// Format hides the value whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) {
	text := "[set]"
	if s == "" {
		text = "[not set]"
	}
	_, _ = io.WriteString(f, text)
}
