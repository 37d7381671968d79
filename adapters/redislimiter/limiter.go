// Package redislimiter is what all processes share in Redis: the counts that
// callers are held to rates by, and the statuses of documents under way that are
// asked for again and again. Redis is a help and no support: while it is away, slow or
// wrong each process goes on by its own counts, and no request waits for it.
package redislimiter

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/sony/gobreaker/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Config is what a Limiter needs, and Statuses. URL and a Limiter's Local are
// required.
type Config struct {
	URL    string        // redis://user:password@host:6379/0, or rediss:// with TLS
	TLS    *tls.Config   // of a rediss:// address; nil: this machine's certificates
	Local  ports.Limiter // counts in this process, and decides alone while Redis is away
	Secret []byte        // the same in every process: keys are written as an HMAC under it

	Wait     time.Duration // the longest that a request waits for Redis; 0: DefaultWait
	Failures int           // in a row, after which Redis is not asked for a while; 0: DefaultFailures
	Rest     time.Duration // until one request asks again; 0: DefaultRest

	Noted  func(error) // told of each call's result, nil or a core.Error; may be nil
	Turned func(away bool)
	Cached func(ports.CacheResult) // told of each question to Statuses and each move; may be nil
}

// What a Limiter does where its Config does not say.
const (
	DefaultWait     = 50 * time.Millisecond
	DefaultFailures = 3
	DefaultRest     = time.Second
)

// dialTime is for a connection to be made. It goes on behind a request that has
// given up, so that the next one finds it.
const dialTime = 2 * time.Second

// Limiter fills ports.Limiter. It is safe for concurrent use.
type Limiter struct {
	config  Config
	client  *redis.Client
	circuit *gobreaker.CircuitBreaker[ports.Decision]
}

var errNoAddress = errors.New("redislimiter: the address cannot be read: redis://host:6379 or rediss://user:password@host:6379")

// New makes a Limiter, and calls nothing: Redis may be away. It fails for an
// address that cannot be read, and does not quote it.
func New(c Config) (*Limiter, error) {
	if c.Local == nil {
		return nil, errors.New("redislimiter: Local is required")
	}
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	return &Limiter{config: c, client: client, circuit: newCircuit[ports.Decision](c)}, nil
}

// open makes the client, and fills in what the Config leaves out.
func (c *Config) open() (*redis.Client, error) {
	options, err := redis.ParseURL(c.URL)
	if err != nil {
		return nil, errNoAddress
	}
	c.Wait = orElse(c.Wait, DefaultWait)
	c.Rest = orElse(c.Rest, DefaultRest)
	c.Failures = orElse(c.Failures, DefaultFailures)
	if c.TLS != nil && options.TLSConfig != nil {
		own := c.TLS.Clone()
		own.ServerName, own.MinVersion = options.TLSConfig.ServerName, tls.VersionTLS12
		options.TLSConfig = own
	}
	hold(options, c.Wait)
	logging.Disable() // the library would write addresses to standard error
	return redis.NewClient(options), nil
}

func orElse[T int | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}

// newCircuit keeps requests from waiting one after the other for what is away.
func newCircuit[T any](c Config) *gobreaker.CircuitBreaker[T] {
	return gobreaker.NewCircuitBreaker[T](gobreaker.Settings{
		MaxRequests: 1, Timeout: c.Rest,
		ReadyToTrip: func(n gobreaker.Counts) bool { return int64(n.ConsecutiveFailures) >= int64(c.Failures) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if c.Turned != nil && (to == gobreaker.StateClosed || from == gobreaker.StateClosed) {
				c.Turned(to == gobreaker.StateOpen)
			}
		},
	})
}

// Allow counts one request of key under the rate: in Redis, and in this process
// as well. The process's own counts decide while Redis is away, and go on from
// where they are; and they hold when Redis has forgotten its own.
func (l *Limiter) Allow(ctx context.Context, key string, rate ports.Rate) ports.Decision {
	shared, err := l.circuit.Execute(func() (ports.Decision, error) { return l.ask(ctx, key, rate) })
	switch {
	case err != nil:
		return l.config.Local.Allow(ctx, key, rate)
	case !shared.Allowed:
		return shared
	}
	if own := l.config.Local.Allow(ctx, key, l.slack(rate)); !own.Allowed {
		return own
	}
	return shared
}

// slack is the rate with room for the time that an answer takes: what Redis let
// through in order may be counted here a moment closer together.
func (l *Limiter) slack(rate ports.Rate) ports.Rate {
	step := max(rate.Window/time.Duration(max(rate.Requests, 1)), 1)
	more := 1 + int(l.config.Wait/step)
	return ports.Rate{Name: rate.Name, Requests: rate.Requests + more, Window: rate.Window + time.Duration(more)*step}
}

// ask counts in Redis. A client that leaves does not end the call, which would
// speak against Redis.
func (l *Limiter) ask(ctx context.Context, key string, rate ports.Rate) (ports.Decision, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.config.Wait)
	defer cancel()
	step := stepOf(rate)
	full := step * int64(max(rate.Requests, 1))
	reply, err := script.Run(ctx, l.client, []string{l.name(rate.Name, key)}, step, full).Result()
	decision, unreadable := read(reply, step, full)
	switch {
	case err != nil:
		err = fmt.Errorf("no answer (%T)", err) // its text may hold the address
	case unreadable != nil:
		err = unreadable
	}
	if err != nil {
		err = core.Fail(core.CodeRatesUnshared, err)
	}
	l.note(err)
	return decision, err
}

// Ping asks Redis whether it is there, within the context: core.CodeRatesUnshared
// when it is not, or refuses the password.
func (l *Limiter) Ping(ctx context.Context) error {
	if err := l.client.Ping(ctx).Err(); err != nil {
		err = core.Fail(core.CodeRatesUnshared, fmt.Errorf("no answer (%T)", err))
		l.note(err)
		return err
	}
	l.note(nil)
	return nil
}

func (l *Limiter) note(err error) {
	if l.config.Noted != nil {
		l.config.Noted(err)
	}
}

// name is a count's key in Redis. Who is counted cannot be read in it, nor
// guessed by who has not the secret. The rule can.
func (l *Limiter) name(rule, key string) string {
	mac := hmac.New(sha256.New, l.config.Secret)
	mac.Write([]byte("navigator rate " + rule + "\x00" + key))
	return "navigator:rate:" + rule + ":" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// Connections is how the pool of connections stands.
type Connections struct {
	InUse, Idle uint32
	Timeouts    uint32 // waits for one that were given up
}

// Connections tells how the pool of connections stands.
func (l *Limiter) Connections() Connections {
	s := l.client.PoolStats()
	return Connections{InUse: s.TotalConns - min(s.IdleConns, s.TotalConns), Idle: s.IdleConns, Timeouts: s.Timeouts}
}

// Close ends the connections.
func (l *Limiter) Close() error { return l.client.Close() }

var _ ports.Limiter = (*Limiter)(nil)
