package boot_test

import (
	"strings"
	"testing"

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
	for setting, want := range map[string][]string{
		"RATE_FACTOR=0": {"RATE_FACTOR: 1 to 1000000"}, "RATE_FACTOR=2": {"RATE_FACTOR: 1 in PRODUCTION, where rates are held as they stand"},
		"TRUSTED_HOPS=-1": {"TRUSTED_HOPS: 0 to 10, the number of proxies before the API"}, "TRUSTED_HOPS=2": nil,
		"UPLOADS_PER_DAY=-1": {"UPLOADS_PER_DAY: 0 to 1000000, 0 for no bound"}, "UPLOADS_PER_DAY=0": nil, "UPLOADS_PER_DAY=5": nil,
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
