package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// shelf is a storage of one object; opened counts the tries per key.
type shelf struct {
	body   io.Reader
	size   int64
	err    error
	opened []string
	closed bool
}

func (s *shelf) Open(_ context.Context, key string) (io.ReadCloser, core.Blob, error) {
	s.opened = append(s.opened, key)
	if s.err != nil {
		return nil, core.Blob{}, s.err
	}
	return closer{s.body, &s.closed}, core.Blob{Key: key, Size: s.size}, nil
}

type closer struct {
	io.Reader
	closed *bool
}

func (c closer) Close() error { *c.closed = true; return nil }

// parser is an outside parser that remembers what reached it.
type parser struct {
	found   bool
	findErr error
	refuses error
	deaf    bool // swallows the body's error, as a careless adapter would

	calls    []string
	received []byte
	asked    core.Submission
}

func (p *parser) Find(context.Context, core.Document) (core.Queued, bool, error) {
	p.calls = append(p.calls, "find")
	if p.findErr != nil || !p.found {
		return core.Queued{}, false, p.findErr
	}
	return core.Queued{ProviderJob: "job-found"}, true, nil
}

func (p *parser) Submit(_ context.Context, s core.Submission) (core.Queued, error) {
	p.calls, p.asked = append(p.calls, "submit"), s
	var err error
	p.received, err = io.ReadAll(s.Body)
	switch {
	case p.refuses != nil:
		return core.Queued{}, p.refuses
	case err != nil && !p.deaf:
		return core.Queued{}, core.Fail(core.CodeParserUnavailable, fmt.Errorf("send: %w", err))
	}
	return core.Queued{ProviderJob: "job-new", ProviderFile: "file-new"}, nil
}

func callback(attempt core.ID) (address, secret, token string) {
	return "https://hook.example/" + attempt.String(), "secret of " + attempt.String(), "token of " + attempt.String()
}

func parsing(blobs *shelf, p *parser) pipeline.Parsing {
	return pipeline.Parsing{Blobs: blobs, Parser: p, Callback: callback}
}

func stored(content string) *shelf {
	return &shelf{body: strings.NewReader(content), size: int64(len(content))}
}

func TestParseSubmitsTheStoredBytesWithItsCallback(t *testing.T) {
	t.Parallel()
	doc, blobs, outside := document("the policy", 1), stored("the policy"), &parser{}
	made, err := parsing(blobs, outside).Make(t.Context(), doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(core.Made(core.Queued{ProviderJob: "job-new", ProviderFile: "file-new"}), made); diff != "" {
		t.Errorf("made:\n%s", diff)
	}
	if string(outside.received) != "the policy" || !cmp.Equal(blobs.opened, []string{doc.Key}) || !blobs.closed {
		t.Errorf("the parser received %q of %v, closed %t", outside.received, blobs.opened, blobs.closed)
	}
	address, secret, token := callback(doc.Job)
	got := outside.asked
	if got.Callback != address || got.Secret != secret || got.Token != token || got.Document != doc {
		t.Errorf("the submission is %+v", got)
	}
}

// No callback at all is how polling is asked for.
func TestParseWithoutCallbackSendsNone(t *testing.T) {
	t.Parallel()
	outside := &parser{}
	stage := pipeline.Parsing{Blobs: stored("x"), Parser: outside, Callback: func(core.ID) (a, s, tok string) { return }}
	if _, err := stage.Make(t.Context(), document("x", 1)); err != nil {
		t.Fatal(err)
	}
	if got := outside.asked; got.Callback != "" || got.Secret != "" || got.Token != "" {
		t.Errorf("the submission is %+v", got)
	}
}

func TestL013_AStoredFileOfAnotherSizeIsNotParsed(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "the polic", "the policy and more"} {
		outside := &parser{}
		made, err := parsing(stored(content), outside).Make(t.Context(), document("the policy", 1))
		wantCode(t, err, core.CodeFileChanged, core.Permanent)
		wantNothing(t, made)
		if len(outside.calls) != 0 {
			t.Errorf("%q: the parser was asked: %v", content, outside.calls)
		}
	}
}

// The digest is known only at the last byte, and the last byte is not given
// away before: whatever the adapter makes of the broken read, the end is final.
func TestL013_AWrongFileNeverArrivesWhole(t *testing.T) {
	t.Parallel()
	right := strings.Repeat("a", 100_000)
	for name, outside := range map[string]*parser{
		"an adapter that wraps the read's error":   {},
		"an adapter that drops the read's error":   {refuses: core.Fail(core.CodeParserUnavailable, nil)},
		"an adapter that notices nothing at all":   {deaf: true},
		"an adapter that calls it the parser's no": {refuses: core.Fail(core.CodeParserRefused, errors.New("400"))},
	} {
		wrong := right[:len(right)-1] + "b"
		made, err := parsing(stored(wrong), outside).Make(t.Context(), document(right, 1))
		wantCode(t, err, core.CodeFileChanged, core.Permanent)
		wantNothing(t, made)
		if len(outside.received) >= len(right) {
			t.Errorf("%s: all %d bytes arrived", name, len(outside.received))
		}
	}
}

