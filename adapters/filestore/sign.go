package filestore

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.PutTickets = (*Store)(nil)

// maxTicket bounds what is worth decoding.
const maxTicket = 2048

// ticket is what an upload address carries: all of what it allows.
type ticket struct {
	Key     string `json:"k"`
	Size    int64  `json:"s"`
	Type    string `json:"t"`
	Expires int64  `json:"e"` // seconds since 1970
}

// SignPut implements ports.Blobs. The address leads to our own API, which has
// Redeem read it and then calls Put; nothing is kept of it here, so that it
// outlives a restart.
func (s *Store) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	_, bad := place(key)
	switch {
	case bad != nil:
		return ports.SignedPut{}, bad
	case len(s.putKeys) == 0 || s.putURL == "":
		return ports.SignedPut{}, bug("a store without a key for upload addresses")
	case size < 0:
		return ports.SignedPut{}, bug("a negative size")
	case s.maxSize > 0 && size > s.maxSize:
		return ports.SignedPut{}, core.Fail(core.CodeFileTooLarge, nil)
	case len(s.types) > 0 && !slices.Contains(s.types, contentType):
		return ports.SignedPut{}, core.Fail(core.CodeFileUnsupported, nil)
	}
	if _, err := s.Stat(ctx, key); !core.HasCode(err, core.CodeFileMissing) {
		if err == nil {
			err = core.Fail(core.CodeStorageConflict, nil)
		}
		return ports.SignedPut{}, err
	}
	until := time.Now().Add(max(ttl, time.Second)).Truncate(time.Second)
	body, err := json.Marshal(ticket{Key: key, Size: size, Type: contentType, Expires: until.Unix()})
	if err != nil {
		return ports.SignedPut{}, bug("a ticket that cannot be written")
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	address := s.putURL + "?token=" + text + "." + base64.RawURLEncoding.EncodeToString(seal(s.putKeys[0], text))
	return ports.SignedPut{URL: address, Headers: map[string]string{"Content-Type": contentType}, ExpiresAt: until}, nil
}

// Redeem implements ports.PutTickets.
func (s *Store) Redeem(given string) (ports.PutTicket, error) {
	text, mark, ok := strings.Cut(given, ".")
	if !ok || len(given) > maxTicket || !s.sealed(text, mark) {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, errors.New("not ours"))
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, err)
	}
	var t ticket
	if err := json.Unmarshal(body, &t); err != nil {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, err)
	}
	if !time.Now().Before(time.Unix(t.Expires, 0)) {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, errors.New("expired"))
	}
	return ports.PutTicket{Key: t.Key, Size: t.Size, ContentType: t.Type}, nil
}

// sealed reports whether one of our keys made the mark.
func (s *Store) sealed(text, mark string) bool {
	got, err := base64.RawURLEncoding.Strict().DecodeString(mark)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(s.putKeys, func(key []byte) bool { return hmac.Equal(got, seal(key, text)) })
}

// seal is the mark of a ticket under a master key. The word keeps it apart from
// whatever else is derived from that key.
func seal(master []byte, text string) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("upload address, 1\x00" + text))
	return mac.Sum(nil)
}
