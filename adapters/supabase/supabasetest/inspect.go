package supabasetest

import (
	"errors"
	"io"
	"strings"
)

// Object is a stored object as tests see it.
type Object struct {
	Key         string
	Size        int64
	ContentType string
}

// Objects lists a bucket's objects, sorted by key.
func (s *Server) Objects(bucketID string) []Object {
	all := []Object{}
	for _, o := range s.vault.list(bucketID) {
		all = append(all, Object{Key: o.Name, Size: o.Size, ContentType: o.Type})
	}
	return all
}

// Bytes is an object's content; ok is false when there is none.
func (s *Server) Bytes(bucketID, key string) (content []byte, ok bool) {
	o, ok := s.vault.find(bucketID, key)
	if !ok {
		return nil, false
	}
	file, err := s.vault.open(o)
	if err != nil {
		return nil, false
	}
	defer file.Close()
	content, err = io.ReadAll(file)
	return content, err == nil
}

// Lose removes an object behind the API's back, as a lost disk does.
func (s *Server) Lose(bucketID, key string) { s.vault.remove(bucketID, key) }

// ErrNoObject says that there is nothing to overwrite.
var ErrNoObject = errors.New("supabasetest: no such object")

// Overwrite changes an object's bytes behind the API's back.
func (s *Server) Overwrite(bucketID, key string, content []byte) error {
	o, ok := s.vault.find(bucketID, key)
	if !ok {
		return ErrNoObject
	}
	version, size, etag, err := s.vault.receive(strings.NewReader(string(content)))
	if err != nil {
		return err
	}
	o.Version, o.Size, o.ETag, o.UpdatedAt = version, size, etag, s.opts.Now()
	_, err = s.vault.commit(o, true)
	return err
}
