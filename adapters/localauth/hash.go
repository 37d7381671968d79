package localauth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

// params are argon2id's costs.
type params struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// today is what new hashes are made with (OWASP's first choice).
var today = params{memory: 19456, passes: 2, threads: 1}

// ceiling bounds what a stored hash may ask of us.
var ceiling = params{memory: 1 << 20, passes: 64, threads: 16}

const (
	saltBytes = 16
	hashBytes = 32
)

var errBadHash = errors.New("stored password hash is not readable")

// hasher computes password hashes, as many at a time as there are processors:
// each takes 19 MiB and a core, and more at once would only take memory.
type hasher struct {
	slots chan struct{}
	made  atomic.Int64 // hashes computed: the work of an answer, which is to tell nothing
}

func newHasher() *hasher { return &hasher{slots: make(chan struct{}, runtime.GOMAXPROCS(0))} }

// derive waits for its turn, or for the end of ctx.
func (h *hasher) derive(ctx context.Context, password string, salt []byte, p params, length uint32) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // a free slot must not win against an ended context
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	h.made.Add(1)
	return argon2.IDKey([]byte(password), salt, p.passes, p.memory, p.threads, length), nil
}

// hash makes a PHC string with today's costs.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := random()[:saltBytes]
	sum, err := h.derive(ctx, password, salt, today, hashBytes)
	if err != nil {
		return "", err
	}
	return formatPHC(today, salt, sum), nil
}

// verify compares in constant time. old says that the hash's costs are not
// today's. errBadHash: what is stored is no argon2id hash.
func (h *hasher) verify(ctx context.Context, password, stored string) (ok, old bool, err error) {
	p, salt, sum, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, password, salt, p, uint32(len(sum))) //nolint:gosec // parsePHC bounds it
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, sum) == 1, p != today || len(sum) != hashBytes, nil
}

func formatPHC(p params, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, p.passes, p.threads, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func parsePHC(s string) (p params, salt, sum []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params{}, nil, nil, errBadHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads); err != nil || !p.sane() {
		return params{}, nil, nil, errBadHash
	}
	salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return params{}, nil, nil, errBadHash
	}
	sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return params{}, nil, nil, errBadHash
	}
	return p, salt, sum, nil
}

func (p params) sane() bool {
	return p.memory >= 8 && p.memory <= ceiling.memory &&
		p.passes >= 1 && p.passes <= ceiling.passes &&
		p.threads >= 1 && p.threads <= ceiling.threads
}
