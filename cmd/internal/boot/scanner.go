package boot

import (
	"context"
	"io"
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
		h.parts.scanner, h.parts.infected = h.seen.guards.scanner(notedScanner{scanner, h.seen}), h.infected
		return nil
	}
	if h.config.Mode == Production {
		h.log.Warn("FILES ARE NOT LOOKED AT FOR MALWARE: set CLAMD_ADDRESS", "error_class", core.CodeScanOff)
		h.seen.put(ports.Dependency{Name: nameScanner, OK: true, Code: string(core.CodeScanOff), Since: time.Now().UTC()})
	}
	return nil
}

// screening looks at files with the scanner; without one it lets them pass.
func (p lineParts) screening() pipeline.Screening {
	if p.scanner == nil {
		return pipeline.Screening{}
	}
	return pipeline.Screening{Scanner: p.scanner, Found: p.infected}
}

// infected notes malware as an event of security, and writes at once what the
// event has no room for.
func (h *House) infected(ctx context.Context, doc core.Document, signature string) {
	h.security.Note(ctx, core.SecurityEvent{Kind: core.SecurityMalware, User: doc.User, Documents: []core.ID{doc.ID}, What: core.AuditWord(signature)})
	h.log.Error("malware was found", "kind", core.SecurityMalware, "document_id", doc.ID.String(), "user_id", doc.User.String(),
		"attempt", doc.Attempt, "signature", signature)
}

// awaited is what lies outside that documents before stage parse wait for: the
// scanner, where the living processes last found it away.
func (h *House) awaited(ctx context.Context, status core.Status) core.Code {
	if status != core.Uploaded {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	peers, err := h.instances.Peers(ctx)
	if err != nil {
		return "" // a database that does not answer is no reason to say so
	}
	for _, dep := range merged(peers, h.seen.all()) {
		if dep.Name == nameScanner && !dep.OK {
			return core.CodeScanUnavailable
		}
	}
	return ""
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
