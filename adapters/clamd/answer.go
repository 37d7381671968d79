package clamd

import (
	"errors"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/ports"
)

// What the daemon says of a stream that it was sent.
const (
	clean    = "stream: OK"
	prefix   = "stream: "
	found    = " FOUND"
	tooLarge = "INSTREAM size limit exceeded. ERROR"
)

var (
	errLimit   = errors.New("the file is larger than clamd's StreamMaxLength, which has to be 26M or more")
	errScanner = errors.New("clamd could not look at the file")
)

// verdict reads the answer to INSTREAM. Whatever is neither of its two good
// answers counts as none: a file is never let pass by a misunderstanding.
func verdict(answer string) (signature string, err error) {
	if answer == clean {
		return "", nil
	}
	name, begins := strings.CutPrefix(answer, prefix)
	name, ends := strings.CutSuffix(name, found)
	switch {
	case begins && ends:
		return cleanName(name), nil
	case answer == tooLarge:
		return "", away(errLimit)
	case strings.HasSuffix(answer, "ERROR"):
		return "", away(errScanner)
	}
	return "", away(errAnswer)
}

// cleanName is a signature's name, of its own letters alone: it goes into logs.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-:/", r) {
			return r
		}
		return -1
	}, name)
	if name == "" {
		return "unnamed"
	}
	return name[:min(len(name), nameBytes)]
}

// version reads "ClamAV 1.4.6/27500/Sun Nov 22 09:00:00 2026"; without a
// database of its maker's it ends at the first slash.
func version(answer string) (v ports.ScannerVersion, err error) {
	engine, rest, _ := strings.Cut(answer, "/")
	if !strings.HasPrefix(engine, "ClamAV ") {
		return v, away(errAnswer)
	}
	v.Engine = "ClamAV " + cleanName(strings.TrimPrefix(engine, "ClamAV "))
	signatures, at, _ := strings.Cut(rest, "/")
	if signatures != "" {
		v.Signatures = cleanName(signatures)
	}
	if signed, err := time.Parse("Mon Jan _2 15:04:05 2006", at); err == nil {
		v.SignedAt = signed.UTC()
	}
	return v, nil
}
