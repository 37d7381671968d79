package core

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 9562 defines version 5 by SHA-1; nothing is secured by it
	"encoding/hex"
	"errors"
	"time"
)

// ID is a UUID in its 16 bytes. The zero ID stands for "none".
type ID [16]byte

// ErrBadID says a text is not a UUID in its 36-character form.
var ErrBadID = errors.New("not a UUID")

// NewID makes a UUIDv7 (RFC 9562): sortable by the millisecond it was made in.
func NewID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails
	ms := uint64(time.Now().UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // the low byte is meant
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// DerivedID makes a UUIDv5 (RFC 9562) of a name within a space: the same name
// gives the same id for ever.
func DerivedID(space ID, name string) ID {
	h := sha1.New() //nolint:gosec // see the import
	h.Write(space[:])
	h.Write([]byte(name))
	var id ID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads the 36-character form, either case. It returns ErrBadID for
// anything else, braces and URNs included.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, ErrBadID
	}
	digits := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return ID{}, ErrBadID
	}
	return id, nil
}

// IsZero reports whether the id is none.
func (id ID) IsZero() bool { return id == ID{} }

// String is the 36-character lower-case form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
	return string(b[:])
}

// MarshalText and UnmarshalText let an ID stand in JSON as its 36 characters.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the 36-character form.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
