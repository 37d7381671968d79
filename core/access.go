package core

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
)

// Scope is what an API key may do. The set is closed; no scope makes keys or
// touches the account.
type Scope string

// The scopes.
const (
	ScopeRead   Scope = "documents:read"   // see documents, their text and files
	ScopeWrite  Scope = "documents:write"  // upload, retry and cancel
	ScopeDelete Scope = "documents:delete" // delete
	ScopeSearch Scope = "search"           // ask questions
)

// Scopes is every scope.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopeDelete, ScopeSearch} }

// Known reports whether the scope is in the set.
func (s Scope) Known() bool { return slices.Contains(Scopes(), s) }

// Role is what lets somebody read what operators read. The set is closed.
type Role string

// The roles. Neither sees a document's name, text, file or vectors.
const (
	RoleAdmin  Role = "admin"  // reads documents' states, queues and failures, and what operators did
	RoleOnCall Role = "oncall" // the same without what operators did
)

// Roles is every role.
func Roles() []Role { return []Role{RoleAdmin, RoleOnCall} }

// Known reports whether the role is in the set.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// KeyPrefix begins every API key, so that a scanner of secrets, and a person,
// know one where it should not be.
const KeyPrefix = "ink_"

// The form of an API key: the prefix, 256 random bits and a CRC-32 of what
// comes before it, both in base 62. The sum tells a key from anything else that
// looks like one without asking the database.
const (
	keyBytes  = 32
	keyDigits = 43 // of 256 bits
	sumDigits = 6  // of 32 bits
	hintChars = len(KeyPrefix) + 6
)

// NewAPIKey makes a key. It is shown once, and its digest alone is kept.
func NewAPIKey() string {
	secret := make([]byte, keyBytes)
	_, _ = rand.Read(secret) // crypto/rand.Read never fails
	key := KeyPrefix + digits(secret, keyDigits)
	return key + keySum(key)
}

// LooksLikeAPIKey reports whether a credential is meant to be a key, good or
// not.
func LooksLikeAPIKey(credential string) bool { return strings.HasPrefix(credential, KeyPrefix) }

// APIKeyDigest is what is kept of a key; ok is false for what is none. A plain
// SHA-256 suffices: 256 random bits cannot be guessed, so there is nothing for a
// slow hash to slow down.
func APIKeyDigest(key string) (digest [32]byte, ok bool) {
	body := len(KeyPrefix) + keyDigits
	if len(key) != body+sumDigits || !LooksLikeAPIKey(key) || keySum(key[:body]) != key[body:] {
		return digest, false
	}
	return sha256.Sum256([]byte(key)), true
}

// APIKeyHint is how a key begins: enough for its owner to know it by.
func APIKeyHint(key string) string { return key[:min(hintChars, len(key))] }

func keySum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	return digits([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, sumDigits) //nolint:gosec // the low bytes are meant
}

// digits writes a number in base 62, with leading zeros.
func digits(number []byte, width int) string {
	text := new(big.Int).SetBytes(number).Text(62)
	return strings.Repeat("0", max(0, width-len(text))) + text
}
