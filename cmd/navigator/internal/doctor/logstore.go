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
	switch status, _, err := l.way.ask(ctx, u.JoinPath("ready").String(), l.known); {
	case err == nil && status == http.StatusOK:
		return good(name, "it is ready")
	case err == nil && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return warning(name, "it does not let us in; logs are on the standard output alone meanwhile", "Check LOKI_USERNAME, LOKI_PASSWORD and LOKI_TENANT.")
	}
	return warning(name, "it does not answer /ready; logs are on the standard output alone meanwhile",
		"Check LOKI_URL (the base address alone, without /loki/api/v1/push), that Loki runs, and that this machine may reach it.")
}

// known says to Loki who we are, as the log's own client does.
func (l look) known(r *http.Request) {
	if l.config.LokiUser != "" {
		r.SetBasicAuth(l.config.LokiUser, l.config.LokiPassword.Reveal())
	}
	if l.config.LokiTenant != "" {
		r.Header.Set("X-Scope-OrgID", l.config.LokiTenant)
	}
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
