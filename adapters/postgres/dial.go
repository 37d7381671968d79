package postgres

import (
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// deadAfter is when a connection counts as broken whose other end is gone
// without a word: its machine died, or the network between drops all.
const deadAfter = 20 * time.Second

// dial lets the kernel notice within deadAfter that the other end is gone,
// whether the connection waits for an answer or for something to ask.
func dial(config *pgx.ConnConfig) {
	dialer := &net.Dialer{
		Timeout:         config.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadAfter / 2, Interval: deadAfter / 4, Count: 2},
	}
	if !strings.HasPrefix(config.Host, "/") { // a socket file has no such option
		dialer.Control = giveUp
	}
	config.DialFunc = dialer.DialContext
}
