package pipeline_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// yard is store, storage and inspector at once, with one upload. It fails at
// the call called breaks: before it did its work, or, with after set, once it
// was done, as a process that dies.
type yard struct {
	up      core.Upload
	content []byte // nil: no object
	breaks  string
	after   bool
	broken  bool // it has failed: once is enough
	found   core.Inspection
	judge   error
	known   bool // the owner has the content
	made    []core.Arrived
	noticed int
}

func (y *yard) do(call string, work func()) error {
	if call != y.breaks || y.broken {
		work()
		return nil
	}
	y.broken = true
	if y.after {
		work()
	}
	return errBroken
}

func (y *yard) Upload(_ context.Context, id core.ID) (core.Upload, error) {
	if y.up.Document != id {
		return core.Upload{}, core.ErrStale
	}
	return y.up, y.do("upload", func() {})
}

func (y *yard) Awaited(context.Context, int) ([]core.Upload, error) {
	if y.up.State != core.UploadAwaited {
		return nil, y.do("awaited", func() {})
	}
	return []core.Upload{y.up}, y.do("awaited", func() {})
}

func (y *yard) Notice(context.Context, core.ID) error {
	return y.do("notice", func() { y.noticed++ })
}

func (y *yard) Admit(_ context.Context, up core.Upload, file core.Arrived, _ any) (state core.UploadState, err error) {
	if y.up.State != core.UploadAwaited {
		return "", core.ErrStale
	}
	err = y.do("admit", func() {
		if y.up.State = core.UploadDuplicate; !y.known {
			y.up.State = core.UploadArrived
			y.made = append(y.made, file)
		}
	})
	return y.up.State, err
}

func (y *yard) Refuse(ctx context.Context, _ core.ID, state core.UploadState, why core.Trouble) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return y.do("refuse", func() {
		if y.up.State == core.UploadAwaited {
			y.up.State, y.up.Trouble = state, &why
		}
	})
}

func (y *yard) Open(_ context.Context, key string) (io.ReadCloser, core.Blob, error) {
	if y.content == nil {
		return nil, core.Blob{}, core.Fail(core.CodeFileMissing, nil)
	}
	return io.NopCloser(bytes.NewReader(y.content)), core.Blob{Key: key, Size: int64(len(y.content))}, y.do("open", func() {})
}

func (y *yard) Stat(_ context.Context, key string) (core.Blob, error) {
	if y.content == nil {
		return core.Blob{}, core.Fail(core.CodeFileMissing, nil)
	}
	return core.Blob{Key: key}, y.do("stat", func() {})
}

func (y *yard) Delete(context.Context, ...string) error {
	return y.do("delete", func() { y.content = nil })
}

func (y *yard) Inspect(_ context.Context, r io.ReaderAt, size int64) (core.Inspection, error) {
	got := make([]byte, size)
	if _, err := r.ReadAt(got, 0); (err != nil && !errors.Is(err, io.EOF)) || !bytes.Equal(got, y.content) {
		return core.Inspection{}, errors.New("the inspector reads something else")
	}
	return y.found, y.judge
}

const content = "%PDF-1.7 the file"

func newYard() *yard {
	return &yard{content: []byte(content), found: core.Inspection{Type: "application/pdf", Pages: 3}, up: core.Upload{Document: core.NewID(),
		Key: "u/d/original.pdf", Name: "policy.pdf", ContentType: "application/pdf", Size: int64(len(content)), State: core.UploadAwaited,
		ExpiresAt: time.Now().Add(time.Minute)}}
}

func (y *yard) arriving(t *testing.T) pipeline.Arriving {
	t.Helper()
	return pipeline.Arriving{Store: y, Blobs: y, Inspector: y, SpoolDir: t.TempDir(), Grace: time.Minute, GiveUp: time.Hour, Now: time.Now,
		Rules: intake.Rules{MaxBytes: 1000, MaxPages: 10, Types: []string{"application/pdf"}}}
}

func TestAnArrivalBelievesTheBytesAlone(t *testing.T) {
	t.Parallel()
	y := newYard()
	a := y.arriving(t)
	if err := a.Run(t.Context(), y.up.Document, nil); err != nil {
		t.Fatal(err)
	}
	want := []core.Arrived{{ContentType: "application/pdf", SHA256: sha256.Sum256([]byte(content)), Pages: 3}}
	if diff := cmp.Diff(want, y.made); diff != "" || y.content == nil {
		t.Errorf("made (the object is there: %t):\n%s", y.content != nil, diff)
	}
	if err := a.Run(t.Context(), y.up.Document, nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("again: %v", err)
	}
	if left, err := os.ReadDir(a.SpoolDir); err != nil || len(left) != 0 {
		t.Errorf("on the disk lie %v (%v)", left, err)
	}
}

