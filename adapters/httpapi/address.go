package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress is whom a request without a token is counted for: the peer of
// the connection, or, behind that many trusted proxies, what the outermost of
// them wrote into X-Forwarded-For. Whatever stands further to the left is the
// client's own word and never looked at; a list that is too short came past a
// proxy, and the peer is counted. An IPv6 client owns its whole /64.
func clientAddress(r *http.Request, hops int) string {
	if hops > 0 {
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if n := len(list) - hops; n >= 0 {
			if address, ok := network(strings.TrimSpace(list[n])); ok {
				return address
			}
		}
	}
	if address, ok := network(r.RemoteAddr); ok {
		return address
	}
	return "unknown" // not a TCP connection: all of them are counted together
}

// network reads an address, with or without a port.
func network(text string) (string, bool) {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		pair, err := netip.ParseAddrPort(text)
		if err != nil {
			return "", false
		}
		ip = pair.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String(), true
	}
	prefix, err := ip.Prefix(64)
	return prefix.String(), err == nil
}
