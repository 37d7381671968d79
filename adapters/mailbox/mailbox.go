// Package mailbox keeps mails in a folder and shows them to the developer, in
// place of sending them. What it shows holds secrets: it is for development.
package mailbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Mailbox is a ports.Mailer.
type Mailbox struct {
	folder string
	mu     sync.Mutex
	show   io.Writer
}

var _ ports.Mailer = (*Mailbox)(nil)

// New makes the folder, which only its user can read, and shows every mail on a
// writer as well; nil shows none.
func New(folder string, show io.Writer) (*Mailbox, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	if show == nil {
		show = io.Discard
	}
	return &Mailbox{folder: folder, show: show}, nil
}

// Send implements ports.Mailer. A mail's file is named by its id.
func (b *Mailbox) Send(ctx context.Context, m ports.Mail) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	name := filepath.Join(b.folder, filepath.Base(m.ID)+".eml")
	text := fmt.Sprintf("To: %s\nSubject: %s\n\n%s", m.To, m.Subject, m.Text)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return core.Fail(core.CodeMailUnavailable, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = fmt.Fprintf(b.show, "--- mail, kept at %s\n%s---\n", name, text) // the file is what counts
	return nil
}

// Healthy implements ports.Mailer: the folder is there.
func (b *Mailbox) Healthy(context.Context) error {
	if _, err := os.Stat(b.folder); err != nil {
		return core.Fail(core.CodeMailUnavailable, err)
	}
	return nil
}
