package boot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// C-7, S25: an origin is an exact text, or the start is refused with the fix.
func TestC_7_OriginsAreWrittenOut(t *testing.T) {
	t.Parallel()
	const (
		pattern = "ALLOWED_ORIGINS: wildcards and patterns are refused: write each origin out"
		form    = "ALLOWED_ORIGINS: each is scheme://host or scheme://host:port"
		https   = "ALLOWED_ORIGINS: https is required in PRODUCTION"
	)
	for value, want := range map[string]string{
		"": "", "https://app.navigator.org": "", "https://app.navigator.org,https://a.b:8443": "", "https://[2001:db8::1]:8443": "",
		"*": pattern, "https://*.navigator.org": pattern, "https://preview-[0-9]+.navigator.org": pattern, "^https://a.b$": pattern,
		"https://app.navigator.org,*": pattern,
		"null":                        form, "app.navigator.org": form, "https://app.navigator.org/": form, "https://app.navigator.org/x": form,
		"https://App.navigator.org": form, "https://app.navigator.org:443": form, "https://u:p@app.navigator.org": form, "ftp://a.b": form,
		"https://a.b, https://c.d": form, "https://": form, "https://a.b:": form, "https://a.b#x": form,
		"http://app.navigator.org": https,
	} {
		environ := sound(t)
		environ["ALLOWED_ORIGINS"] = value
		got := faultsOf(t, environ, boot.API)
		if want == "" && got != nil || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want)) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
		if strings.Contains(strings.Join(got, ""), "u:p") {
			t.Errorf("a fault repeats the value: %q", got)
		}
	}
}

func TestTheDoorsNumbersAreHeld(t *testing.T) {
	t.Parallel()
	const proxies = "TRUSTED_PROXIES: networks such as 10.0.0.0/16 or fd00::/8, and never all addresses"
	for setting, want := range map[string][]string{
		"RATE_FACTOR=0": {"RATE_FACTOR: 1 to 1000000"}, "RATE_FACTOR=2": {"RATE_FACTOR: 1 in PRODUCTION, where rates are held as they stand"},
		"TRUSTED_HOPS=-1": {"TRUSTED_HOPS: 0 to 10, the number of proxies before the API"}, "TRUSTED_HOPS=2": nil,
		"TRUSTED_PROXIES=10.0.0.0/8,fd00::/8": nil, "TRUSTED_PROXIES=10.0.0.1": {proxies}, "TRUSTED_PROXIES=0.0.0.0/0": {proxies}, "TRUSTED_PROXIES=::/0": {proxies},
		"REDIS_URL=rediss://:hunter2@cache.example.org:6379":               nil,
		"REDIS_URL=redis://:hunter2@cache.example.org:6379":                {"REDIS_URL: rediss:// (TLS) and a password are required in PRODUCTION"},
		"REDIS_URL=rediss://cache.example.org:6379":                        {"REDIS_URL: rediss:// (TLS) and a password are required in PRODUCTION"},
		"REDIS_URL=cache.example.org:6379":                                 {"REDIS_URL: an address such as rediss://:password@host:6379"},
		"DATABASE_REPLICA_URL=postgres://inav_app@db.example.org/postgres": {"DATABASE_REPLICA_URL: say sslmode=verify-full, verify-ca, require or disable in PRODUCTION"},
		"TLS_CERT_FILE=/a.pem":                                             {"TLS_CERT_FILE and TLS_KEY_FILE: both, or neither"},
		"TLS_KEY_FILE=/a.pem":                                              {"TLS_CERT_FILE and TLS_KEY_FILE: both, or neither"},
		"UPLOADS_PER_DAY=-1":                                               {"UPLOADS_PER_DAY: 0 to 1000000, 0 for no bound"}, "UPLOADS_PER_DAY=0": nil, "UPLOADS_PER_DAY=5": nil,
	} {
		environ := sound(t)
		name, value, _ := strings.Cut(setting, "=")
		environ[name] = value
		if diff := cmp.Diff(want, faultsOf(t, environ, boot.API)); diff != "" {
			t.Errorf("%s: %s", setting, diff)
		}
		if got := faultsOf(t, environ, boot.Worker); got != nil {
			t.Errorf("%s: the worker has no door: %q", setting, got)
		}
		environ["SERVICE_MODE"] = "staging"
		if got := faultsOf(t, environ, boot.API); name == "RATE_FACTOR" && value == "2" && got != nil {
			t.Errorf("staging: %q", got)
		}
	}
}

