package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
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

// Trust is whose word about a client's address is believed: that of so many
// proxies, or that of the proxies at these addresses. The zero Trust believes
// nobody, and the peer of the connection is the client. Where both are set the
// addresses count.
type Trust struct {
	Hops    int            // proxies that each add to X-Forwarded-For
	Proxies []netip.Prefix // where they are
}

// clientNetwork is whom a request is made for: the peer of the connection, or
// what the outermost trusted proxy wrote into X-Forwarded-For. The list is read
// from its right end, where our own proxies write; whatever stands further to
// the left is the client's own word and never looked at. An IPv6 client owns
// its whole /64. The zero Prefix says unknown.
func clientNetwork(r *http.Request, trust Trust) netip.Prefix {
	peer, _ := address(r.RemoteAddr)
	if trust.Hops == 0 && len(trust.Proxies) == 0 {
		return networkOf(peer)
	}
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if len(trust.Proxies) > 0 {
		return networkOf(trust.outermost(peer, list))
	}
	if n := len(list) - trust.Hops; n >= 0 { // a shorter list came past a proxy
		if found, ok := address(strings.TrimSpace(list[n])); ok {
			return networkOf(found)
		}
	}
	return networkOf(peer)
}

// outermost goes from our own end of the list outwards, as long as who wrote
// the entry is a proxy of ours and the entry is an address.
func (t Trust) outermost(at netip.Addr, list []string) netip.Addr {
	for i := len(list) - 1; i >= 0 && t.proxy(at); i-- {
		further, ok := address(strings.TrimSpace(list[i]))
		if !ok {
			break
		}
		at = further
	}
	return at
}

func (t Trust) proxy(at netip.Addr) bool {
	return slices.ContainsFunc(t.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
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

// address reads an address, with or without a port.
func address(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		pair, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = pair.Addr()
	}
	return ip.Unmap().WithZone(""), true
}

// networkOf is the network that one client owns; zero for the zero Addr.
func networkOf(ip netip.Addr) netip.Prefix {
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	prefix, _ := ip.Prefix(bits) // fails for the zero Addr alone
	return prefix
}
