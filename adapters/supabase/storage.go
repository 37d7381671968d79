package supabase

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Config is what the storage needs to know.
type Config struct {
	URL        string       // the project's address: SUPABASE_URL
	ServiceKey string       // sb_secret_... or the legacy service_role key
	Bucket     string       // private; created when it is not there
	MaxSize    int64        // bytes of one object; 0 leaves it to the project
	Types      []string     // MIME types the bucket takes, exactly; empty takes all
	ListPage   int          // objects that one call of List asks for; 0 for 250
	HTTPClient *http.Client // nil for one with sound limits; redirects are never followed
}

// Storage keeps files in one bucket of Supabase Storage. It is safe for
// concurrent use.
type Storage struct {
	client   *client
	key      apiKey
	bucket   string
	maxSize  int64
	types    []string
	listPage int
}

var _ ports.Blobs = (*Storage)(nil)

// bucketName is narrower than the storage's own rule: it needs no escaping.
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// NewStorage checks the configuration without calling anything. Its errors
// name the variable at fault.
func NewStorage(c Config) (*Storage, error) {
	key, keyErr := parseServiceKey(c.ServiceKey)
	made, urlErr := newClient(c.URL, c.HTTPClient)
	var bucketErr error
	if !bucketName.MatchString(c.Bucket) {
		bucketErr = fmt.Errorf("the storage bucket's name %q is not one of letters, digits, dots, dashes and underscores", c.Bucket)
	}
	if err := errors.Join(urlErr, keyErr, bucketErr); err != nil {
		return nil, err
	}
	return &Storage{client: made, key: key, bucket: c.Bucket, maxSize: c.MaxSize, types: c.Types, listPage: cmp.Or(c.ListPage, listPage)}, nil
}

// Put implements ports.Blobs. A body that is not size bytes long is
// CodeFileChanged. After a Transient error, or the context's, the outcome may be
// unknown: a second Put answers success or CodeStorageConflict, never overwrites.
func (s *Storage) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if err := s.admit(key, size); err != nil {
		return err
	}
	if err := s.upload(ctx, key, body, size, contentType); err != nil {
		return err
	}
	return s.confirm(ctx, key, size)
}

func (s *Storage) admit(key string, size int64) error {
	switch {
	case size < 0:
		return bug("a negative size")
	case s.maxSize > 0 && size > s.maxSize:
		return core.Fail(core.CodeFileTooLarge, nil)
	}
	return checkKey(key)
}

func (s *Storage) upload(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	limited, cancel := context.WithTimeout(ctx, transferTime(size))
	defer cancel()
	exact := newBody(limited, body, size)
	if size == 0 {
		if err := exact.empty(); err != nil {
			return bodyError(err)
		}
	}
	req, err := s.uploadRequest(limited, key, exact, size, contentType)
	if err != nil {
		return asError(ctx, err)
	}
	err = s.post(req)
	if fault := exact.finish(); fault != nil {
		return bodyError(fault)
	}
	return asError(ctx, err)
}

// askFirst is the size above which we let the storage refuse before the bytes
// are on their way: a refusal in their midst may be lost with the connection.
const askFirst = 256 << 10

// uploadRequest always states the length: a chunked body gets past the
// bucket's size limit.
func (s *Storage) uploadRequest(ctx context.Context, key string, body sentBody, size int64, contentType string) (*http.Request, error) {
	req, err := s.client.build(ctx, request{method: http.MethodPost, path: s.objectPath("", key)})
	if err != nil {
		return nil, err
	}
	req.Body, req.ContentLength = body, size
	if size == 0 {
		req.Body = http.NoBody // a zero length beside a body would mean "unknown"
	}
	s.key.apply(req.Header)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Cache-Control", "private, no-store")
	req.Header.Set("X-Upsert", "false")
	if size > askFirst {
		req.Header.Set("Expect", "100-continue")
	}
	return req, nil
}

func (s *Storage) post(req *http.Request) error {
	resp, err := s.client.http.Do(req)
	if err != nil {
		return &failure{step: "upload", cause: bare(err)}
	}
	defer drain(resp.Body)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &failure{step: "upload", cause: bare(err)}
	}
	return judge("upload", answer{status: resp.StatusCode, body: body})
}

// confirm compares what is stored with what was sent. An object of ours that
// came out wrong is removed, so that the next try finds its key free.
func (s *Storage) confirm(ctx context.Context, key string, size int64) error {
	blob, err := s.Stat(ctx, key)
	switch {
	case core.HasCode(err, core.CodeFileMissing):
		return core.Fail(core.CodeStorageUnavailable, errors.New("the storage took the object and has it not"))
	case err != nil:
		return err
	case blob.Size == size:
		return nil
	}
	cut := core.Fail(core.CodeStorageUnavailable, errors.New("the storage kept another number of bytes"))
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	if err := s.Delete(cleanup, key); err != nil {
		cut.Err = errors.Join(cut.Err, err)
	}
	return cut
}

// Stat implements ports.Blobs.
func (s *Storage) Stat(ctx context.Context, key string) (ports.Blob, error) {
	if err := checkKey(key); err != nil {
		return ports.Blob{}, err
	}
	var info struct {
		Size      *int64    `json:"size"`
		Type      string    `json:"content_type"`
		UpdatedAt time.Time `json:"last_modified"`
	}
	r := request{method: http.MethodGet, path: s.objectPath("/info", key)}
	if err := s.ask(ctx, "info", maxTries, r, &info); err != nil {
		return ports.Blob{}, err
	}
	if info.Size == nil {
		return ports.Blob{}, core.Fail(core.CodeStorageUnavailable, errors.New("the storage gave no size"))
	}
	return ports.Blob{Key: key, Size: *info.Size, ContentType: info.Type, WrittenAt: info.UpdatedAt}, nil
}

// maxDelete is the storage's own limit for one call.
const maxDelete = 1000

// Delete implements ports.Blobs.
func (s *Storage) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	for len(keys) > 0 {
		batch := keys[:min(len(keys), maxDelete)]
		keys = keys[len(batch):]
		in := struct {
			Prefixes []string `json:"prefixes"`
		}{batch}
		r := request{method: http.MethodDelete, path: "/storage/v1/object/" + s.bucket, in: in}
		var gone []struct{}
		if err := s.ask(ctx, "delete", maxTries, r, &gone); err != nil {
			return err
		}
	}
	return nil
}

// bug is an error of our own making: trying again cannot help.
func bug(what string) *core.Error {
	return &core.Error{Code: core.CodeInternal, Kind: core.Permanent, Err: errors.New(what)}
}

// bodyError is the fault of the bytes we were handed, not of the storage.
func bodyError(err error) error {
	if errors.Is(err, errShortBody) || errors.Is(err, errLongBody) {
		return core.Fail(core.CodeFileChanged, err)
	}
	return core.Fail(core.CodeInternal, err)
}

// transferTime bounds moving size bytes: half a minute, and 128 KiB/s beyond.
func transferTime(size int64) time.Duration {
	return 30*time.Second + time.Duration(max(size, 0)/(128<<10))*time.Second
}
