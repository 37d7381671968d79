package boot

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
)

// checkAddress holds an address that data goes to: outside development it is
// https and public, so that no stand-in is ever taken for the real service. An
// address is logged, so it never carries a password.
func (c Config) checkAddress(f *faults, name, address string) {
	if address == "" {
		f.add("%s is missing", name)
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		f.add("%s: not an http(s) address", name)
		return
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		f.add("%s: an address without user, query and fragment", name)
	}
	if c.Mode == Development {
		return
	}
	if u.Scheme != "https" {
		f.add("%s: https is required in %s", name, c.Mode)
	}
	if !public(u.Hostname()) {
		f.add("%s: a loopback or private host is refused in %s", name, c.Mode)
	}
}

// checkBase is checkAddress for an address that paths are added to.
func (c Config) checkBase(f *faults, name, address string) {
	c.checkAddress(f, name, address)
	if u, err := url.Parse(address); err == nil && u.Path != "" {
		f.add("%s: the address without a path or a slash at its end", name)
	}
}

// reserved are the top-level names that no public host has.
var reserved = []string{"localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan",
	"arpa", "test", "example", "invalid", "onion"}

// hostName is a name of the public domain system: labels of letters, digits
// and hyphens, and a last one that is no number in any notation.
var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+([a-z][a-z0-9-]*[a-z0-9])$`)

// public reports whether a host can be anything but this machine or network. A
// name that resolves to a private address cannot be told here.
func public(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return PublicAddress(host)
	}
	parts := hostName.FindStringSubmatch(host)
	return parts != nil && !slices.Contains(reserved, parts[len(parts)-1])
}

// special are the ranges of the special-purpose registries that IsPrivate and
// its like leave out: this network, carrier NAT, documentation, benchmarks,
// the future, and the IPv6 ranges that carry an IPv4 address within.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// PublicAddress reports whether the world can call an IP address.
func PublicAddress(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && publicIP(ip.WithZone("").Unmap())
}

func publicIP(ip netip.Addr) bool {
	within := func(p netip.Prefix) bool { return p.Contains(ip) }
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(special, within)
}

// checkDatabaseURL reads the address by the driver's own parser. Outside
// development TLS is said, not guessed: the driver's default falls back to an
// open connection.
func checkDatabaseURL(f *faults, name string, address Secret, mode Mode) {
	if !address.Set() {
		return
	}
	config, err := pgxpool.ParseConfig(address.Reveal())
	if err != nil {
		f.add("%s: not readable as postgres://user:password@host:port/database", name)
		return
	}
	falls := func(other *pgconn.FallbackConfig) bool {
		return (other.TLSConfig == nil) != (config.ConnConfig.TLSConfig == nil)
	}
	if mode != Development && slices.ContainsFunc(config.ConnConfig.Fallbacks, falls) {
		f.add("%s: say sslmode=verify-full, verify-ca, require or disable in %s", name, mode)
	}
	if place, err := postgres.ReadPlace(address.Reveal()); err == nil {
		if err := place.Check(); err != nil {
			f.add("%s: %w", name, err)
		}
	}
}
