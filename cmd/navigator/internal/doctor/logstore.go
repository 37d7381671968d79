package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// logStore asks the Loki of LOKI_URL whether it takes lines. Without one, or
// while it is away, logs are on the standard output alone.
func (l look) logStore(ctx context.Context) Check {
	const name = "loki"
	address := setting(l.environ, "LOKI_URL")
	if address == "" {
		return skipped(name, "LOKI_URL is not set: logs are on the standard output alone")
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return bad(name, "LOKI_URL cannot be read", settingsAdvice)
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	base := url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: "/ready"}
	if status, _, err := l.way.ask(ctx, base.String()); err != nil || status != http.StatusOK {
		return warning(name, "it does not answer /ready; logs are on the standard output alone meanwhile",
			"Check LOKI_URL, that Loki runs, and that this machine may reach it.")
	}
	return good(name, "it is ready")
}

// setting is a variable of the environment, as it stands there.
func setting(environ []string, name string) string {
	for _, pair := range environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
