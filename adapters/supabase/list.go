package supabase

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// listPage is how many objects one call asks for: with the longest keys there
// are, twice each, and their metadata a page stays below maxAnswer.
const listPage = 250

// listedPage is one page of the storage's second list call.
type listedPage struct {
	More    bool           `json:"hasNext"`
	Cursor  string         `json:"nextCursor"`
	Objects []listedObject `json:"objects"`
}

type listedObject struct {
	Key       string    `json:"name"` // the whole of it; "key" is the last segment alone
	UpdatedAt time.Time `json:"updated_at"`
	Metadata  struct {
		Size *int64 `json:"size"`
		Type string `json:"mimetype"`
	} `json:"metadata"`
}

// List implements ports.Blobs by the storage's second list call. It goes on
// after a key, where the first one counts from the beginning and would skip an
// object for each that was deleted meanwhile; and it shows whole keys, where the
// first one shows one folder.
func (s *Storage) List(ctx context.Context, prefix string) iter.Seq2[ports.Blob, error] {
	return func(yield func(ports.Blob, error) bool) {
		if err := s.list(ctx, prefix, func(b ports.Blob) bool { return yield(b, nil) }); err != nil {
			yield(ports.Blob{}, err)
		}
	}
}

// list hands the objects on until yield has enough of them.
func (s *Storage) list(ctx context.Context, prefix string, yield func(ports.Blob) bool) error {
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	for cursor := ""; ; {
		page, err := s.page(ctx, prefix, cursor)
		if err != nil {
			return err
		}
		if cursor == "" && len(page.Objects) == 0 {
			return s.Healthy(ctx) // without the bucket, or the right to see it, nothing is listed as well
		}
		for _, object := range page.Objects {
			blob, err := object.blob()
			if err != nil {
				return err
			}
			if strings.HasPrefix(blob.Key, prefix) && !yield(blob) {
				return nil
			}
		}
		if !page.More {
			return nil
		}
		if page.Cursor == "" || page.Cursor == cursor {
			return core.Fail(core.CodeStorageUnavailable, errors.New("the storage's list does not go on"))
		}
		cursor = page.Cursor
	}
}

func (s *Storage) page(ctx context.Context, prefix, cursor string) (listedPage, error) {
	in := struct {
		Prefix string `json:"prefix"`
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor,omitempty"`
	}{prefix, s.listPage, cursor}
	var page listedPage
	r := request{method: http.MethodPost, path: "/storage/v1/object/list-v2/" + s.bucket, in: in}
	err := s.ask(ctx, "list", maxTries, r, &page)
	return page, err
}

// blob takes no object without size or time: who removes what is old must not
// be told that it is.
func (o listedObject) blob() (ports.Blob, error) {
	if o.Key == "" || o.Metadata.Size == nil || o.UpdatedAt.IsZero() {
		return ports.Blob{}, core.Fail(core.CodeStorageUnavailable, errors.New("the storage listed an object without key, size or time"))
	}
	return ports.Blob{Key: o.Key, Size: *o.Metadata.Size, ContentType: o.Metadata.Type, WrittenAt: o.UpdatedAt}, nil
}

// checkPrefix takes what a key can begin with.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return checkKey(strings.TrimSuffix(prefix, "/"))
}
