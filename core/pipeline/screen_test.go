package pipeline_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
)

// scanning is a scanner that reads so much of the file and says what it is told to.
type scanning struct {
	reads     int64 // -1 for all
	signature string
	err       error
	seen      string
}

func (s *scanning) Scan(_ context.Context, body io.Reader) (string, error) {
	if s.reads >= 0 {
		body = io.LimitReader(body, s.reads)
	}
	text, err := io.ReadAll(body)
	s.seen = string(text)
	if err != nil {
		return "", err
	}
	return s.signature, s.err
}

// reopened is a storage that gives the file as often as it is asked.
type reopened struct{ content string }

func (r reopened) Open(context.Context, string) (io.ReadCloser, core.Blob, error) {
	return io.NopCloser(strings.NewReader(r.content)), core.Blob{Size: int64(len(r.content))}, nil
}

func TestS17_OnlyAWholeCleanFileReachesTheParser(t *testing.T) {
	t.Parallel()
	const content = "twelve bytes"
	away := core.Fail(core.CodeScanUnavailable, nil)
	for name, c := range map[string]struct {
		scanner scanning
		stored  string
		code    core.Code // empty: it is submitted
		kind    core.Kind
	}{
		"clean":                {scanning{reads: -1}, content, "", 0},
		"malware":              {scanning{reads: -1, signature: "X"}, content, core.CodeFileInfected, core.Invalid},
		"malware, told early":  {scanning{reads: 3, signature: "X"}, content, core.CodeFileInfected, core.Invalid},
		"away":                 {scanning{reads: 3, err: away}, content, core.CodeScanUnavailable, core.Busy},
		"an unknown fault":     {scanning{reads: -1, err: errors.New("?")}, content, core.CodeScanUnavailable, core.Busy},
		"clean, but not whole": {scanning{reads: 3}, content, core.CodeScanUnavailable, core.Busy},
		"another file":         {scanning{reads: -1}, "TWELVE BYTES", core.CodeFileChanged, core.Permanent},
	} {
		p, found := &parser{}, ""
		stage := pipeline.Parsing{Blobs: reopened{c.stored}, Parser: p, Callback: func(core.ID) (string, string, string) { return "", "", "" },
			Screen: pipeline.Screening{Scanner: &c.scanner, Found: func(_ context.Context, _ core.Document, signature string) { found = signature }}}
		made, err := stage.Make(t.Context(), document(content, 1))
		if c.code == "" {
			if err != nil || string(p.received) != content || c.scanner.seen != content {
				t.Errorf("%s: %v, the parser has %q, the scanner %q", name, err, p.received, c.scanner.seen)
			}
			continue
		}
		wantCode(t, err, c.code, c.kind)
		wantNothing(t, made)
		if len(p.calls) != 0 || found != c.scanner.signature {
			t.Errorf("%s: the parser was asked to %v; %q was told", name, p.calls, found)
		}
		if c.kind == core.Busy && !core.Settled(err) {
			t.Errorf("%s: it seems that the parser was asked", name)
		}
	}
}

// condemned is the store and the storage of one such document.
type condemned struct {
	key     string
	err     error
	deleted []string
}

func (c *condemned) Condemned(context.Context, core.ID) (string, error) { return c.key, c.err }
func (c *condemned) Stat(context.Context, string) (core.Blob, error)    { return core.Blob{}, nil }
func (c *condemned) Delete(_ context.Context, keys ...string) error {
	c.deleted = append(c.deleted, keys...)
	return nil
}

func TestClearingRemovesWhatIsCondemnedAlone(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is away")
	for _, c := range []struct {
		store *condemned
		want  int
	}{{&condemned{key: "a/b/original.pdf"}, 1}, {&condemned{}, 0}, {&condemned{key: "a", err: broken}, 0}} {
		err := pipeline.Clearing{Store: c.store, Blobs: c.store}.Run(t.Context(), core.NewID())
		if !errors.Is(err, c.store.err) || len(c.store.deleted) != c.want {
			t.Errorf("%v, deleted %v", err, c.store.deleted)
		}
	}
}
