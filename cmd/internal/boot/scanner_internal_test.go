package boot

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/clamd/clamdtest"
	"github.com/insurance-navigator/navigator/core"
)

// S17: a worker in production that looks for no malware says so at its start, in
// the log and in /health; elsewhere, and with a scanner, nobody is warned.
func TestS17_ProductionWithoutAScannerIsWarnedOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config Config
		warned bool
	}{
		"production":                {Config{Mode: Production}, true},
		"production with a scanner": {Config{Mode: Production, Clamd: clamdtest.New(t).Address}, false},
		"development":               {Config{Mode: Development}, false},
	} {
		var said bytes.Buffer
		h := &House{config: c.config, log: slog.New(slog.NewJSONHandler(&said, nil)), seen: newOutcomes(newMeters().Metrics, slog.New(slog.DiscardHandler))}
		if err := h.openScanner(); err != nil {
			t.Fatal(err)
		}
		deps := h.seen.all()
		told := len(deps) == 1 && deps[0].Name == nameScanner && deps[0].OK && deps[0].Code == string(core.CodeScanOff)
		if logged := strings.Contains(said.String(), `"error_class":"scanner_off"`); logged != c.warned || told != c.warned || (h.parts.scanner != nil) != (c.config.Clamd != "") {
			t.Errorf("%s: the log %q, health %+v", name, said.String(), deps)
		}
	}
}
