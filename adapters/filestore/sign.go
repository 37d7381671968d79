package filestore

import (
	"cmp"
	"context"
	"path"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.Tickets = (*Store)(nil)

// putTicket is what an upload address carries: all of what it allows.
type putTicket struct {
	Key     string `json:"k"`
	Size    int64  `json:"s"`
	Type    string `json:"t"`
	Expires int64  `json:"e"` // seconds since 1970
}

// getTicket is the same of a download address.
type getTicket struct {
	Key     string `json:"k"`
	Name    string `json:"n"`
	Expires int64  `json:"e"`
}

// SignPut implements ports.Blobs. The address leads to our own API, which has
// RedeemPut read it and then calls Put; nothing is kept of it here, so that it
// outlives a restart.
func (s *Store) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	if err := s.admit(key, size, contentType); err != nil {
		return ports.SignedPut{}, err
	}
	if _, err := s.Stat(ctx, key); !core.HasCode(err, core.CodeFileMissing) {
		if err == nil {
			err = core.Fail(core.CodeStorageConflict, nil)
		}
		return ports.SignedPut{}, err
	}
	until := deadline(ttl)
	address, err := s.issue(s.putURL, forPut, putTicket{Key: key, Size: size, Type: contentType, Expires: until.Unix()})
	if err != nil {
		return ports.SignedPut{}, err
	}
	return ports.SignedPut{URL: address, Headers: map[string]string{"Content-Type": contentType}, ExpiresAt: until}, nil
}

// SignGet implements ports.Blobs, like SignPut.
func (s *Store) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	if _, err := s.Stat(ctx, key); err != nil {
		return ports.SignedGet{}, err
	}
	until := deadline(ttl)
	address, err := s.issue(s.getURL, forGet, getTicket{Key: key, Name: cmp.Or(name, path.Base(key)), Expires: until.Unix()})
	if err != nil {
		return ports.SignedGet{}, err
	}
	return ports.SignedGet{URL: address, ExpiresAt: until}, nil
}

// RedeemPut implements ports.Tickets.
func (s *Store) RedeemPut(given string) (ports.PutTicket, error) {
	var t putTicket
	if err := s.read(forPut, given, &t); err != nil {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, err)
	}
	if err := alive(t.Expires); err != nil {
		return ports.PutTicket{}, core.Fail(core.CodeUploadLink, err)
	}
	return ports.PutTicket{Key: t.Key, Size: t.Size, ContentType: t.Type}, nil
}

// RedeemGet implements ports.Tickets.
func (s *Store) RedeemGet(given string) (ports.GetTicket, error) {
	var t getTicket
	if err := s.read(forGet, given, &t); err != nil {
		return ports.GetTicket{}, core.Fail(core.CodeDownloadLink, err)
	}
	if err := alive(t.Expires); err != nil {
		return ports.GetTicket{}, core.Fail(core.CodeDownloadLink, err)
	}
	return ports.GetTicket{Key: t.Key, Name: t.Name}, nil
}

// admit refuses what Put would refuse by its arguments alone.
func (s *Store) admit(key string, size int64, contentType string) error {
	switch _, bad := place(key); {
	case bad != nil:
		return bad
	case size < 0:
		return bug("a negative size")
	case s.maxSize > 0 && size > s.maxSize:
		return core.Fail(core.CodeFileTooLarge, nil)
	case len(s.types) > 0 && !slices.Contains(s.types, contentType):
		return core.Fail(core.CodeFileUnsupported, nil)
	}
	return nil
}

func deadline(ttl time.Duration) time.Time {
	return time.Now().Add(max(ttl, time.Second)).Truncate(time.Second)
}
