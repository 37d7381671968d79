package boot

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/insurance-navigator/navigator/adapters/clamd"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// Scanner opens the scanner of the configuration; nil where there is none.
func (c Config) Scanner() (ports.Scanner, error) {
	if c.Clamd == "" {
		return nil, nil //nolint:nilnil // off is a choice
	}
	return clamd.New(c.Clamd, clamd.DefaultScanTime)
}

func (c Config) checkScanner(f *faults) {
	if _, err := c.Scanner(); err != nil {
		f.add("CLAMD_ADDRESS: %w", err)
	}
}

// openScanner opens the worker's scanner, and says loudly where production has
// none.
func (h *House) openScanner() error {
	scanner, err := h.config.Scanner()
	if err != nil {
		return err
	}
	if scanner != nil {
		h.parts.scanner = notedScanner{scanner, h.seen}
		return nil
	}
	if h.config.Mode == Production {
		h.log.Warn("FILES ARE NOT LOOKED AT FOR MALWARE: set CLAMD_ADDRESS", "error_class", core.CodeScanOff)
		h.seen.put(ports.Dependency{Name: nameScanner, OK: true, Code: string(core.CodeScanOff), Since: time.Now().UTC()})
	}
	return nil
}

// screening looks at files with the scanner, and records what it finds as an
// event of security.
func (p lineParts) screening(log *slog.Logger) pipeline.Screening {
	if p.scanner == nil {
		return pipeline.Screening{}
	}
	return pipeline.Screening{Scanner: p.scanner, Found: func(_ context.Context, doc core.Document, signature string) {
		log.Error("security", "kind", "upload_validation:malware", "document_id", doc.ID.String(), "user_id", doc.User.String(),
			"attempt", doc.Attempt, "signature", signature)
	}}
}

// notedScanner makes a scanner's results known to /health.
type notedScanner struct {
	ports.Scanner
	seen *outcomes
}

// Scan is ports.Scanner.
func (s notedScanner) Scan(ctx context.Context, body io.Reader) (string, error) {
	ctx, done := s.seen.begin(ctx, nameScanner, "scan")
	signature, err := s.Scanner.Scan(ctx, body)
	done(err)
	return signature, err
}
