// Package smtpmail hands mails to an SMTP server (RFC 5321), over TLS from the
// first byte or after STARTTLS. A server that does not speak TLS gets neither
// the credentials nor a mail, unless that was asked for.
//
// Errors are *core.Error; their causes hold a step and the server's code, and
// never an address, a text or a credential.
package smtpmail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Security is how the connection is kept from listeners.
type Security string

// The ways.
const (
	STARTTLS Security = "starttls" // asked for in clear, refused without
	TLS      Security = "tls"      // from the first byte
	Clear    Security = "none"     // development and tests alone
)

// timeout bounds one call whose context has no end of its own.
const timeout = 15 * time.Second

// Config is where mails go.
type Config struct {
	Host     string
	Port     int
	Username string // empty: nobody signs in
	Password string
	Security Security
	From     string      // the sender: an address, or "Name <address>"
	TLS      *tls.Config // nil: the system's roots; for tests
}

// Mailer is a ports.Mailer. It keeps no connection: mails are few.
type Mailer struct {
	config Config
	from   *mail.Address
}

var _ ports.Mailer = (*Mailer)(nil)

// New checks the configuration and calls nobody. Its errors name the field.
func New(c Config) (*Mailer, error) {
	from, err := mail.ParseAddress(c.From)
	switch {
	case err != nil:
		return nil, errors.New("smtpmail: the sender is no address")
	case c.Host == "" || c.Port < 1 || c.Port > 65535:
		return nil, errors.New("smtpmail: a host and a port are required")
	case c.Security != STARTTLS && c.Security != TLS && c.Security != Clear:
		return nil, errors.New("smtpmail: the security is one of starttls, tls and none")
	case c.Security == Clear && c.Username != "":
		return nil, errors.New("smtpmail: credentials are not sent in clear")
	}
	return &Mailer{config: c, from: from}, nil
}

// Send implements ports.Mailer.
func (m *Mailer) Send(ctx context.Context, mail ports.Mail) error {
	message, err := m.message(mail)
	if err != nil {
		return core.Fail(core.CodeMailRefused, errors.New("smtp: the mail cannot be written"))
	}
	return m.with(ctx, func(c *gomail.Client) error { return c.DialAndSendWithContext(ctx, message) })
}

// Healthy implements ports.Mailer: it signs in and leaves.
func (m *Mailer) Healthy(ctx context.Context) error {
	return m.with(ctx, func(c *gomail.Client) error {
		if err := c.DialWithContext(ctx); err != nil {
			return err
		}
		return c.Close()
	})
}

func (m *Mailer) message(mail ports.Mail) (*gomail.Msg, error) {
	message := gomail.NewMsg()
	message.FromMailAddress(m.from)
	if err := message.To(mail.To); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	message.SetMessageIDWithValue(mail.ID + "@" + domain)
	message.SetDate()
	message.Subject(mail.Subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no robot answers it
	message.SetBodyString(gomail.TypeTextPlain, mail.Text)
	return message, nil
}

// with makes a client whose connection ends with the context.
func (m *Mailer) with(ctx context.Context, use func(*gomail.Client) error) error {
	options := []gomail.Option{
		gomail.WithPort(m.config.Port), gomail.WithTimeout(timeout), gomail.WithDialContextFunc(m.dialer(ctx)),
		gomail.WithTLSPolicy(map[Security]gomail.TLSPolicy{STARTTLS: gomail.TLSMandatory, TLS: gomail.NoTLS, Clear: gomail.NoTLS}[m.config.Security]),
		gomail.WithTLSConfig(m.tls()),
	}
	if m.config.Security == TLS {
		options = append(options, gomail.WithSSL())
	}
	if m.config.Username != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if m.config.Security == TLS { // the library does not see that our own connection is encrypted
			auth = gomail.SMTPAuthPlain
		}
		options = append(options, gomail.WithSMTPAuth(auth),
			gomail.WithUsername(m.config.Username), gomail.WithPassword(m.config.Password))
	}
	client, err := gomail.NewClient(m.config.Host, options...)
	if err != nil {
		return core.Fail(core.CodeMailUnavailable, errors.New("smtp: the settings are not usable"))
	}
	return fault(ctx, use(client))
}

func (m *Mailer) tls() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.config.TLS != nil {
		c = m.config.TLS.Clone()
	}
	c.ServerName = m.config.Host
	return c
}

// dialer opens connections that are cut when the call's context ends, in
// whatever step they then are: a slow server holds nobody up for longer. The
// context of the dial itself ends with the greeting.
func (m *Mailer) dialer(call context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		dialer := &net.Dialer{Timeout: timeout}
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(m.config.Host, strconv.Itoa(m.config.Port)))
		if err != nil {
			return nil, err
		}
		bound := &boundConn{Conn: conn, release: context.AfterFunc(call, func() { _ = conn.Close() })}
		if m.config.Security == TLS {
			return tls.Client(bound, m.tls()), nil
		}
		return bound, nil
	}
}

// boundConn is cut by its context until it is closed.
type boundConn struct {
	net.Conn
	release func() bool
}

func (c *boundConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// fault tells a recipient that the server refuses for good from everything that
// a later try, or the operator, may mend.
func fault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("smtp: %w", ctx.Err())
	}
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return core.Fail(core.CodeMailUnavailable, errors.New("smtp: no connection, no TLS or no sign-in"))
	}
	cause := fmt.Errorf("smtp: %s: code %d", failed.Reason, failed.ErrorCode())
	policy := strings.HasPrefix(failed.EnhancedStatusCode(), "5.7.") // of the server, such as relaying
	if failed.Reason == gomail.ErrSMTPRcptTo && !failed.IsTemp() && failed.ErrorCode() >= 500 && !policy {
		return core.Fail(core.CodeMailRefused, cause)
	}
	return core.Fail(core.CodeMailUnavailable, cause)
}
