package ports

import "context"

// Mail is one message to one person. Its text holds a secret.
type Mail struct {
	ID      string // the same with every try, for the Message-ID; no part of a secret
	To      string // a bare address
	Subject string
	Text    string // plain text, lines of any length
}

// Mailer hands mails over to whoever delivers them. nil says that it was taken,
// and not that it arrived.
type Mailer interface {
	// Send hands one mail over. CodeMailUnavailable says that a later try may
	// fare better: the server is away, busy or slow. CodeMailRefused that none
	// will: it does not take this mail. No error holds an address or a text.
	Send(ctx context.Context, m Mail) error

	// Healthy makes one cheap call.
	Healthy(ctx context.Context) error
}
