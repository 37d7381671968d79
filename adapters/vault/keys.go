// Package vault keeps backups in an archive: encrypted with age, each part
// with its digest in a manifest that nobody else can have written.
package vault

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// What is wrong with an archive. Each is wrapped with the name of the object.
var (
	ErrBusy    = errors.New("another backup, prune or export of tombstones is at work in this archive: wait for it")
	ErrFull    = errors.New("the archive's disk is full: make room and run it again; nothing that was there is harmed")
	ErrKey     = errors.New("BACKUP_KEY is not the key of this archive: give the one it was made with; several may stand there, the newest first")
	ErrDamaged = errors.New("damaged: it is not what was written")
	ErrMissing = errors.New("missing from the archive")
	// ErrPermanent is of Prune alone.
	ErrPermanent = errors.New("nothing was removed: from a bucket nothing can be, its login may not and its versions are locked; " +
		"what is old goes by the bucket's own lifecycle rules, and prune is for folders")
)

// Keys open an archive. The first one closes it; the others are former ones,
// which still open what was made with them.
type Keys struct{ identities []*age.X25519Identity }

// NewKey makes a key; it is a secret.
func NewKey() (string, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return identity.String(), nil
}

// ParseKeys reads keys with spaces, commas or line ends between them. The error
// does not hold them.
func ParseKeys(text string) (Keys, error) {
	var k Keys
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,\r\n\t", r) }) {
		identity, err := age.ParseX25519Identity(word)
		if err != nil {
			return Keys{}, errors.New("BACKUP_KEY: not an age key (AGE-SECRET-KEY-1...): make one with navigator backup key")
		}
		k.identities = append(k.identities, identity)
	}
	if len(k.identities) == 0 {
		return Keys{}, errors.New("BACKUP_KEY is missing: make one with navigator backup key, and keep it away from the archive")
	}
	return k, nil
}

// lock encrypts what is written; Close ends it.
func (k Keys) lock(to io.Writer) (io.WriteCloser, error) {
	return age.Encrypt(to, k.identities[0].Recipient())
}

// unlock decrypts. A cut or changed text is an error of a later read.
func (k Keys) unlock(from io.Reader) (io.Reader, error) {
	identities := make([]age.Identity, len(k.identities))
	for i, one := range k.identities {
		identities[i] = one
	}
	plain, err := age.Decrypt(from, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return nil, ErrKey
	case err != nil:
		return nil, ErrDamaged
	}
	return plain, nil
}

// purpose separates what is sealed: a manifest can never stand in for a name.
type purpose string

const (
	ofManifest  purpose = "navigator backup manifest"
	ofTombstone purpose = "navigator backup tombstones"
)

// seal proves a digest by the first key.
func (k Keys) seal(p purpose, text []byte) []byte { return sealed(k.identities[0], p, text) }

// proves reports whether one of the keys made the seal.
func (k Keys) proves(p purpose, text, seal []byte) bool {
	for _, one := range k.identities {
		if hmac.Equal(sealed(one, p, text), seal) {
			return true
		}
	}
	return false
}

func sealed(identity *age.X25519Identity, p purpose, text []byte) []byte {
	// 32 bytes of SHA-256 are always to be had.
	secret, _ := hkdf.Key(sha256.New, []byte(identity.String()), nil, string(p), sha256.Size)
	mac := hmac.New(sha256.New, secret)
	mac.Write(text)
	return mac.Sum(nil)
}
