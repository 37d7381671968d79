package breaker

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Scanner is a ports.Scanner behind a breaker. Version and Healthy go through.
type Scanner struct {
	ports.Scanner
	Breaker *Breaker
}

// Scan is ports.Scanner. A body that breaks off says nothing of the scanner.
func (s Scanner) Scan(ctx context.Context, body io.Reader) (string, error) {
	return ask(s.Breaker, func() (string, error) {
		watched := &watchedBody{Reader: body}
		signature, err := s.Scanner.Scan(ctx, watched)
		if err != nil && watched.broke {
			err = fmt.Errorf("%w: %w", core.ErrUnasked, err)
		}
		return signature, err
	})
}

// watchedBody knows whether it failed before its end.
type watchedBody struct {
	io.Reader
	broke bool
}

// Read is io.Reader.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.broke = b.broke || err != nil && !errors.Is(err, io.EOF)
	return n, err
}
