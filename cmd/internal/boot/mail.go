package boot

import (
	"context"
	"io"
	"log/slog"
	"net/mail"
	"os"
	"time"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/mailbox"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/smtpmail"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	mailSMTP   = "smtp"
	mailOutbox = "outbox"
)

// The mails' pace: how soon one leaves after it was asked for, and how long one
// round may take.
const (
	mailEvery = 2 * time.Second
	mailRound = time.Minute
)

// Confirms reports whether a local account's address is confirmed by a mail
// before anybody is signed in.
func (c Config) Confirms() bool { return c.Confirm == "on" || c.Confirm == "" && c.Mode != Development }

// Mails is how mails leave.
func (c Config) Mails() string {
	if c.MailProvider == "" && c.Mode == Development {
		return mailOutbox
	}
	return c.MailProvider
}

// checkMail asks for what local accounts send their mails with.
func (c Config) checkMail(f *faults) {
	if c.Mode == Production && !c.Confirms() {
		f.add("AUTH_CONFIRM: on in PRODUCTION")
	}
	if c.Mails() == mailOutbox {
		if c.Mode != Development {
			f.add("MAIL_PROVIDER=outbox is refused in %s: use smtp", c.Mode)
		}
		f.need("MAIL_DIR", c.MailDir != "")
		return
	}
	if c.Mails() != mailSMTP {
		f.add("MAIL_PROVIDER: allowed are smtp, outbox; local accounts send mails")
		return
	}
	f.need("SMTP_HOST", c.SMTPHost != "")
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		f.add("MAIL_FROM: an address, or Name <address>")
	}
	if c.SMTPPort < 1 || c.SMTPPort > 65535 {
		f.add("SMTP_PORT: 1 to 65535")
	}
	c.checkSMTPSecurity(f)
}

func (c Config) checkSMTPSecurity(f *faults) {
	f.oneOf("SMTP_SECURITY", c.SMTPSecurity, string(smtpmail.STARTTLS), string(smtpmail.TLS), string(smtpmail.Clear))
	switch {
	case c.SMTPSecurity != string(smtpmail.Clear):
	case c.Mode != Development:
		f.add("SMTP_SECURITY=none is refused in %s: use starttls or tls", c.Mode)
	case c.SMTPUser != "":
		f.add("SMTP_SECURITY=none: credentials are not sent in clear")
	}
}

// mailer opens what mails leave by. The outbox shows them on a terminal.
func (c Config) mailer(terminal io.Writer) (ports.Mailer, error) {
	if c.Mails() == mailOutbox {
		return mailbox.New(c.MailDir, terminal)
	}
	return smtpmail.New(smtpmail.Config{Host: c.SMTPHost, Port: c.SMTPPort, Username: c.SMTPUser, Password: c.SMTPPassword.Reveal(),
		Security: smtpmail.Security(c.SMTPSecurity), From: c.MailFrom})
}

// openMail makes the postman of local accounts. A folder is nothing outside,
// whose health would be asked for.
func (h *House) openMail() error {
	mailer, err := h.config.mailer(os.Stderr)
	if err != nil {
		return err
	}
	if h.config.Mails() == mailSMTP {
		h.mailer = mailer
	}
	h.postman = localauth.NewPostman(postgres.NewSteady(h.appPool), mailer, h.config.PublicURL)
	return nil
}

// sendMails sends what is due. That the server is away is told once a round and
// loses nothing.
func (h *House) sendMails(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, mailRound)
	defer cancel()
	sent, err := h.postman.Round(ctx)
	if h.mailer != nil && (core.HasCode(err, core.CodeMailUnavailable) || sent > 0) {
		h.seen.note(nameMail, err)
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("mails wait", "sent", sent, "error_class", codeOf(err))
	}
}

// agreed keeps uploads out until the agreements for health data are confirmed,
// and asks whoever else may refuse them.
type agreed struct {
	ports.Intake
	confirmed bool
}

// Open is ports.Intake. CodeAgreementMissing.
func (a agreed) Open(ctx context.Context) error {
	if !a.confirmed {
		return core.Fail(core.CodeAgreementMissing, nil)
	}
	return a.Intake.Open(ctx)
}

// intake is whether uploads are taken: PRODUCTION holds people's own papers.
func (c Config) intake(other ports.Intake, log *slog.Logger) ports.Intake {
	confirmed := c.BAAConfirmed || c.Mode != Production
	if !confirmed {
		log.Warn("no uploads are taken: BAA_CONFIRMED is not set")
	}
	return agreed{other, confirmed}
}
