package intake

import (
	"context"
	"io"

	"github.com/insurance-navigator/navigator/core"
)

// Rules is what every file is held to.
type Rules struct {
	MaxBytes int64
	MaxPages int      // formats without pages are not counted
	Types    []string // MIME types by content that are taken
}

// Inspect learns of a file from its bytes, and compares that with what its
// owner claims: the declared type and the ending of its name. A file that is
// not to be taken is an error of kind Invalid with a file_* code.
func (r Rules) Inspect(ctx context.Context, inspector core.Inspector, file io.ReaderAt, size int64, declared, name string) (core.Inspection, error) {
	found, err := inspector.Inspect(ctx, file, size)
	if err != nil {
		return found, err
	}
	if err := Agrees(found.Type, declared, name, r.Types); err != nil {
		return found, err
	}
	if found.Pages > r.MaxPages {
		return found, core.Fail(core.CodeFileTooManyPages, nil)
	}
	return found, nil
}
