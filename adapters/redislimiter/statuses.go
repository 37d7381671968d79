package redislimiter

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Statuses fills ports.Statuses. It is safe for concurrent use.
type Statuses struct {
	config  Config
	life    time.Duration
	client  *redis.Client
	circuit *gobreaker.CircuitBreaker[any]
	seal    cipher.AEAD
}

// NewStatuses makes Statuses whose entries live for life, and calls nothing:
// Redis may be away. It fails for an address that cannot be read.
func NewStatuses(c Config, life time.Duration) (*Statuses, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	seal, err := newSeal(c.Secret)
	if err != nil {
		return nil, err
	}
	return &Statuses{config: c, life: life, client: client, circuit: newCircuit[any](c), seal: seal}, nil
}

// lent is what a reader finds: a status, or the word under which it may keep one.
type lent struct{ kept, word string }

// Standing is where the document is: as it is kept, or as read tells.
//
// A reader that finds nothing is lent a word that stands in the entry, reads, and
// keeps what it read only while its word is there still. Moved takes the whole
// entry away. So what was read before a move and kept after it is not kept.
func (s *Statuses) Standing(ctx context.Context, who ports.Principal, id core.ID, read func() (ports.Standing, error)) (ports.Standing, error) {
	key := s.name(id)
	began := time.Now()
	found, err := s.borrow(ctx, key)
	if err != nil {
		s.told(ports.CacheError)
		return read()
	}
	if found.kept != "" {
		if standing, ours := s.open(found.kept, who, id); ours {
			s.told(ports.CacheHit)
			return standing, nil
		}
	}
	s.told(ports.CacheMiss)
	standing, err := read()
	if err != nil || found.word == "" || !keeps(standing) || time.Since(began) > s.life {
		return standing, err
	}
	s.keep(ctx, key, found.word, s.sealed(standing, who, id))
	return standing, nil
}

// keeps reports whether a standing may be kept: a document's that is under way.
// An end is never told but by the database.
func keeps(s ports.Standing) bool { return !s.Reserved && !s.Status.Terminal() }

// Moved forgets what is kept of the documents. Call it after the commit, and
// before anybody is told of it. Where Redis cannot be reached, an entry lives out
// its time.
func (s *Statuses) Moved(ctx context.Context, ids ...core.ID) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = s.name(id)
	}
	_, err := s.call(ctx, func(ctx context.Context) (any, error) { return s.client.Del(ctx, keys...).Result() })
	if err != nil {
		s.told(ports.CacheUnmoved)
		return
	}
	s.told(ports.CacheMoved)
}

// borrow reads the entry, or leaves a word in it.
func (s *Statuses) borrow(ctx context.Context, key string) (lent, error) {
	reply, err := s.call(ctx, func(ctx context.Context) (any, error) {
		return borrowScript.Run(ctx, s.client, []string{key}, rand.Text(), (2 * s.life).Milliseconds()).StringSlice()
	})
	list, ok := reply.([]string)
	if err == nil && (!ok || len(list) != 2) {
		err = fmt.Errorf("a reply that cannot be read (%T)", reply)
	}
	if err != nil {
		return lent{}, err
	}
	return lent{kept: list[0], word: list[1]}, nil
}

// keep puts a value into the entry where the word is there still.
func (s *Statuses) keep(ctx context.Context, key, word, value string) {
	_, _ = s.call(ctx, func(ctx context.Context) (any, error) { // what is not kept is read again
		return keepScript.Run(ctx, s.client, []string{key}, word, value, s.life.Milliseconds()).Result()
	})
}

// call asks Redis within its time, unless it is known to be away. A client that
// leaves does not end the call.
func (s *Statuses) call(ctx context.Context, ask func(context.Context) (any, error)) (any, error) {
	return s.circuit.Execute(func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Wait)
		defer cancel()
		return ask(ctx)
	})
}

func (s *Statuses) told(result ports.CacheResult) {
	if s.config.Cached != nil {
		s.config.Cached(result)
	}
}

// name is an entry's key: no id can be read in it, nor guessed without the secret.
func (s *Statuses) name(id core.ID) string {
	mac := hmac.New(sha256.New, s.config.Secret)
	mac.Write([]byte("navigator status\x00" + id.String()))
	return "navigator:status:" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// Close ends the connections.
func (s *Statuses) Close() error { return s.client.Close() }

var _ ports.Statuses = (*Statuses)(nil)

// borrowScript answers what is kept and the word, one of them empty. An entry
// that is not of this kind is taken for none.
var borrowScript = redis.NewScript(`
local kept = redis.pcall('HMGET', KEYS[1], 'kept', 'word')
if kept.err then
  redis.call('DEL', KEYS[1])
  kept = {false, false}
end
if kept[1] then return {kept[1], ''} end
if kept[2] then return {'', kept[2]} end
redis.call('HSET', KEYS[1], 'word', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'', ARGV[1]}
`)

// keepScript keeps a value where the word is there, and no other value.
var keepScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'word') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'kept') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'kept', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`)