func TestAFileThatIsNotTakenEndsItsUpload(t *testing.T) {
	t.Parallel()
	for code, spoil := range map[core.Code]func(*yard){
		core.CodeFileEmpty:        func(y *yard) { y.content = []byte{} },
		core.CodeFileTooLarge:     func(y *yard) { y.content = make([]byte, 1001) },
		core.CodeSizeDiffers:      func(y *yard) { y.up.Size++ },
		core.CodeFileUnsupported:  func(y *yard) { y.found.Type = "text/plain" },
		core.CodeFileTooManyPages: func(y *yard) { y.found.Pages = 11 },
		core.CodeFileEncrypted:    func(y *yard) { y.judge = core.Fail(core.CodeFileEncrypted, nil) },
		core.CodeFileBroken:       func(y *yard) { y.judge = core.Fail(core.CodeFileBroken, nil) },
	} {
		y := newYard()
		spoil(y)
		if err := y.arriving(t).Run(t.Context(), y.up.Document, nil); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		if y.up.State != core.UploadFailed || y.up.Trouble == nil || y.up.Trouble.Code != code || y.up.Trouble.Stage != core.AwaitingFile || y.content != nil {
			t.Errorf("%s: ended as %s %+v; the object is there: %t", code, y.up.State, y.up.Trouble, y.content != nil)
		}
	}
}

// Broken off at any call, before or after its work, the run that follows ends
// as one that was never broken off.
func TestC20_L023_AnArrivalBrokenOffAnywhereEndsTheSame(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*yard){
		"taken":     func(*yard) {},
		"refused":   func(y *yard) { y.judge = core.Fail(core.CodeFileBroken, nil) },
		"duplicate": func(y *yard) { y.known = true },
		"overdue":   func(y *yard) { y.content, y.up.ExpiresAt = nil, time.Now().Add(-time.Hour) },
	}
	for name, shape := range cases {
		whole := newYard()
		shape(whole)
		if err := whole.arriving(t).Run(t.Context(), whole.up.Document, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, call := range []string{"upload", "open", "admit", "refuse", "delete"} {
			for _, after := range []bool{false, true} {
				y := newYard()
				shape(y)
				y.breaks, y.after = call, after
				a := y.arriving(t)
				for range 2 { // the break is met by the first or, after an end, by the second
					_ = a.Run(t.Context(), y.up.Document, nil)
				}
				if err := a.Run(t.Context(), y.up.Document, nil); err != nil && !errors.Is(err, core.ErrStale) {
					t.Errorf("%s, broken off at %s: then %v", name, call, err)
				}
				got := fmt.Sprint(y.up.State, y.up.Trouble != nil, y.content != nil, len(y.made))
				if want := fmt.Sprint(whole.up.State, whole.up.Trouble != nil, whole.content != nil, len(whole.made)); got != want {
					t.Errorf("%s, broken off at %s (after %t): %s, want %s", name, call, after, got, want)
				}
			}
		}
	}
}

// What is our own fault fails no file, until it has lasted too long.
func TestOurOwnTroubleEndsNoUploadSoon(t *testing.T) {
	t.Parallel()
	y := newYard()
	y.judge = core.Fail(core.CodeStorageUnavailable, nil)
	a := y.arriving(t)
	if err := a.Run(t.Context(), y.up.Document, nil); !core.HasCode(err, core.CodeStorageUnavailable) || y.up.State != core.UploadAwaited {
		t.Errorf("%v, and the upload is %s", err, y.up.State)
	}
	a.Now = func() time.Time { return y.up.ExpiresAt.Add(2 * time.Hour) }
	y.judge = fmt.Errorf("stopped: %w", context.Canceled)
	if err := a.Run(t.Context(), y.up.Document, nil); !errors.Is(err, context.Canceled) || y.up.State != core.UploadAwaited {
		t.Errorf("a process that ends: %v, and the upload is %s", err, y.up.State)
	}
	y.judge = fmt.Errorf("out of time: %w", context.DeadlineExceeded)
	if err := a.Run(t.Context(), y.up.Document, nil); err != nil || y.up.State != core.UploadFailed {
		t.Errorf("for ever: %v, and the upload is %s", err, y.up.State)
	}
}

func TestTheRoundNoticesFilesAndEndsWhatIsOverdue(t *testing.T) {
	t.Parallel()
	y := newYard()
	if err := y.arriving(t).Round(t.Context(), 10); err != nil || y.noticed != 1 {
		t.Errorf("%v, %d noticed", err, y.noticed)
	}
	y = newYard()
	y.content = nil
	a := y.arriving(t)
	for _, c := range []struct {
		late time.Duration
		want core.UploadState
	}{{-time.Second, core.UploadAwaited}, {30 * time.Second, core.UploadAwaited}, {61 * time.Second, core.UploadExpired}} {
		a.Now = func() time.Time { return y.up.ExpiresAt.Add(c.late) }
		if err := a.Round(t.Context(), 10); err != nil || y.up.State != c.want {
			t.Errorf("%s after the expiry: %v, %s", c.late, err, y.up.State)
		}
	}
	if y.up.Trouble == nil || y.up.Trouble.Code != core.CodeUploadExpired || y.noticed != 0 {
		t.Errorf("it ended with %+v, noticed %d times", y.up.Trouble, y.noticed)
	}
	for _, call := range []string{"awaited", "stat", "notice"} {
		y = newYard()
		y.breaks = call
		if err := y.arriving(t).Round(t.Context(), 10); !errors.Is(err, errBroken) {
			t.Errorf("%s broke: %v", call, err)
		}
	}
}
