package intake_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
)

// says is an inspector that finds what it is told to.
type says struct {
	found core.Inspection
	err   error
}

func (s says) Inspect(context.Context, io.ReaderAt, int64) (core.Inspection, error) {
	return s.found, s.err
}

func TestAFileIsJudgedByItsBytesAndHeldToItsClaims(t *testing.T) {
	t.Parallel()
	const pdf = "application/pdf"
	rules := intake.Rules{MaxBytes: 100, MaxPages: 2, Types: []string{pdf}}
	for name, c := range map[string]struct {
		found          core.Inspection
		err            error
		declared, file string
		want           core.Code // empty: taken
	}{
		"as claimed":         {core.Inspection{Type: pdf, Pages: 2}, nil, pdf, "a.pdf", ""},
		"no claim":           {core.Inspection{Type: pdf, Pages: 1}, nil, "", "Plan 2.1", ""},
		"a vague claim":      {core.Inspection{Type: pdf}, nil, "application/octet-stream", "a", ""},
		"another type":       {core.Inspection{Type: "text/plain"}, nil, pdf, "a.pdf", core.CodeFileUnsupported},
		"another ending":     {core.Inspection{Type: pdf}, nil, pdf, "a.EXE", core.CodeFileUnsupported},
		"another claim":      {core.Inspection{Type: pdf}, nil, "image/png", "a.pdf", core.CodeFileUnsupported},
		"a page too many":    {core.Inspection{Type: pdf, Pages: 3}, nil, pdf, "a.pdf", core.CodeFileTooManyPages},
		"the inspector's no": {core.Inspection{}, core.Fail(core.CodeFileEncrypted, nil), pdf, "a.pdf", core.CodeFileEncrypted},
	} {
		_, err := rules.Inspect(t.Context(), says{c.found, c.err}, strings.NewReader("x"), 1, c.declared, c.file)
		if (c.want == "") != (err == nil) || (err != nil && !core.HasCode(err, c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestASpoolCountsHashesAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, content, broken := t.TempDir(), "twelve bytes", errors.New("the line broke")
	for name, c := range map[string]struct {
		from  io.Reader
		limit int64
		want  error
	}{
		"whole":           {strings.NewReader(content), 12, nil},
		"a byte too many": {strings.NewReader(content), 11, core.Fail(core.CodeFileTooLarge, nil)},
		"nothing":         {strings.NewReader(""), 12, core.Fail(core.CodeFileEmpty, nil)},
		"broken off":      {io.MultiReader(strings.NewReader("twelve"), iotest.ErrReader(broken)), 12, broken},
	} {
		spool, err := intake.NewSpool(dir)
		if err != nil {
			t.Fatal(err)
		}
		var counted int64
		err = spool.Fill(c.from, c.limit, &counted)
		if (err == nil) != (c.want == nil) || (err != nil && err.Error() != c.want.Error()) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			read, _ := io.ReadAll(spool.Reader())
			if string(read) != content || spool.Size != 12 || counted != 12 || spool.Sum != sha256.Sum256([]byte(content)) {
				t.Errorf("%s: %q, %d bytes, %d counted", name, read, spool.Size, counted)
			}
		}
		spool.Close()
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left are %v (%v)", left, err)
	}
	if _, err := intake.NewSpool(dir + "/none"); !core.HasCode(err, core.CodeStorageUnavailable) || strings.Contains(err.Error(), dir) {
		t.Errorf("a disk that refuses: %v", err)
	}
}
