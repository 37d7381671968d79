package lokilog

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/loki-client-go/loki"
	"github.com/grafana/loki-client-go/pkg/backoff"
	"github.com/prometheus/common/config"
)

// pushPath is where Loki takes lines, from the base address on.
const pushPath = "/loki/api/v1/push"

// How the client sends: a batch waits a second for company, and is given up
// after about ten seconds of an outage. While one batch is tried again nothing
// else is sent, and the queue fills.
const (
	batchWait  = time.Second
	batchBytes = 1 << 20
	callTime   = 3 * time.Second
	tries      = 5
	firstPause = 250 * time.Millisecond
	longest    = 2 * time.Second
)

// defaultRoom is how many lines wait for Loki unless Config says otherwise.
const defaultRoom = 10_000

// Config is where lines go and as whom.
type Config struct {
	URL      string // base address, without /loki/api/v1/push
	User     string // of basic authentication; empty for none
	Password string
	Tenant   string            // sent as X-Scope-OrgID; empty for none
	Labels   map[string]string // of every stream: closed sets alone
	Room     int               // lines that wait; 0 takes 10,000

	// Dropped is told of each line that Loki will not get, with the reason
	// ReasonFull, ReasonClosed or ReasonLate; may be nil.
	Dropped func(reason string)
	// Waiting is told how many lines wait, whenever that changes; may be nil.
	Waiting func(lines int)
	// Log takes the client's own warnings. It must not lead back to Loki.
	Log *slog.Logger
}

// push takes one line to Loki. It may block for as long as Loki is away, and
// for ever once stopped.
type push interface {
	send(labels map[string]string, at time.Time, line string) error
	stop()
}

// client builds the archived client's settings. Its own defaults would hold
// one batch for eight minutes.
func (c Config) client() (loki.Config, error) {
	base, err := url.Parse(c.URL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil {
		return loki.Config{}, errors.New("lokilog: the address is http://host:port or https://host, without a login")
	}
	made := loki.Config{
		BatchWait: batchWait, BatchSize: batchBytes, Timeout: callTime, TenantID: c.Tenant,
		BackoffConfig: backoff.BackoffConfig{MinBackoff: firstPause, MaxBackoff: longest, MaxRetries: tries},
	}
	if err := made.URL.Set(strings.TrimSuffix(c.URL, "/") + pushPath); err != nil {
		return loki.Config{}, errors.New("lokilog: the address cannot be read")
	}
	if c.User != "" {
		made.Client.BasicAuth = &config.BasicAuth{Username: c.User, Password: config.Secret(c.Password)}
	}
	return made, nil
}

// quietly hands the client's warnings to a log, without their text: it holds
// what the server answered.
type quietly struct{ log *slog.Logger }

// Log is go-kit's log.Logger.
func (q quietly) Log(pairs ...any) error {
	if q.log == nil {
		return nil
	}
	said := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		said[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
	}
	q.log.Warn("loki does not take lines", "given_up", strings.HasPrefix(said["msg"], "final"), "status", said["status"])
	return nil
}
