package boot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// private are hosts that are, or may be, this machine or its network.
var private = []string{
	"localhost", "LOCALHOST", "localhost.", "api.localhost", "localhost.localdomain", "ip6-localhost", "db", "host", "printer.local",
	"printer.local.", "metadata.google.internal", "x.internal", "x.lan", "x.home.arpa", "x.corp", "x.test", "x.example", "x.invalid",
	"127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
	"127.0.0x1", "1.0x7f", "0", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
	"169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[fd00::1]",
	"[fc00::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "[ff02::1]", "[fec0::1]",
	"127。0。0。1", "１２７.0.0.1", "loc\u0430lhost.com", "-x.com", "x-.com", "x..com", ".com", "a_b", "x.com..",
}

var foreign = []string{"api.openai.com", "API.OpenAI.com", "api.openai.com.", "a-b.c_d.supabase.co", "xn--bcher-kva.de", "10.example-host.com",
	"localhost.evil.com", "8.8.8.8", "[2606:4700::1111]", "x.xn--p1ai"}

// addressed says which service needs which address.
var addressed = map[string][]boot.Service{
	"OPENAI_API_URL": {boot.API, boot.Worker, boot.Dev}, "LLAMAPARSE_API_URL": {boot.Worker, boot.Dev},
	"SUPABASE_URL": {boot.API, boot.Worker, boot.Webhook, boot.Dev}, "WEBHOOK_URL": {boot.API, boot.Worker, boot.Webhook, boot.Dev},
	"PUBLIC_URL": {boot.API, boot.Dev},
}

func TestP013_S11_LoopbackAndPrivateHostsAreRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"staging", "PRODUCTION"} {
		for name, users := range addressed {
			for _, host := range private {
				environ := sound(t)
				environ["SERVICE_MODE"], environ[name] = mode, "https://"+host
				for _, service := range users {
					if faultsOf(t, environ, service) == nil {
						t.Errorf("%s in %s: %s=https://%s passed", service, mode, name, host)
					}
				}
			}
		}
	}
}

func TestPublicHostsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, host := range foreign {
		for _, port := range []string{"", ":443", ":8443"} {
			environ := sound(t)
			for name := range addressed {
				environ[name] = "https://" + host + port
			}
			if got := faultsOf(t, environ, boot.Dev); got != nil {
				t.Errorf("%s: %q", host+port, got)
			}
		}
	}
}

func TestDevelopmentTakesLoopback(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9", "http://fake:9"} {
		environ := sound(t)
		environ["SERVICE_MODE"] = "development"
		for name := range addressed {
			environ[name] = address
		}
		if got := faultsOf(t, environ, boot.Dev); got != nil {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// Tricks with the parts around the host.
func TestP149_NoTrickHidesAHost(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"development", "staging", "PRODUCTION"} {
		for _, address := range []string{
			"https://api.openai.com@127.0.0.1", "https://127.0.0.1@api.openai.com", "https://user:word@api.openai.com", "https://@api.openai.com",
			"https://api.openai.com\\@127.0.0.1", "https://api.openai.com#@127.0.0.1", "https://127.0.0.1?.openai.com", "https://127%2e0.0.1",
			"https://api.openai.com%00.evil", "https:///path", "https://", "https:api.openai.com", "//api.openai.com", "api.openai.com",
			"api.openai.com:443", "ftp://api.openai.com", "javascript:alert(1)", "file:///etc/passwd", "unix:///run/x", "https://:443",
			"https://api.openai.com:port", " https://api.openai.com", "https://api.openai.com\n", "https://[::1", "https://a b.com",
		} {
			environ := sound(t)
			environ["SERVICE_MODE"], environ["OPENAI_API_URL"] = mode, address
			if faultsOf(t, environ, boot.API) == nil {
				t.Errorf("in %s: %q passed", mode, address)
			}
		}
	}
}

func TestPlainHTTPIsRefusedOutsideDevelopment(t *testing.T) {
	t.Parallel()
	for name, users := range addressed {
		environ := sound(t)
		environ[name] = "http://api.openai.com"
		for _, service := range users {
			if diff := cmp.Diff([]string{name + httpsFault}, faultsOf(t, environ, service)); diff != "" {
				t.Errorf("%s of %s:\n%s", name, service, diff)
			}
		}
	}
}

// The stand-ins listen on loopback: production takes none of them, and says
// so of all of them at once.
func TestL025_L026_ProductionRefusesEveryStandInAtOnce(t *testing.T) {
	t.Parallel()
	environ := sound(t)
	var want []string
	for _, name := range []string{"LLAMAPARSE_API_URL", "OPENAI_API_URL", "PUBLIC_URL", "SUPABASE_URL", "WEBHOOK_URL"} {
		environ[name] = "http://127.0.0.1:4010"
		want = append(want, name+privateFault, name+httpsFault)
	}
	if diff := cmp.Diff(want, faultsOf(t, environ, boot.Dev)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
