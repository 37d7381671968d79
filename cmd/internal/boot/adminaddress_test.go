package boot

import (
	"errors"
	"testing"
)

// A container's address is known at its start alone: the network that it is in
// names it, and never another one of the machine.
func TestTheOperatorsPortIsOnTheAddressInItsNetwork(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{"127.0.0.0/8": "127.0.0.1", "127.0.0.1": "127.0.0.1", "localhost": "localhost", "0.0.0.0": "0.0.0.0"} {
		c := Config{AdminHost: host}
		if got, err := c.adminAddress(); err != nil || got != want {
			t.Errorf("%s: %q, %v", host, got, err)
		}
		if loopback := c.adminLoopback(); loopback != (host != "0.0.0.0") {
			t.Errorf("%s is loopback: %t", host, loopback)
		}
	}
	elsewhere := Config{AdminHost: "2001:db8::/32"}
	if _, err := elsewhere.adminAddress(); !errors.Is(err, errNoAddress) || elsewhere.adminLoopback() {
		t.Errorf("got %v", err)
	}
}
