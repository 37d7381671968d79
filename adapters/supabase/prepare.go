package supabase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// bucketState is a bucket's settings as the storage words them.
type bucketState struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Public  bool     `json:"public"`
	MaxSize *int64   `json:"file_size_limit"`
	Types   []string `json:"allowed_mime_types"`
}

// Healthy implements ports.Blobs: it reads the bucket's settings, once.
func (s *Storage) Healthy(ctx context.Context) error {
	_, err := s.readBucket(ctx, 1)
	return err
}

// Prepare implements ports.Blobs. Its errors wrap the *core.Error in a sentence
// for the operator: the setting or the step at fault, and the variable to mend.
func (s *Storage) Prepare(ctx context.Context) error {
	state, err := s.ensureBucket(ctx)
	if err != nil {
		return s.explain("reading or creating the bucket", err)
	}
	if err := s.verify(state); err != nil {
		return err
	}
	return s.probe(ctx)
}

func (s *Storage) readBucket(ctx context.Context, tries int) (bucketState, error) {
	var state bucketState
	err := s.ask(ctx, "bucket", tries, request{method: http.MethodGet, path: "/storage/v1/bucket/" + s.bucket}, &state)
	if err == nil && state.ID != s.bucket {
		err = core.Fail(core.CodeStorageUnavailable, errors.New("the storage answered for another bucket"))
	}
	return state, err
}

// ensureBucket creates the bucket where there is none. Another process may do
// the same at the same time: that it exists then is as good.
func (s *Storage) ensureBucket(ctx context.Context) (bucketState, error) {
	state, err := s.readBucket(ctx, maxTries)
	if !missingBucket(err) {
		return state, err
	}
	in := bucketState{ID: s.bucket, Name: s.bucket, Types: s.types}
	if s.maxSize > 0 {
		in.MaxSize = &s.maxSize
	}
	var out struct{}
	err = s.ask(ctx, "bucket creation", 1, request{method: http.MethodPost, path: "/storage/v1/bucket", in: in}, &out)
	var f *failure
	if core.HasCode(err, core.CodeFileTooLarge) {
		return bucketState{}, s.overGlobalLimit(err)
	}
	if err != nil && (!errors.As(err, &f) || f.code != "BucketAlreadyExists") {
		return bucketState{}, err
	}
	return s.readBucket(ctx, maxTries)
}

// overGlobalLimit is for a project that takes no file as large as ours may be.
func (s *Storage) overGlobalLimit(err error) error {
	return fmt.Errorf("the project's upload file size limit is below %d bytes: raise it in the project's Storage settings: %w", s.maxSize, err)
}

func missingBucket(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.bucket
}

// verify compares the bucket's settings with ours and tells every difference.
func (s *Storage) verify(state bucketState) error {
	var faults []string
	if state.Public {
		faults = append(faults, "it is public, and must be private")
	}
	if has := limitOf(state); has != s.maxSize {
		faults = append(faults, fmt.Sprintf("its file_size_limit is %d bytes, and must be %d", has, s.maxSize))
	}
	if !slices.Equal(sorted(state.Types), sorted(s.types)) {
		faults = append(faults, fmt.Sprintf("its allowed_mime_types are %v, and must be %v", sorted(state.Types), sorted(s.types)))
	}
	if len(faults) == 0 {
		return nil
	}
	refused := &core.Error{Code: core.CodeStorageDenied, Kind: core.Paused, Err: errors.New("bucket settings differ")}
	return fmt.Errorf("storage bucket %q: %s (mend it in the project's dashboard): %w", s.bucket, strings.Join(faults, "; "), refused)
}

func limitOf(state bucketState) int64 {
	if state.MaxSize == nil {
		return 0
	}
	return *state.MaxSize
}

func sorted(types []string) []string { return slices.Sorted(slices.Values(types)) }

// canary is not UTF-8, so that a path that treats files as text is found out.
var canary = []byte("canary\x00\xff\xfe\x80\r\n")

// probe proves write, read, list and delete with an object nobody else has.
func (s *Storage) probe(ctx context.Context) error {
	key := "canary/" + core.NewID().String()
	steps := []struct {
		name string
		run  func(context.Context, string) error
	}{{"write", s.probeWrite}, {"read", s.probeRead}, {"list", s.probeList}, {"delete", s.probeDelete}}
	for _, step := range steps {
		if err := step.run(ctx, key); err != nil {
			_ = s.Delete(context.WithoutCancel(ctx), key) // best effort: the step's own error counts
			return s.explain(step.name, err)
		}
	}
	return nil
}

// probeWrite leaves out Put's look afterwards: whether we may read is the next
// step's question.
func (s *Storage) probeWrite(ctx context.Context, key string) error {
	contentType := "application/octet-stream"
	if len(s.types) > 0 {
		contentType = s.types[0]
	}
	return s.upload(ctx, key, bytes.NewReader(canary), int64(len(canary)), contentType)
}

func (s *Storage) probeRead(ctx context.Context, key string) error {
	body, _, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err == nil && !bytes.Equal(got, canary) {
		err = core.Fail(core.CodeFileChanged, nil)
	}
	if err == nil {
		_, err = s.Stat(ctx, key)
	}
	return err
}

// probeList is for the sweeper of orphans, which has no other way to see them.
func (s *Storage) probeList(ctx context.Context, key string) error {
	found := false
	if err := s.list(ctx, key, func(ports.Blob) bool { found = true; return false }); err != nil {
		return err
	}
	if !found {
		return core.Fail(core.CodeStorageDenied, errors.New("the object is not listed"))
	}
	return nil
}

// probeDelete looks afterwards: a refused delete answers like one of nothing.
func (s *Storage) probeDelete(ctx context.Context, key string) error {
	if err := s.Delete(ctx, key); err != nil {
		return err
	}
	_, err := s.Stat(ctx, key)
	switch {
	case core.HasCode(err, core.CodeFileMissing):
		return nil
	case err != nil:
		return err
	}
	return core.Fail(core.CodeStorageDenied, errors.New("the object is still there"))
}

func (s *Storage) explain(step string, err error) error {
	if core.HasCode(err, core.CodeStorageDenied) {
		return fmt.Errorf("storage bucket %q: %s is refused: check %s, and the bucket's policies for service_role: %w", s.bucket, step, serviceKeyVariable, err)
	}
	return fmt.Errorf("storage bucket %q: %s failed: %w", s.bucket, step, err)
}
