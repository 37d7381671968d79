package boot

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/insurance-navigator/navigator/adapters/inprocess"
	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/adapters/redislimiter"
	"github.com/insurance-navigator/navigator/ports"
)

// limiter is what holds callers to the rates: this process's own counts, and
// where REDIS_URL is set those of all processes before them. It is made once.
func (h *House) limiter() (ports.Limiter, error) {
	if h.rates != nil {
		return h.rates, nil
	}
	own := inprocess.NewLimiter(inprocess.DefaultKeys)
	h.rates = own
	if !h.config.RedisURL.Set() || !h.does(API) {
		return h.rates, nil
	}
	shared, err := h.config.shared(own, func(err error) { h.seen.note(nameRedis, err) }, h.redisTurned)
	if err != nil {
		return nil, err
	}
	h.rates = shared
	h.closers = append(h.closers, func() { _ = shared.Close() })
	h.meters.Redis(func() metrics.RedisPool { return metrics.RedisPool(shared.Connections()) })
	h.firstPing(shared)
	return h.rates, nil
}

// pingTime is for Redis to answer at the start.
const pingTime = 2 * time.Second

// firstPing makes /health know of Redis from the start. One that is away keeps
// no process from serving.
func (h *House) firstPing(shared *redislimiter.Limiter) {
	ctx, cancel := context.WithTimeout(context.Background(), pingTime)
	defer cancel()
	if err := shared.Ping(ctx); err != nil {
		h.log.Warn("redis does not answer: each process counts requests for itself", "error_class", codeOf(err))
	}
}

// redisTurned tells the log and /health that Redis went away, or is back.
func (h *House) redisTurned(away bool) {
	h.seen.hold(nameRedis, away)
	if away {
		h.log.Error("redis is away: each process counts requests for itself")
	} else {
		h.log.Info("redis is back: requests are counted over all processes")
	}
}

// shared opens the counts of all processes.
func (c Config) shared(own ports.Limiter, noted func(error), turned func(bool)) (*redislimiter.Limiter, error) {
	limiter, err := redislimiter.New(redislimiter.Config{URL: c.RedisURL.Reveal(), Local: own, Noted: noted, Turned: turned,
		Secret: c.sharedSecret()})
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	return limiter, nil
}

// sharedSecret is what no Redis knows and all processes have.
func (c Config) sharedSecret() []byte {
	return []byte(first(c.WebhookKey, first(c.SigningKey, c.SupabaseService)).Reveal())
}

// PingRedis asks the Redis of REDIS_URL whether it is there and takes our
// password.
func (c Config) PingRedis(ctx context.Context) error {
	limiter, err := c.shared(inprocess.NewLimiter(1), nil, nil)
	if err != nil {
		return err
	}
	defer limiter.Close() //nolint:errcheck // it was only asked
	return limiter.Ping(ctx)
}

// checkRedis holds the address to what keeps the counts from strangers.
func (c Config) checkRedis(f *faults) {
	if !c.RedisURL.Set() {
		return
	}
	u, err := url.Parse(c.RedisURL.Reveal())
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Hostname() == "" {
		f.add("REDIS_URL: an address such as rediss://:password@host:6379")
		return
	}
	if _, password := u.User.Password(); c.Mode != Development && (u.Scheme != "rediss" || !password) {
		f.add("REDIS_URL: rediss:// (TLS) and a password are required in %s", c.Mode)
	}
}
