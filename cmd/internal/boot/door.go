package boot

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
)

// developmentOrigin is where the browser's client is served on a developer's
// machine.
const developmentOrigin = "http://localhost:3000"

// Origins is the browsers' pages that may call the API.
func (c Config) Origins() []string {
	if len(c.AllowedOrigins) == 0 && c.Mode == Development {
		return []string{developmentOrigin}
	}
	return c.AllowedOrigins
}

// Redirects is where people may be led back to.
func (c Config) Redirects() []string {
	if len(c.AuthRedirects) == 0 && c.Mode == Development {
		return []string{developmentOrigin + "/auth/callback"}
	}
	return c.AuthRedirects
}

// Loosened says how the limits are wider than production's; "" when they are
// not.
func (c Config) Loosened() string {
	var wider []string
	if c.RateFactor > 1 {
		wider = append(wider, fmt.Sprintf("request rates are %d times production's (RATE_FACTOR)", c.RateFactor))
	}
	switch per := httpapi.DefaultLimits().UploadsPerDay; {
	case c.UploadsPerDay == 0:
		wider = append(wider, fmt.Sprintf("uploads are not counted, in production %d a day (UPLOADS_PER_DAY)", per))
	case c.UploadsPerDay > per:
		wider = append(wider, fmt.Sprintf("%d uploads a day, in production %d (UPLOADS_PER_DAY)", c.UploadsPerDay, per))
	}
	return strings.Join(wider, "; ")
}

// Trust is whose word about a client's address is believed.
func (c Config) Trust() httpapi.Trust {
	trust := httpapi.Trust{Hops: c.TrustedHops}
	for _, text := range c.TrustedProxies {
		if proxies, err := netip.ParsePrefix(text); err == nil { // Check has told of others
			trust.Proxies = append(trust.Proxies, proxies.Masked())
		}
	}
	return trust
}

// checkTrust holds the doors to proxies that can be told apart from clients.
func (c Config) checkTrust(f *faults) {
	if c.TrustedHops < 0 || c.TrustedHops > 10 {
		f.add("TRUSTED_HOPS: 0 to 10, the number of proxies before the API")
	}
	if c.TrustedHops > 0 && len(c.TrustedProxies) > 0 {
		f.add("TRUSTED_HOPS and TRUSTED_PROXIES are both set: keep one")
	}
	for _, text := range c.TrustedProxies {
		if proxies, err := netip.ParsePrefix(text); err != nil || proxies.Bits() == 0 {
			f.add("TRUSTED_PROXIES: networks such as 10.0.0.0/16 or fd00::/8, and never all addresses")
		}
	}
}

// adminLoopback reports whether the operators' port is for this machine alone.
func (c Config) adminLoopback() bool {
	network, ok := c.adminNetwork()
	return ok && network.Addr().IsLoopback()
}

// adminNetwork is ADMIN_HOST as a network; one address is a network of its own.
func (c Config) adminNetwork() (netip.Prefix, bool) {
	if c.AdminHost == "localhost" {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32), true
	}
	if ip, err := netip.ParseAddr(c.AdminHost); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	network, err := netip.ParsePrefix(c.AdminHost)
	return network.Masked(), err == nil
}

// errNoAddress says that the machine is not where ADMIN_HOST says.
var errNoAddress = errors.New("ADMIN_HOST: this machine has no address in that network")

