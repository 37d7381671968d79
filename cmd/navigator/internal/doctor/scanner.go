package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

const (
	scannerName = "malware scanner"
	// signaturesAge is from when the signatures' age is told: they are made anew
	// every day.
	signaturesAge = 7 * 24 * time.Hour
)

// scanner asks what looks at files before the parser has them, and how old what
// it knows is.
func scanner(ctx context.Context, config boot.Config) Check {
	opened, err := config.Scanner()
	switch {
	case err != nil:
		return bad(scannerName, "CLAMD_ADDRESS: "+err.Error(), settingsAdvice)
	case opened == nil && config.Mode == boot.Production:
		return warning(scannerName, "off: "+core.CodeScanOff.Message(), core.CodeScanOff.Advice())
	case opened == nil:
		return skipped(scannerName, "off: CLAMD_ADDRESS is not set")
	}
	version, err := opened.Version(ctx)
	if err != nil {
		return bad(scannerName, core.CodeScanUnavailable.Message(), advice(core.CodeScanUnavailable))
	}
	detail := version.Engine
	if version.Signatures == "" || version.SignedAt.IsZero() {
		return warning(scannerName, detail+", with no signatures of its maker's", "Let freshclam fetch them, or know that only your own are looked for.")
	}
	age := time.Since(version.SignedAt).Round(time.Hour)
	detail += fmt.Sprintf(", signatures %s, %s old", version.Signatures, age)
	if age > signaturesAge {
		return warning(scannerName, detail, "Let freshclam fetch newer ones.")
	}
	return good(scannerName, detail)
}