// Who keeps statuses and who moves documents need the same Redis; the webhook
// does neither.
func TestKeptStatusesNeedRedis(t *testing.T) {
	t.Parallel()
	environ := sound(t)
	environ["STATUS_CACHE_TTL"] = "6s"
	bound, missing := "STATUS_CACHE_TTL: 0 to 5s", "REDIS_URL, which STATUS_CACHE_TTL asks for, is missing"
	for service, want := range map[boot.Service][]string{boot.API: {missing, bound}, boot.Worker: {missing, bound}, boot.Webhook: {bound}} {
		if diff := cmp.Diff(want, faultsOf(t, environ, service)); diff != "" {
			t.Errorf("%s: %s", service, diff)
		}
	}
	c := boot.Defaults()
	off := c.SharedHash()
	c.StatusLife = time.Second
	if c.SharedHash() == off {
		t.Error("services may differ in whether statuses are kept")
	}
}

func TestOriginsByMode(t *testing.T) {
	t.Parallel()
	c := boot.Defaults()
	if diff := cmp.Diff([]string{"http://localhost:3000"}, c.Origins()); diff != "" {
		t.Error(diff)
	}
	c.Mode = boot.Production
	if got := c.Origins(); len(got) != 0 {
		t.Errorf("production lets %q call", got)
	}
	if got := c.Loosened(); got != "" {
		t.Errorf("the defaults are loose: %s", got)
	}
	c.RateFactor, c.UploadsPerDay = 7, 0
	if got := c.Loosened(); !strings.Contains(got, "7 times") || !strings.Contains(got, "not counted") {
		t.Errorf("Loosened says %q", got)
	}
	c.UploadsPerDay = 31
	if got := c.Loosened(); !strings.Contains(got, "31 uploads a day, in production 30") {
		t.Errorf("Loosened says %q", got)
	}
}

func TestRedirectsAreWrittenOut(t *testing.T) {
	t.Parallel()
	const form = "AUTH_REDIRECTS: each is an address such as https://app.navigator.org/auth/callback, without patterns or a fragment"
	for value, want := range map[string][]string{
		"https://app.navigator.org/auth/callback,https://other.navigator.org/in?x=1": nil,
		"https://*.navigator.org/auth/callback":                                      {form},
		"https://app.navigator.org/auth#callback":                                    {form},
		"https://user@app.navigator.org/":                                            {form},
		"app.navigator.org":                                                          {form},
		"javascript:alert(1)":                                                        {form},
		"navigator://callback":                                                       {form},
		"http://app.navigator.org/auth/callback":                                     {"AUTH_REDIRECTS: https is required in PRODUCTION"},
	} {
		environ := sound(t)
		environ["AUTH_REDIRECTS"] = value
		if diff := cmp.Diff(want, faultsOf(t, environ, boot.API)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", value, diff)
		}
	}
	c := boot.Defaults()
	if diff := cmp.Diff([]string{"http://localhost:3000/auth/callback"}, c.Redirects()); diff != "" {
		t.Error(diff)
	}
	c.Mode = boot.Production
	if got := c.Redirects(); len(got) != 0 {
		t.Errorf("production leads people to %q", got)
	}
}

// The operators' port is on this machine alone, off unless set, and never one
// with everybody's.
func TestS34_TheOperatorsPortIsApart(t *testing.T) {
	t.Parallel()
	if c := boot.Defaults(); c.AdminPort != -1 || c.AdminHost != "127.0.0.1" {
		t.Errorf("the defaults are %s:%d", c.AdminHost, c.AdminPort)
	}
	for setting, want := range map[string][]string{
		"ADMIN_PORT=6060": nil, "ADMIN_PORT=-2": {"ADMIN_PORT: 0 to 65535, or -1 for none"}, "ADMIN_PORT=8000": {"ADMIN_PORT: another one than PORT"},
		"ADMIN_HOST=10.0.0.7": nil, "ADMIN_HOST=localhost": nil, "ADMIN_HOST=db.example.org": {"ADMIN_HOST: an address of this machine, such as 127.0.0.1, or its network"},
		"ADMIN_HOST=10.20.0.0/16": nil, "ADMIN_HOST=0.0.0.0/0": {"ADMIN_HOST: one address in PRODUCTION, and not all of them: the port asks nobody who they are"},
		"ADMIN_HOST=0.0.0.0": {"ADMIN_HOST: one address in PRODUCTION, and not all of them: the port asks nobody who they are"},
	} {
		for _, service := range []boot.Service{boot.API, boot.Worker, boot.Webhook} {
			environ := sound(t)
			name, value, _ := strings.Cut(setting, "=")
			environ[name] = value
			if diff := cmp.Diff(want, faultsOf(t, environ, service)); diff != "" {
				t.Errorf("%s for %s: %s", setting, service, diff)
			}
		}
	}
	both := sound(t)
	both["TRUSTED_HOPS"], both["TRUSTED_PROXIES"] = "1", "10.0.0.0/8"
	if diff := cmp.Diff([]string{"TRUSTED_HOPS and TRUSTED_PROXIES are both set: keep one"}, faultsOf(t, both, boot.API)); diff != "" {
		t.Error(diff)
	}
}