// adminAddress is where the operators' port is: ADMIN_HOST, or this machine's
// first address in that network, which a container learns at its start alone.
func (c Config) adminAddress() (string, error) {
	network, ok := c.adminNetwork()
	if !ok || network.IsSingleIP() {
		return c.AdminHost, nil
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, address := range own {
		if at, err := netip.ParsePrefix(address.String()); err == nil && network.Contains(at.Addr()) {
			return at.Addr().String(), nil
		}
	}
	return "", errNoAddress
}

// checkAdmin keeps the operators' port apart from everybody's.
func (c Config) checkAdmin(f *faults) {
	if c.AdminPort < -1 || c.AdminPort > 65535 {
		f.add("ADMIN_PORT: 0 to 65535, or -1 for none")
	}
	network, ok := c.adminNetwork()
	if !ok {
		f.add("ADMIN_HOST: an address of this machine, such as 127.0.0.1, or its network")
	}
	if ok && c.Mode == Production && (network.Bits() == 0 || network.Addr().IsUnspecified()) {
		f.add("ADMIN_HOST: one address in PRODUCTION, and not all of them: the port asks nobody who they are")
	}
	for name, port := range map[string]int{"PORT": c.Port, "WEBHOOK_PORT": c.WebhookPort, "WORKER_PORT": c.WorkerPort} {
		if port > 0 && port == c.AdminPort {
			f.add("ADMIN_PORT: another one than %s", name)
		}
	}
}

// checkDoor holds what the API's door is told of its callers.
func (c Config) checkDoor(f *faults) {
	for _, origin := range c.AllowedOrigins {
		c.checkOrigin(f, origin)
	}
	for _, redirect := range c.AuthRedirects {
		c.checkRedirect(f, redirect)
	}
	c.checkRedis(f)
	switch {
	case c.RateFactor < 1 || c.RateFactor > 1_000_000:
		f.add("RATE_FACTOR: 1 to 1000000")
	case c.RateFactor > 1 && c.Mode == Production:
		f.add("RATE_FACTOR: 1 in PRODUCTION, where rates are held as they stand")
	}
	if c.UploadsPerDay < 0 || c.UploadsPerDay > 1_000_000 {
		f.add("UPLOADS_PER_DAY: 0 to 1000000, 0 for no bound")
	}
}

// checkOrigin takes an origin only as a browser sends it: it is compared as
// text, and a pattern would let strangers in.
func (c Config) checkOrigin(f *faults, origin string) {
	u, err := url.Parse(origin)
	switch {
	case strings.ContainsAny(origin, `*^$()[]{}|\+?`) && !strings.Contains(origin, "://["):
		f.add("ALLOWED_ORIGINS: wildcards and patterns are refused: write each origin out, such as https://app.navigator.org,https://preview.navigator.org")
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Scheme+"://"+strings.ToLower(u.Host) != origin || defaultPort(u):
		f.add("ALLOWED_ORIGINS: each is scheme://host or scheme://host:port in lower case, without path, slash or default port, such as https://app.navigator.org")
	case u.Scheme != "https" && c.Mode != Development:
		f.add("ALLOWED_ORIGINS: https is required in %s", c.Mode)
	}
}

// checkRedirect takes an address that a code may be led to: what is not exactly
// it is refused later, so it has to be one that a browser can come to.
func (c Config) checkRedirect(f *faults, redirect string) {
	u, err := url.Parse(redirect)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.Contains(redirect, "*"):
		f.add("AUTH_REDIRECTS: each is an address such as https://app.navigator.org/auth/callback, without patterns or a fragment")
	case u.Scheme != "https" && c.Mode != Development:
		f.add("AUTH_REDIRECTS: https is required in %s", c.Mode)
	}
}

// checkSites holds the names of other sites to what a project calls them.
func (c Config) checkSites(f *faults) {
	for _, site := range c.AuthSites {
		if site == "" || strings.Trim(site, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			f.add("AUTH_SITES: names as the project has them, such as google or linkedin_oidc")
		}
	}
	if len(c.AuthSites) > 0 && c.AuthProvider != "supabase" {
		f.add("AUTH_SITES: only with AUTH_PROVIDER=supabase")
	}
}

// checkOIDC holds the other site of local accounts: all of it is said, or none.
func (c Config) checkOIDC(f *faults) {
	if c.OIDCIssuer == "" {
		if c.OIDCClient != "" || c.OIDCSecret.Set() {
			f.add("OIDC_ISSUER: needed with OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
		}
		return
	}
	f.need("OIDC_CLIENT_ID", c.OIDCClient != "")
	f.need("OIDC_CLIENT_SECRET", c.OIDCSecret.Set())
	c.checkAddress(f, "OIDC_ISSUER", c.OIDCIssuer)
	if c.OIDCName == "" || strings.Trim(c.OIDCName, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		f.add("OIDC_NAME: a name of small letters, digits and _, such as google")
	}
	if c.AuthProvider != "local" {
		f.add("OIDC_ISSUER: only with AUTH_PROVIDER=local; a Supabase project has its own sites, see AUTH_SITES")
	}
}

// defaultPort reports a port that a browser leaves out.
func defaultPort(u *url.URL) bool {
	return (u.Scheme == "https" && u.Port() == "443") || (u.Scheme == "http" && u.Port() == "80") || strings.HasSuffix(u.Host, ":")
}
