package boot

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that is never printed, by any verb or encoder.
type Secret string

// Reveal gives the value to the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

// Set reports whether there is a value.
func (s Secret) Set() bool { return s != "" }

func (s Secret) shown() string {
	if s == "" {
		return "[not set]"
	}
	return "[set]"
}

// String hides the value.
func (s Secret) String() string { return s.shown() }

// GoString hides the value.
func (s Secret) GoString() string { return s.shown() }

// Format hides the value whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.shown()) }

// MarshalText hides the value in JSON and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown()), nil }

// LogValue hides the value in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.shown()) }

// Format prints the settings as %+v whatever the verb: for a verb that does not
// fit, fmt would print a pointer's fields without asking them how.
func (c Config) Format(f fmt.State, _ rune) {
	type plain Config
	_, _ = fmt.Fprintf(f, "%+v", plain(c))
}
