package smtpmail_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/insurance-navigator/navigator/adapters/smtpmail"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const recipient = "ada@example.org"

var letter = ports.Mail{ID: "0198f1b5", To: recipient, Subject: "Bestätigen Sie", Text: "Hello,\n\nhttps://example.org/?code=" + strings.Repeat("x", 120) + "\n"}

// post is a real SMTP server that keeps what it takes.
type post struct {
	mu       sync.Mutex
	mails    []string
	from, to string
	secured  bool

	password string
	refuse   error         // of every recipient
	hold     chan struct{} // the recipient is answered once it is closed
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secured := c.TLSConnectionState()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secured = secured
	return &visit{post: p}, nil
}

type visit struct {
	*post
	in bool
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if v.in = username == "navigator" && password == v.password; !v.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	if v.password != "" && !v.in {
		return smtp.ErrAuthRequired
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.from = from
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if v.hold != nil {
		<-v.hold
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.to = to
	return v.refuse
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mails = append(v.mails, string(text))
	return err
}

// certificate is one for 127.0.0.1, with the roots that prove it.
func certificate(t *testing.T) (tls.Certificate, *tls.Config) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.TLS.Certificates[0], &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// open starts the server, and answers a configuration that leads to it.
func (p *post) open(t *testing.T, security smtpmail.Security) smtpmail.Config {
	t.Helper()
	pair, roots := certificate(t)
	server := smtp.NewServer(p)
	server.ErrorLog = quiet{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	switch security {
	case smtpmail.TLS:
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	case smtpmail.STARTTLS:
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	go func() { _ = server.Serve(listener) }() // its end is the test's
	t.Cleanup(func() { _ = server.Close() })
	return smtpmail.Config{Host: "127.0.0.1", Port: port, Security: security, From: "Insurance Navigator <post@navigator.example>", TLS: roots}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func mailer(t *testing.T, c smtpmail.Config) *smtpmail.Mailer {
	t.Helper()
	m, err := smtpmail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// says holds a fault's code, and that no word of it or of its cause is about
// anybody.
func says(t *testing.T, what string, err error, code core.Code) {
	t.Helper()
	if !core.HasCode(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, secret := range []string{recipient, "code=", "a password"} {
			if strings.Contains(cause.Error(), secret) {
				t.Errorf("%s tells %q: %v", what, secret, cause)
			}
		}
	}
}

func TestAMailArrivesOverTLS(t *testing.T) {
	t.Parallel()
	for _, security := range []smtpmail.Security{smtpmail.STARTTLS, smtpmail.TLS} {
		p := &post{password: "a password"}
		c := p.open(t, security)
		c.Username, c.Password = "navigator", "a password"
		m := mailer(t, c)
		if err := m.Healthy(t.Context()); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		if err := m.Send(t.Context(), letter); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		if !p.secured || p.from != "post@navigator.example" || p.to != recipient || len(p.mails) != 1 {
			t.Fatalf("%s: %t, from %q to %q, %d mails", security, p.secured, p.from, p.to, len(p.mails))
		}
		for _, want := range []string{"Message-ID: <0198f1b5@navigator.example>", "Subject: =?UTF-8?", "Auto-Submitted: auto-generated", "To: <" + recipient + ">"} {
			if !strings.Contains(p.mails[0], want) {
				t.Errorf("%s: no %q in\n%s", security, want, p.mails[0])
			}
		}
		c.Password = "another"
		says(t, "wrong credentials", mailer(t, c).Send(t.Context(), letter), core.CodeMailUnavailable)
	}
}

// A server without TLS, or with a certificate of somebody else's, gets nothing.
func TestS35NoMailLeavesWithoutTLS(t *testing.T) {
	t.Parallel()
	plain := &post{}
	c := plain.open(t, smtpmail.Clear)
	c.Security = smtpmail.STARTTLS
	says(t, "no STARTTLS", mailer(t, c).Send(t.Context(), letter), core.CodeMailUnavailable)
	stranger := &post{}
	c = stranger.open(t, smtpmail.STARTTLS)
	c.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	says(t, "an unknown certificate", mailer(t, c).Send(t.Context(), letter), core.CodeMailUnavailable)
	if len(plain.mails)+len(stranger.mails) != 0 {
		t.Error("a mail left all the same")
	}
	if _, err := smtpmail.New(smtpmail.Config{Host: "127.0.0.1", Port: 25, Security: smtpmail.Clear, Username: "navigator", From: "a@example.org"}); err == nil {
		t.Error("credentials would be sent in clear")
	}
}

func TestWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	for what, want := range map[*smtp.SMTPError]core.Code{
		{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + recipient}: core.CodeMailRefused,
		{Code: 553, EnhancedCode: smtp.NoEnhancedCode, Message: "not a mailbox"}:                    core.CodeMailRefused,
		{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "relaying denied"}:           core.CodeMailUnavailable,
		{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}:                core.CodeMailUnavailable,
		{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}:              core.CodeMailUnavailable,
	} {
		p := &post{refuse: what}
		says(t, what.Message, mailer(t, p.open(t, smtpmail.Clear)).Send(t.Context(), letter), want)
	}
}

func TestAServerThatIsDownOrSlow(t *testing.T) {
	t.Parallel()
	p := &post{hold: make(chan struct{})}
	c := p.open(t, smtpmail.Clear)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // the server answers nothing before the test is over
	defer cancel()
	says(t, "slow", mailer(t, c).Send(ctx, letter), core.CodeMailUnavailable)
	close(p.hold)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := mailer(t, c).Send(ended, letter); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Port = listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	says(t, "down", mailer(t, c).Send(t.Context(), letter), core.CodeMailUnavailable)
	says(t, "down, asked", mailer(t, c).Healthy(t.Context()), core.CodeMailUnavailable)
}

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	good := smtpmail.Config{Host: "mail.example.org", Port: 587, Security: smtpmail.STARTTLS, From: "post@example.org"}
	for what, spoil := range map[string]func(*smtpmail.Config){
		"no host": func(c *smtpmail.Config) { c.Host = "" }, "no port": func(c *smtpmail.Config) { c.Port = 0 },
		"no sender": func(c *smtpmail.Config) { c.From = "nobody" }, "no security": func(c *smtpmail.Config) { c.Security = "" },
	} {
		c := good
		spoil(&c)
		if _, err := smtpmail.New(c); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
