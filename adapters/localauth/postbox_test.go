package localauth_test

import (
	"context"
	"net/url"
	"regexp"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

const ourReturn = "https://app.navigator.example/auth/callback?from=mail"

// postbox takes mails, or answers an error in place of that.
type postbox struct {
	mu    sync.Mutex
	fails error
	mails []ports.Mail
}

func (p *postbox) Send(_ context.Context, m ports.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails == nil {
		p.mails = append(p.mails, m)
	}
	return p.fails
}

func (p *postbox) Healthy(context.Context) error { return nil }

// deliver sends what is due and answers the mails to an address so far.
func (h *house) deliver(p *postbox, to string) (mails []ports.Mail) {
	h.t.Helper()
	if _, err := localauth.NewPostman(h.pool, p, issuer).Round(h.t.Context()); err != nil {
		h.t.Fatalf("deliver: %v", err)
	}
	for _, m := range p.mails {
		if m.To == to {
			mails = append(mails, m)
		}
	}
	return mails
}

var linkForm = regexp.MustCompile(`https?://\S+`)

// secretOf is the code or token in a mail's link, and where the link leads.
func secretOf(t *testing.T, m ports.Mail) (place, secret string) {
	t.Helper()
	u, err := url.Parse(linkForm.FindString(m.Text))
	if err != nil || u.Host == "" {
		t.Fatalf("no link in %q", m.Text)
	}
	secret = u.Query().Get("code") + u.Query().Get("token")
	return u.Scheme + "://" + u.Host + u.Path, secret
}

// returning is an allowed return with a verifier's challenge.
func returning(verifier string) ports.Return { return portstest.Returning(ourReturn, verifier) }
