package redislimiter

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// noLocal lets everything through, so that Redis alone is seen; it counts how
// often it decided.
type noLocal struct{ asked atomic.Int64 }

func (l *noLocal) Allow(_ context.Context, _ string, rate ports.Rate) ports.Decision {
	l.asked.Add(1)
	return ports.Decision{Allowed: true, Remaining: rate.Requests}
}

// counted is a plain bucket that never drains.
type counted struct {
	mu     sync.Mutex
	counts map[string]int
}

func (l *counted) Allow(_ context.Context, key string, rate ports.Rate) ports.Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	key = rate.Name + key
	if l.counts[key] >= rate.Requests {
		return ports.Decision{Retry: time.Minute, Reset: rate.Window}
	}
	l.counts[key]++
	return ports.Decision{Allowed: true, Remaining: rate.Requests - l.counts[key], Reset: time.Minute}
}

// patient is settings for a machine under load: what is tested is what comes of
// a fault, and not how fast this machine is.
func patient(s *redistest.Server, local ports.Limiter) Config {
	return Config{URL: s.URL(), TLS: s.TLS(), Local: local, Secret: []byte("secret"), Wait: 10 * time.Second}
}

func opened(t *testing.T, c Config) *Limiter {
	t.Helper()
	l, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func hourly(requests int) ports.Rate {
	return ports.Rate{Name: core.NewID().String(), Requests: requests, Window: 1000 * time.Hour}
}

func direct(t *testing.T, s *redistest.Server) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: strings.TrimPrefix(s.URL(), "redis://")})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestLimiterKeepsItsContract(t *testing.T) {
	t.Parallel()
	local := &noLocal{}
	portstest.Limiter(t, opened(t, patient(redistest.New(t), local)))
}

// With a password and TLS, as it is hosted; and neither is done without.
func TestLimiterKeepsItsContractOverTLS(t *testing.T) {
	t.Parallel()
	server := redistest.NewSecure(t, "pass:w/ord")
	good := patient(server, &noLocal{})
	portstest.Limiter(t, opened(t, good))
	stranger := good
	stranger.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	wrong := good
	wrong.URL = strings.Replace(good.URL, "pass", "boss", 1)
	plain := good
	plain.URL = strings.Replace(good.URL, "rediss", "redis", 1)
	for name, c := range map[string]Config{"an unknown certificate": stranger, "a wrong password": wrong, "no TLS": plain} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := opened(t, c).Ping(ctx)
		cancel()
		if !core.HasCode(err, core.CodeRatesUnshared) || strings.Contains(err.Error(), "ord") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := opened(t, good).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// Two processes share one count.
func TestProcessesCountTogether(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	one, other := opened(t, patient(server, &counted{})), opened(t, patient(server, &counted{}))
	rate := hourly(6)
	allowed := 0
	for range 10 {
		for _, l := range []*Limiter{one, other} {
			if l.Allow(t.Context(), "ada", rate).Allowed {
				allowed++
			}
		}
	}
	if allowed != 6 {
		t.Errorf("%d of 20 were let through, want 6", allowed)
	}
}

// Who is counted cannot be read in Redis, nor computed without the secret.
func TestS27_KeysTellNobody(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	l := opened(t, patient(server, &noLocal{}))
	other := patient(server, &noLocal{})
	other.Secret = []byte("another")
	for _, key := range []string{"ada@example.org", "198.51.100.7", core.NewID().String()} {
		l.Allow(t.Context(), key, ports.Rate{Name: "auth", Requests: 5, Window: time.Hour})
		opened(t, other).Allow(t.Context(), key, ports.Rate{Name: "auth", Requests: 5, Window: time.Hour})
	}
	client := direct(t, server)
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 6 {
		t.Fatalf("keys %v (%v)", keys, err)
	}
	for _, key := range keys {
		if strings.ContainsAny(key, "@.") || !strings.HasPrefix(key, "navigator:rate:auth:") || len(key) > 50 {
			t.Errorf("key %q", key)
		}
		if left, err := client.PTTL(t.Context(), key).Result(); err != nil || left <= 0 || left > time.Hour {
			t.Errorf("%s is kept for %s (%v)", key, left, err)
		}
	}
}

func TestNewRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "localhost:6379", "http://hunter2@x", "redis://x:y:z", "redis://hunter2@host/notanumber"} {
		if _, err := New(Config{URL: url, Local: &noLocal{}}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := New(Config{URL: "redis://127.0.0.1:1"}); err == nil {
		t.Error("without counts of its own it is taken")
	}
}

// impostor listens, and answers every connection with the same text.
func impostor(t *testing.T, text string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // it said what it says
				for buffer := make([]byte, 4096); ; {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					if _, err := io.WriteString(conn, text); err != nil {
						return
					}
				}
			}()
		}
	}()
	return fmt.Sprintf("redis://%s", listener.Addr())
}

// What answers and is no Redis is as good as none: the process's own counts
// decide, and nothing breaks.
func TestGarbageIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a web server": "HTTP/1.1 400 Bad Request\r\n\r\n", "yes": "+OK\r\n", "a list of words": "*3\r\n+a\r\n+b\r\n+c\r\n",
		"too few": "*1\r\n:1\r\n", "too large": "*3\r\n:1\r\n:9223372036854775807\r\n:0\r\n", "below zero": "*3\r\n:0\r\n:-5\r\n:1\r\n",
		"nothing": "$-1\r\n", "zeros": "\x00\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told atomic.Int64
			l := opened(t, Config{URL: impostor(t, text), Local: &counted{}, Noted: func(err error) {
				if core.HasCode(err, core.CodeRatesUnshared) {
					told.Add(1)
				}
			}})
			rate := hourly(5)
			allowed := 0
			for range 20 {
				if l.Allow(t.Context(), "ada", rate).Allowed {
					allowed++
				}
			}
			if allowed != 5 || told.Load() == 0 {
				t.Errorf("%d of 20 were let through, want 5; told %d times", allowed, told.Load())
			}
		})
	}
}
