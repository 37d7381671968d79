package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// roundTime bounds a few calls to one outside service.
const roundTime = 30 * time.Second

// callback looks at the address that the parser calls back, as far as it can be
// seen from here: it leads to the world's own network, by a good certificate,
// to our webhook.
func (l look) callback(ctx context.Context) Check {
	const name = "callback"
	switch {
	case l.config.Parser != "llamaparse":
		return skipped(name, "no outside parser calls back")
	case l.config.WebhookMode == "poll":
		return skipped(name, "WEBHOOK_MODE is poll: the parser is asked, and calls nobody")
	case l.config.WebhookURL == "":
		return skipped(name, "no address is set")
	}
	u, err := url.Parse(l.config.WebhookURL)
	if err != nil || u.Hostname() == "" {
		return bad(name, "WEBHOOK_URL cannot be read", settingsAdvice)
	}
	if l.config.Mode == boot.Development && client.Loopback(u.Hostname()) {
		return skipped(name, "this machine alone, in development: an outside parser refuses it")
	}
	if found := l.way.public(ctx, u); found.State == Bad {
		return found
	}
	secure := good(name, "plain http")
	if u.Scheme == "https" {
		if secure = l.way.handshake(ctx, u); secure.State != Good {
			secure.Name = name
			return secure
		}
	}
	return l.way.webhook(ctx, u, secure.Detail, l.early)
}

// public refuses a name that leads to this machine or network.
func (w way) public(ctx context.Context, u *url.URL) Check {
	const name = "callback"
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	addresses, err := w.lookup(ctx, u.Hostname())
	if err != nil || len(addresses) == 0 {
		return bad(name, "there is no host "+u.Hostname(), "Make the name in the DNS, or mend WEBHOOK_URL.")
	}
	private := func(address string) bool { return !boot.PublicAddress(address) }
	if slices.ContainsFunc(addresses, private) {
		return bad(name, u.Hostname()+" is "+strings.Join(addresses, ", ")+", where the parser cannot call",
			"Let the name lead to the load balancer's public addresses, or set WEBHOOK_MODE=poll.")
	}
	return good(name, strings.Join(addresses, ", "))
}

// webhook asks the address for our own webhook's status. Before a release
// nobody may be there yet.
func (w way) webhook(ctx context.Context, u *url.URL, secure string, early bool) Check {
	const name, path = "callback", "/webhook/status"
	const advice = "Start the webhook server, and lead /webhook/* of that address to its port."
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	status, ours, err := w.ask(ctx, u.JoinPath(path).String())
	switch {
	case err == nil && status == http.StatusOK && ours:
		return good(name, fmt.Sprintf("%s leads to our webhook, %s", u.Host, secure))
	case err == nil && (status == http.StatusForbidden || status == http.StatusUnauthorized):
		return warning(name, fmt.Sprintf("%s turns this machine away (%d); whether the parser comes through is not known", u.Host, status),
			"Check that the firewall lets the parser's addresses through to /webhook/*.")
	}
	detail := "nothing answers at " + u.Host + path
	if err == nil {
		detail = fmt.Sprintf("%s%s answers with %d, and not as our webhook", u.Host, path, status)
	}
	if early {
		return warning(name, detail, advice+" Before the first release that is so.")
	}
	return bad(name, detail, advice)
}

// ask makes one GET, with what is said of us; ours tells that the answer has our
// mark.
func (w way) ask(ctx context.Context, address string, said ...func(*http.Request)) (status int, ours bool, err error) {
	transport := &http.Transport{DialContext: w.dial, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: w.roots, MinVersion: tls.VersionTLS12}}
	caller := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, false, err
	}
	for _, say := range said {
		say(request)
	}
	answer, err := caller.Do(request)
	if err != nil {
		return 0, false, err
	}
	defer answer.Body.Close() //nolint:errcheck // only its head counts
	return answer.StatusCode, answer.Header.Get("X-Request-Id") != "", nil
}
