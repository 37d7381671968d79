package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is the address that the request in hand was made from, of IPv6
// the first of its /64; the zero Addr outside a request, or where it is not
// known. It is what the rates count, so that accounts kept elsewhere can count
// by it, too.
func ClientAddress(ctx context.Context) netip.Addr {
	if req := requestOf(ctx); req != nil {
		return req.client.Addr()
	}
	return netip.Addr{}
}

// clientNetwork is whom a request is made for: the peer of the connection, or,
// behind that many trusted proxies, what the outermost of them wrote into
// X-Forwarded-For. Whatever stands further to the left is the client's own word
// and never looked at; a list that is too short came past a proxy, and the peer
// is taken. An IPv6 client owns its whole /64. The zero Prefix says unknown.
func clientNetwork(r *http.Request, hops int) netip.Prefix {
	if hops > 0 {
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if n := len(list) - hops; n >= 0 {
			if found, ok := network(strings.TrimSpace(list[n])); ok {
				return found
			}
		}
	}
	found, _ := network(r.RemoteAddr)
	return found
}

// clientKey is what a client without a token is counted under.
func clientKey(client netip.Prefix) string {
	switch {
	case !client.IsValid():
		return "unknown" // not a TCP connection: all of them are counted together
	case client.Addr().Is4():
		return client.Addr().String()
	}
	return client.String()
}

// network reads an address, with or without a port.
func network(text string) (netip.Prefix, bool) {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		pair, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		ip = pair.Addr()
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	prefix, err := ip.Prefix(bits)
	return prefix, err == nil
}