// Storage that says one size and sends fewer bytes.
func TestL013_ABodyThatEndsEarlyIsNotParsed(t *testing.T) {
	t.Parallel()
	blobs := stored("the pol")
	blobs.size = int64(len("the policy"))
	_, err := parsing(blobs, &parser{}).Make(t.Context(), document("the policy", 1))
	wantCode(t, err, core.CodeFileChanged, core.Permanent)
}

// A read that breaks is no proof of another file: it is tried again.
func TestParseTriesAgainAfterABrokenRead(t *testing.T) {
	t.Parallel()
	blobs := stored("the policy")
	blobs.body = io.MultiReader(strings.NewReader("the"), iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err := parsing(blobs, &parser{}).Make(t.Context(), document("the policy", 1))
	wantCode(t, err, core.CodeParserUnavailable, core.Transient)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cause is lost: %#v", err)
	}
}

// The predecessor parsed a sample file where the user's own was missing.
func TestP011b_AMissingFileIsParsedByNothingElse(t *testing.T) {
	t.Parallel()
	blobs := &shelf{err: &core.Error{Code: core.CodeFileMissing, Kind: core.Transient, Err: errors.New("404")}}
	doc, outside := document("the policy", 1), &parser{}
	made, err := parsing(blobs, outside).Make(t.Context(), doc)
	wantCode(t, err, core.CodeFileMissing, core.Permanent)
	wantNothing(t, made)
	if len(outside.calls) != 0 || !cmp.Equal(blobs.opened, []string{doc.Key}) {
		t.Errorf("the parser was asked %v, storage was asked for %v", outside.calls, blobs.opened)
	}
}

// FM-025: absent, denied and unreachable storage stay apart.
func TestFM025_StorageErrorsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for code, kind := range map[core.Code]core.Kind{core.CodeStorageDenied: core.Paused, core.CodeStorageUnavailable: core.Transient} {
		outside := &parser{}
		_, err := parsing(&shelf{err: core.Fail(code, nil)}, outside).Make(t.Context(), document("x", 1))
		wantCode(t, err, code, kind)
		if len(outside.calls) != 0 {
			t.Errorf("%s: the parser was asked", code)
		}
	}
	ctxErr := fmt.Errorf("open: %w", context.Canceled)
	if _, err := parsing(&shelf{err: ctxErr}, &parser{}).Make(t.Context(), document("x", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("the context's end became %v", err)
	}
}

// A lost answer is looked for before the document is handed over again.
func TestC20_ASecondRunFindsTheFirstSubmission(t *testing.T) {
	t.Parallel()
	unreachable := core.Fail(core.CodeParserUnavailable, nil)
	for name, row := range map[string]struct {
		outside    *parser
		submitting bool
		calls      []string
		job        string
	}{
		"first run":             {&parser{found: true}, false, []string{"submit"}, "job-new"},
		"second run, found":     {&parser{found: true}, true, []string{"find"}, "job-found"},
		"second run, not found": {&parser{}, true, []string{"find", "submit"}, "job-new"},
		"second run, no answer": {&parser{findErr: unreachable}, true, []string{"find"}, ""},
	} {
		doc := document("x", 1)
		doc.Submitting = row.submitting
		made, err := parsing(stored("x"), row.outside).Make(t.Context(), doc)
		if !cmp.Equal(row.outside.calls, row.calls) {
			t.Errorf("%s: the parser was asked %v, want %v", name, row.outside.calls, row.calls)
		}
		if row.job == "" {
			wantCode(t, err, core.CodeParserUnavailable, core.Transient)
			continue
		}
		if queued, ok := made.(core.Queued); err != nil || !ok || queued.ProviderJob != row.job {
			t.Errorf("%s: made %#v, %v; want %s", name, made, err, row.job)
		}
	}
}

func TestParsePassesTheParsersErrorOn(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{core.Fail(core.CodeParserRefused, nil), core.Wait(core.CodeParserBusy, 7, nil), fmt.Errorf("x: %w", context.DeadlineExceeded)} {
		made, err := parsing(stored("x"), &parser{refuses: refusal}).Make(t.Context(), document("x", 1))
		if !errors.Is(err, refusal) {
			t.Errorf("%v became %v", refusal, err)
		}
		wantNothing(t, made)
	}
}
