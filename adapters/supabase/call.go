package supabase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// objectKey is the storage's alphabet without the characters that an address
// treats specially and no key of ours holds.
var objectKey = regexp.MustCompile(`^[A-Za-z0-9_.,'!*&$@=;:+() -]+(/[A-Za-z0-9_.,'!*&$@=;:+() -]+)*$`)

// maxKey is below the length at which the storage breaks with a 500.
const maxKey = 900

// ask makes a call that may be repeated and decodes its answer. A success that
// is not JSON came from something between us and the storage: it is a failure.
func (s *Storage) ask(ctx context.Context, step string, tries int, r request, out any) error {
	r.header = http.Header{}
	s.key.apply(r.header)
	for n := 0; ; n++ {
		err := s.try(ctx, step, r, out)
		var f *failure
		if err == nil || ctx.Err() != nil || n+1 >= tries || !errors.As(err, &f) || !f.again() {
			return asError(ctx, err)
		}
		if err := pause(ctx, n); err != nil {
			return fmt.Errorf("storage: %w", err)
		}
	}
}

func (s *Storage) try(ctx context.Context, step string, r request, out any) error {
	got, err := s.client.send(ctx, r)
	if err != nil {
		return &failure{step: step, cause: err}
	}
	if err := judge(step, got); err != nil {
		return err
	}
	if !isJSON(got.body) || json.Unmarshal(got.body, out) != nil {
		return &failure{step: step, http: got.status}
	}
	return nil
}

// objectPath is the address of an object's route, each segment escaped.
func (s *Storage) objectPath(route, key string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return "/storage/v1/object" + route + "/" + s.bucket + "/" + strings.Join(segments, "/")
}

func checkKey(key string) error {
	if len(key) > maxKey || !objectKey.MatchString(key) {
		return bug("a key the storage cannot hold")
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return bug("a key with a dot segment")
		}
	}
	return nil
}
