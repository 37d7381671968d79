package redislimiter

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// newSeal is what entries are sealed with: a document's name is in them, and
// Redis is not where names are kept.
func newSeal(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "navigator statuses", 32)
	if err != nil {
		return nil, fmt.Errorf("redislimiter: derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("redislimiter: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// owned is what a sealed standing is bound to: nobody else can open it, and it
// opens under no other document.
func owned(who ports.Principal, id core.ID) []byte {
	return []byte(who.User.String() + " " + id.String())
}

func (s *Statuses) sealed(standing ports.Standing, who ports.Principal, id core.ID) string {
	text, _ := json.Marshal(standing)                          // plain fields: it cannot fail
	return string(s.seal.Seal(nil, nil, text, owned(who, id))) //nolint:gosec // G407: the sealing draws its nonce itself
}

// open is false for what is not this owner's, or not ours. An end is taken from
// nobody's hand.
func (s *Statuses) open(sealed string, who ports.Principal, id core.ID) (standing ports.Standing, ours bool) {
	text, err := s.seal.Open(nil, nil, []byte(sealed), owned(who, id))
	if err != nil || json.Unmarshal(text, &standing) != nil {
		return ports.Standing{}, false
	}
	return standing, keeps(standing)
}
