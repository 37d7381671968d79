package httpapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/insurance-navigator/navigator/core"
)

// What each derived value is for; a change of form needs new words.
const (
	vaultRow         = "insurance-navigator idempotency v1 row"
	vaultFingerprint = "insurance-navigator idempotency v1 fingerprint"
	vaultAnswer      = "insurance-navigator idempotency v1 answer"
)

// vault is what one user's idempotency key opens. Only the client has the key:
// who has the stored rows alone learns from them no request and no answer, be
// it a file's name, a token or the hash of a password.
type vault struct {
	row   [sha256.Size]byte // names the stored row
	marks []byte            // key of the fingerprint's HMAC
	seal  cipher.AEAD       // closes the answer
}

// newVault derives everything from the key; user is zero where there is none.
func newVault(user, key core.ID) (*vault, error) {
	named := append([]byte(vaultRow), user[:]...)
	v := &vault{row: sha256.Sum256(append(named, key[:]...))}
	marks, err := hkdf.Key(sha256.New, key[:], user[:], vaultFingerprint, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the fingerprint's key: %w", err)
	}
	secret, err := hkdf.Key(sha256.New, key[:], user[:], vaultAnswer, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the answer's key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("make the answer's cipher: %w", err)
	}
	v.marks = marks
	v.seal, err = cipher.NewGCMWithRandomNonce(block)
	return v, err
}

// fingerprint tells one request from another. Each part's length goes in front
// of it, so that no two lists of parts are one.
func (v *vault) fingerprint(parts ...[]byte) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, v.marks)
	for _, part := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write(part)
	}
	copy(sum[:], mac.Sum(nil))
	return sum
}

// keptAnswer is an answer as it is sent again.
type keptAnswer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
	Code   core.Code         `json:"code,omitempty"` // of the problem in it, for our own records
}

// close seals an answer, bound to its row.
func (v *vault) close(a keptAnswer) ([]byte, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	return v.seal.Seal(nil, nil, plain, v.row[:]), nil //nolint:gosec // this cipher draws the nonce itself, and takes none
}

// open reads a sealed answer. One that was changed, or moved from another row,
// is CodeInternal.
func (v *vault) open(sealed []byte) (a keptAnswer, err error) {
	plain, err := v.seal.Open(nil, nil, sealed, v.row[:])
	if err != nil {
		return a, core.Fail(core.CodeInternal, err)
	}
	if err := json.Unmarshal(plain, &a); err != nil {
		return a, core.Fail(core.CodeInternal, err)
	}
	return a, nil
}
