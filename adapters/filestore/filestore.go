// Package filestore fills ports.Blobs with a folder: for development, for tests
// and for those who host the whole system themselves.
//
// An object is a folder named like its key with "~" appended, a character no
// key has, holding the bytes and their content type. It is written aside,
// synced, and renamed into place whole: rename refuses to replace a folder that
// is not empty, so a key is written once, whoever races for it, and a crash
// leaves either the whole object or none. Every access goes through os.Root and
// cannot leave the folder, symbolic links included.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Config is what the store needs to know.
type Config struct {
	Dir     string   // created when it is not there, readable by us alone
	MaxSize int64    // bytes of one object; 0 sets no limit
	Types   []string // content types that are taken, exactly; empty takes all

	PutURL     string   // the API's address that upload tickets are redeemed at; only for SignPut
	GetURL     string   // the same of download tickets; only for SignGet
	TicketKeys [][]byte // secrets that tickets are signed with: the first signs, all are believed
}

// Store keeps files in a folder. It is safe for concurrent use, by several
// processes too.
type Store struct {
	root       *os.Root
	maxSize    int64
	types      []string
	putURL     string
	getURL     string
	ticketKeys [][]byte
}

var _ ports.Blobs = (*Store)(nil)

const (
	objectsDir  = "objects"  // by key
	incomingDir = "incoming" // half written; no key reaches it
	trashDir    = "trash"    // half removed
	mark        = "~"        // ends an object's folder name
	bytesFile   = "bytes"
	typeFile    = "type"
)

// Open opens the folder; Close gives it back. The error names the folder.
func Open(c Config) (*Store, error) {
	if c.Dir == "" {
		return nil, errors.New("filestore: no folder is set")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	for _, dir := range []string{objectsDir, incomingDir, trashDir} {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			_ = root.Close()
			return nil, fmt.Errorf("filestore: %w", err)
		}
	}
	return &Store{root: root, maxSize: c.MaxSize, types: c.Types, putURL: c.PutURL, getURL: c.GetURL, ticketKeys: c.TicketKeys}, nil
}

// Close ends the use of the folder.
func (s *Store) Close() error { return s.root.Close() }

// objectKey is lower case only: some file systems do not tell cases apart.
var objectKey = regexp.MustCompile(`^[a-z0-9._-]{1,100}(/[a-z0-9._-]{1,100})*$`)

// maxKey keeps paths below every system's limit.
const maxKey = 500

// place is the object's folder.
func place(key string) (string, error) {
	if len(key) > maxKey || !objectKey.MatchString(key) {
		return "", bug("a key that is not made of ids")
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return "", bug("a key with a dot segment")
		}
	}
	return path.Join(objectsDir, key) + mark, nil
}

// Put implements ports.Blobs. A body that is not size bytes long is
// CodeFileChanged.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := s.admit(key, size, contentType); err != nil {
		return err
	}
	target, err := place(key)
	if err != nil {
		return err
	}
	if _, err := s.root.Lstat(target); err == nil {
		return core.Fail(core.CodeStorageConflict, nil) // without the bytes' work; the rename decides
	}
	aside := path.Join(incomingDir, core.NewID().String())
	defer func() { _ = s.root.RemoveAll(aside) }() // a no-op once it was renamed
	if err := s.write(ctx, aside, body, size, contentType); err != nil {
		return asError(ctx, err)
	}
	return asError(ctx, s.reveal(aside, target))
}

// Open implements ports.Blobs.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, ports.Blob, error) {
	blob, err := s.Stat(ctx, key)
	if err != nil {
		return nil, ports.Blob{}, err
	}
	target, _ := place(key) // Stat has checked it
	file, err := s.root.Open(path.Join(target, bytesFile))
	if err != nil {
		return nil, ports.Blob{}, asError(ctx, err)
	}
	return reader{file}, blob, nil
}

// Stat implements ports.Blobs.
func (s *Store) Stat(ctx context.Context, key string) (ports.Blob, error) {
	target, err := place(key)
	if err != nil {
		return ports.Blob{}, err
	}
	if err := ended(ctx); err != nil {
		return ports.Blob{}, err
	}
	info, err := s.root.Lstat(path.Join(target, bytesFile))
	if absent(err) {
		// Where the whole folder is gone, no object is "missing".
		if lost := s.Healthy(ctx); lost != nil {
			return ports.Blob{}, lost
		}
		return ports.Blob{}, asError(ctx, err)
	}
	if err != nil {
		return ports.Blob{}, asError(ctx, err)
	}
	if !info.Mode().IsRegular() {
		return ports.Blob{}, core.Fail(core.CodeStorageUnavailable, errors.New("an object that is no file"))
	}
	contentType, err := s.root.ReadFile(path.Join(target, typeFile))
	if err != nil {
		return ports.Blob{}, asError(ctx, err)
	}
	return ports.Blob{Key: key, Size: info.Size(), ContentType: string(contentType), WrittenAt: info.ModTime()}, nil
}

// Delete implements ports.Blobs. An object goes whole: it is renamed away
// before its files are removed.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if _, err := place(key); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := ended(ctx); err != nil {
			return err
		}
		if err := s.remove(key); err != nil {
			return asError(ctx, err)
		}
	}
	return nil
}

func (s *Store) remove(key string) error {
	target, err := place(key)
	if err != nil {
		return err
	}
	trash := path.Join(trashDir, core.NewID().String())
	err = s.root.Rename(target, trash)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(s.sync(path.Dir(target)), s.root.RemoveAll(trash))
}

// Healthy implements ports.Blobs.
func (s *Store) Healthy(ctx context.Context) error {
	if err := ended(ctx); err != nil {
		return err
	}
	_, err := s.root.Stat(objectsDir)
	if absent(err) {
		err = core.Fail(core.CodeStorageUnavailable, err)
	}
	return asError(ctx, err)
}
