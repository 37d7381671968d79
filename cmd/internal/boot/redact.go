package boot

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// redacted is in the place of what no log may hold.
const redacted = "[redacted]"

// unspoken are the names of attributes whose values are never written, whatever
// they are: what proves who somebody is, and what documents and persons say.
var unspoken = map[string]bool{
	"password": true, "token": true, "access_token": true, "refresh_token": true, "secret": true, "authorization": true, "cookie": true,
	"api_key": true, "apikey": true, "signature_key": true, "email": true, "filename": true, "file_name": true, "text": true, "content": true,
	"body": true, "query": true, "sql": true,
}

// traits are a secret's looks: logins in addresses, tokens, keys of the services
// we use and of our own, private keys, signatures of addresses, and mail
// addresses.
var traits = regexp.MustCompile(strings.Join([]string{
	`://[^/\s:@"]*:[^/\s@"]+@`,
	`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`,
	`(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`,
	`\b(sk|llx|ink)[-_][A-Za-z0-9_-]{8,}`, `sb_(secret|publishable)_[A-Za-z0-9_-]{8,}`, `AGE-SECRET-KEY-1[A-Z0-9]+`,
	`-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?`,
	`(?i:token|signature|apikey|api_key|password|secret|x-amz-[a-z-]+)=[^&\s"]+`,
	`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`,
}, "|"))

// hints are what a text with any of the traits has in it. Looking for them costs
// a fraction of the expression, and few lines have one.
var hints = []string{"@", "eyJ", "=", "-----", "earer ", "asic ", "EARER ", "sk-", "sk_", "llx", "ink_", "sb_", "AGE-"}

// scrub blots secrets out of a text.
func scrub(text string) string {
	for _, hint := range hints {
		if strings.Contains(text, hint) {
			return traits.ReplaceAllString(text, redacted)
		}
	}
	return text
}

// redact is slog.HandlerOptions.ReplaceAttr of every handler. It is handed the
// values after slog has resolved them, within groups, too.
func redact(_ []string, a slog.Attr) slog.Attr {
	if unspoken[strings.ToLower(a.Key)] {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(scrub(a.Value.String()))
	case slog.KindAny:
		a.Value = scrubAny(a.Value.Any())
	}
	return a
}

// scrubAny writes a value as the JSON handler would, and blots that.
func scrubAny(value any) slog.Value {
	switch v := value.(type) {
	case nil, *slog.Source, slog.Level:
		return slog.AnyValue(value)
	case error:
		return slog.StringValue(scrub(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(scrub(v.String()))
	}
	text, err := json.Marshal(value)
	if err != nil {
		return slog.StringValue(redacted)
	}
	if blotted := scrub(string(text)); json.Valid([]byte(blotted)) {
		return slog.AnyValue(json.RawMessage(blotted))
	}
	return slog.StringValue(redacted)
}
