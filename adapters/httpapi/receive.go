package httpapi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
)

// arrival is an upload that has arrived whole.
type arrival struct {
	*intake.Spool
	name     string // for display
	declared string // the type the client claims
	policy   string
}

// receive reads a multipart upload from the connection in one pass: the file
// goes to disk, counted and hashed; everything else is bounded. Huma never sees
// the body, for its multipart reader has neither bounds nor deadlines.
//
// Errors: CodeFileEmpty, CodeFileTooLarge, CodeTooSlow, CodeInvalid,
// CodeStorageUnavailable when our disk is at fault. No file remains after one.
func receive(w http.ResponseWriter, r *http.Request, dir string, limits Limits) (*arrival, int64, error) {
	if err := acceptable(r, limits); err != nil {
		return nil, 0, err
	}
	paced, unwatch := newPaced(w, r, limits)
	defer unwatch()
	r.Body = &buffered{Reader: bufio.NewReaderSize(paced, readAhead), Closer: paced}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, 0, badForm()
	}
	form := &form{dir: dir, limits: limits, paced: paced}
	err = form.read(parts)
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body) // what follows the last boundary
	}
	if err == nil && form.file == nil {
		err = invalid(http.StatusUnprocessableEntity, "file", "required: one file of a type that is taken")
	}
	if err != nil {
		form.close()
		return nil, paced.read, arrivalTrouble(err, limits)
	}
	paced.lift()
	return form.file, paced.read, nil
}

type buffered struct {
	*bufio.Reader
	io.Closer
}

// acceptable refuses by the headers alone, before a byte of the body is read.
func acceptable(r *http.Request, limits Limits) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || r.Header.Get("Content-Encoding") != "" {
		return &refusal{
			err: core.Fail(core.CodeInvalid, nil), status: http.StatusUnsupportedMediaType,
			detail: "The request body has to be multipart/form-data, not compressed.",
		}
	}
	if r.ContentLength > limits.MaxFileBytes+limits.MaxFormBytes {
		return tooLarge(limits)
	}
	return nil
}

// form collects the parts of one upload.
type form struct {
	dir    string
	limits Limits
	paced  *pacedBody
	file   *arrival
	policy string
}

func (f *form) close() {
	if f.file != nil {
		f.file.Close()
	}
}

func (f *form) read(parts *multipart.Reader) error {
	for n := 0; ; n++ {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // wrapped, it means a body that ended before its last boundary
			break
		}
		if err != nil {
			return err
		}
		if n == f.limits.MaxParts {
			return invalid(http.StatusBadRequest, "body", fmt.Sprintf("at most %d parts", f.limits.MaxParts))
		}
		if err := f.take(part); err != nil {
			return err
		}
	}
	if f.file != nil {
		f.file.policy = f.policy
	}
	return nil
}

// take reads one part. Fields we do not know are read over: old clients send
// several.
func (f *form) take(part *multipart.Part) error {
	switch part.FormName() {
	case "file":
		return f.takeFile(part)
	case "policy_id":
		return f.takePolicy(part)
	default:
		_, err := io.Copy(io.Discard, part)
		return err
	}
}

func (f *form) takeFile(part *multipart.Part) error {
	if f.file != nil {
		return invalid(http.StatusUnprocessableEntity, "file", "exactly one file in a request")
	}
	disk, err := intake.NewSpool(f.dir)
	if err != nil {
		return err
	}
	f.file = &arrival{
		Spool:    disk,
		name:     DisplayName(part.FileName(), f.limits.MaxNameBytes),
		declared: part.Header.Get("Content-Type"),
	}
	return disk.Fill(part, f.limits.MaxFileBytes, &f.paced.file)
}

func (f *form) takePolicy(part *multipart.Part) error {
	raw, err := io.ReadAll(io.LimitReader(part, int64(f.limits.MaxPolicyBytes)+1))
	if err != nil {
		return err
	}
	text := string(raw)
	if len(text) > f.limits.MaxPolicyBytes || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return invalid(http.StatusUnprocessableEntity, "policy_id",
			fmt.Sprintf("at most %d bytes of UTF-8 without control characters", f.limits.MaxPolicyBytes))
	}
	f.policy = strings.TrimSpace(text)
	return nil
}

// arrivalTrouble makes every way in which an upload does not arrive an error
// with words.
func arrivalTrouble(err error, limits Limits) error {
	var e *core.Error
	switch {
	case core.HasCode(err, core.CodeFileTooLarge):
		return tooLarge(limits)
	case errors.As(err, &e):
		return err
	case errors.Is(err, errFormTooLarge):
		return &refusal{
			err: core.Fail(core.CodeInvalid, nil), status: http.StatusRequestEntityTooLarge,
			detail: "The form around the file is larger than allowed.",
		}
	default: // broken multipart, or a body that ended early
		return badForm()
	}
}

func badForm() error {
	return &refusal{
		err: core.Fail(core.CodeInvalid, nil), status: http.StatusBadRequest,
		detail: "The request body is not complete multipart/form-data.",
	}
}

func tooLarge(limits Limits) error {
	return &refusal{
		err:    core.Fail(core.CodeFileTooLarge, nil),
		detail: fmt.Sprintf("The file is too large: at most %s are allowed.", sizeWords(limits.MaxFileBytes)),
	}
}

// sizeWords writes a number of bytes for people.
func sizeWords(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
