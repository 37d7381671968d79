package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/intake"
	"github.com/insurance-navigator/navigator/ports"
)

func TestUploadStoresOnceAndAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	content := "%PDF-1.7\npages=3 of a policy"
	got := b.upload(adaToken,
		part{"document_type", "", "", "policy"}, part{"policy_id", "", "", " P-77 "},
		part{"file", `C:\Users\ada\Policy 2026.pdf`, "application/pdf", content},
		part{"filename", "", "", "ignored.pdf"}, part{"description", "", "", "mine"})
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var body Accepted
	got.json(t, &body)
	if body.Status != "uploaded" || body.Pages != 3 || body.BytesLen != int64(len(content)) || body.Mime != "application/pdf" || body.Filename != "Policy 2026.pdf" {
		t.Errorf("answer %+v", body)
	}
	id, err := core.ParseID(body.DocumentID)
	if err != nil {
		t.Fatal(err)
	}
	key := Key(ada.ID, id)
	if string(b.blobs.objects[key]) != content || b.blobs.types[key] != "application/pdf" || len(b.blobs.keys()) != 1 {
		t.Errorf("objects %v", b.blobs.keys())
	}
	stored, _ := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, id)
	if stored.SHA256 != sha256.Sum256([]byte(content)) || stored.Job.String() != body.JobID || b.library.policies[id] != "P-77" {
		t.Errorf("stored %+v", stored)
	}
	if b.library.open() != 0 {
		t.Error("the intent is still there")
	}
	b.spoolEmpty()
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	small := func(d *APIDeps) {
		d.Limits.MaxFileBytes, d.Limits.MaxPages, d.Limits.MaxFormBytes = 1000, 10, 20_000
	}
	exact := part{"file", "a.pdf", "application/pdf", "%PDF-" + strings.Repeat("x", 995)}
	over := part{"file", "a.pdf", "application/pdf", "%PDF-" + strings.Repeat("x", 996)}
	many := make([]part, 101)
	for i := range many {
		many[i] = part{"field", "", "", "v"}
	}
	cases := map[string]struct {
		parts  []part
		status int
		code   string
	}{
		"S12 exactly the limit":    {[]part{exact}, 200, ""},
		"S12 one byte more":        {[]part{over}, 413, "file_too_large"},
		"S12 empty":                {[]part{{"file", "a.pdf", "", ""}}, 422, "file_empty"},
		"S12 no file":              {[]part{{"policy_id", "", "", "x"}}, 422, "invalid_request"},
		"S12 no parts":             {nil, 422, "invalid_request"},
		"S12 two files":            {[]part{pdf("1"), pdf("2")}, 422, "invalid_request"},
		"S12 too many parts":       {append(many, pdf("x")), 400, "invalid_request"},
		"S12 long policy id":       {[]part{{"policy_id", "", "", strings.Repeat("p", 201)}, pdf("x")}, 422, "invalid_request"},
		"policy id with NUL":       {[]part{{"policy_id", "", "", "a\x00b"}, pdf("x")}, 422, "invalid_request"},
		"S12 large other field":    {[]part{{"note", "", "", strings.Repeat("n", 300_000)}, pdf("x")}, 413, "file_too_large"},
		"S12 large part header":    {[]part{{"file", strings.Repeat("h", 300_000) + ".pdf", "", "%PDF-"}}, 413, "file_too_large"},
		"too many pages":           {[]part{pdf("pages=11 ")}, 422, "file_too_many_pages"},
		"the most pages":           {[]part{pdf("pages=10 ")}, 200, ""},
		"encrypted":                {[]part{pdf("encrypted")}, 422, "file_encrypted"},
		"broken":                   {[]part{pdf("broken")}, 422, "file_broken"},
		"S14 text as pdf":          {[]part{{"file", "a.pdf", "application/pdf", "just text"}}, 415, "file_unsupported"},
		"S14 html as pdf":          {[]part{{"file", "a.pdf", "application/pdf", "<html>"}}, 415, "file_unsupported"},
		"S14 pdf named exe":        {[]part{{"file", "a.pdf.exe", "application/pdf", "%PDF-1"}}, 415, "file_unsupported"},
		"S14 pdf declared html":    {[]part{{"file", "a.pdf", "text/html", "%PDF-1<html>"}}, 415, "file_unsupported"},
		"S14 no type, odd ending":  {[]part{{"file", "Plan 2.1", "", "%PDF-1"}}, 200, ""},
		"S14 octet-stream":         {[]part{{"file", "a.PDF", "application/octet-stream", "%PDF-1"}}, 200, ""},
		"S14 type that is no type": {[]part{{"file", "a.pdf", "///", "%PDF-1"}}, 200, ""},
		"file without a name":      {[]part{{"file", "", "", "%PDF-1"}}, 200, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small)
			got := b.upload(adaToken, c.parts...)
			if c.code == "" {
				if got.status != c.status {
					t.Fatalf("%d %s", got.status, got.body)
				}
				return
			}
			got.problem(t, c.status, c.code)
			if n := len(b.blobs.keys()); n != 0 || b.library.count(ada.ID) != 0 {
				t.Errorf("%d objects, %d rows after a refusal", n, b.library.count(ada.ID))
			}
			b.spoolEmpty()
		})
	}
}

func TestUploadNeedsPlainMultipart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, body := multipartBody(t, pdf("x"))
	for _, kind := range []string{"", "application/json", "multipart/mixed; boundary=x", "multipart/form-data; boundary=\"", "text/plain"} {
		b.do(http.MethodPost, pathUpload, adaToken, kind, bytes.NewReader(body)).problem(t, 415, "invalid_request")
	}
	b.do(http.MethodPost, pathUpload, adaToken, "multipart/form-data", bytes.NewReader(body)).problem(t, 400, "invalid_request")
	b.do(http.MethodPost, pathUpload, adaToken, "multipart/form-data; boundary=other", bytes.NewReader(body)).problem(t, 400, "invalid_request")
}

func TestUploadDuplicates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var first, again Accepted
	b.upload(adaToken, pdf("same")).json(t, &first)
	p := b.upload(adaToken, pdf("same")).problem(t, http.StatusConflict, "duplicate_document")
	if p["document_id"] != first.DocumentID || p["documentId"] != first.DocumentID || p["filename"] != "policy.pdf" {
		t.Errorf("problem %v", p)
	}
	if got := b.upload(bobToken, pdf("same")); got.status != http.StatusOK {
		t.Errorf("another owner's upload: %d %s", got.status, got.body)
	}
	id, _ := core.ParseID(first.DocumentID)
	for _, end := range []core.Status{core.FailedParse, core.FailedChunking, core.FailedEmbedding, core.Cancelled} {
		s, _ := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, id)
		s.Status = end
		b.library.put(ada.ID, s)
		got := b.upload(adaToken, pdf("same"))
		got.json(t, &again)
		if got.status != http.StatusOK || again.DocumentID != first.DocumentID || again.Attempt != s.Attempt+1 {
			t.Errorf("%s: %d %s", end, got.status, got.body)
		}
	}
	s, _ := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, id)
	s.Status = core.FailedParse
	b.library.put(ada.ID, s)
	b.library.set("Retry", core.Fail(core.CodeConflict, nil))
	b.upload(adaToken, pdf("same")).problem(t, http.StatusConflict, "duplicate_document")
	if len(b.blobs.keys()) != 2 {
		t.Errorf("objects %v", b.blobs.keys())
	}
}

// Two uploads of one content at once: the one whose row comes second is a
// duplicate, and its bytes are taken back.
func TestUploadDuplicateByRace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := core.NewID()
	b.library.onAdd = func() {
		b.library.put(ada.ID, ports.Standing{
			Document: other, Name: "first.pdf", Status: core.Uploaded, SHA256: sha256.Sum256([]byte("%PDF-1.7\nrace")),
		})
	}
	p := b.upload(adaToken, pdf("race")).problem(t, http.StatusConflict, "duplicate_document")
	if p["document_id"] != other.String() || p["filename"] != "first.pdf" {
		t.Errorf("problem %v", p)
	}
	if len(b.blobs.keys()) != 0 || b.library.open() != 0 {
		t.Errorf("objects %v, %d intents", b.blobs.keys(), b.library.open())
	}
}

func TestL019StorageRefusesAndThereIsNoRow(t *testing.T) {
	t.Parallel()
	secret := errors.New("PUT https://storage.internal/object/key: 507 service_role")
	for code, want := range map[core.Code]int{
		core.CodeStorageUnavailable: 503, core.CodeStorageDenied: 503, core.CodeStorageConflict: 503,
		core.CodeFileTooLarge: 413, core.CodeFileUnsupported: 415,
	} {
		b := newBench(t)
		b.blobs.set("Put", core.Fail(code, secret))
		got := b.upload(adaToken, pdf("x"))
		got.problem(t, want, string(code))
		if want == 503 && got.header.Get("Retry-After") == "" {
			t.Errorf("%s without Retry-After", code)
		}
		intents := 0
		if code == core.CodeStorageUnavailable { // it may land yet: the sweep looks again
			intents = 1
		}
		if b.library.count(ada.ID) != 0 || b.library.open() != intents {
			t.Errorf("%s: %d rows, %d intents", code, b.library.count(ada.ID), b.library.open())
		}
		if kept := len(b.blobs.keys()); kept != 0 && code != core.CodeStorageConflict {
			t.Errorf("%s: %d objects left", code, kept)
		}
		if bytes.Contains(got.body, []byte("internal/")) {
			t.Errorf("leak: %s", got.body)
		}
	}
	b := newBench(t)
	b.blobs.set("Put", context.DeadlineExceeded)
	b.upload(adaToken, pdf("x")).problem(t, 503, "storage_unavailable")
}

func TestUploadWhenTheRowCannotBeAdded(t *testing.T) {
	t.Parallel()
	away := core.Fail(core.CodeDatabaseUnavailable, errors.New("dial tcp db.internal:5432"))
	t.Run("it was refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.library.set("Add", core.Fail(core.CodeConflict, nil))
		b.upload(adaToken, pdf("x")).problem(t, 409, "conflict")
		if len(b.blobs.keys()) != 0 || b.library.open() != 0 {
			t.Errorf("objects %v, %d intents", b.blobs.keys(), b.library.open())
		}
	})
	t.Run("not there yet, but a commit may be on its way: the sweep decides", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.library.set("Add", away)
		b.upload(adaToken, pdf("x")).problem(t, 503, "database_unavailable")
		if len(b.blobs.keys()) != 1 || b.library.open() != 1 {
			t.Errorf("objects %v, %d intents", b.blobs.keys(), b.library.open())
		}
	})
	t.Run("nobody can tell: the sweep will", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.library.set("Add", away)
		b.library.set("Standing", away)
		b.upload(adaToken, pdf("x")).problem(t, 503, "database_unavailable")
		if len(b.blobs.keys()) != 1 || b.library.open() != 1 {
			t.Errorf("objects %v, %d intents", b.blobs.keys(), b.library.open())
		}
	})
	t.Run("it was committed and the answer lost", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.library.lateAdd = away
		if got := b.upload(adaToken, pdf("x")); got.status != 200 || len(b.blobs.keys()) != 1 {
			t.Errorf("%d %s, objects %v", got.status, got.body, b.blobs.keys())
		}
	})
	t.Run("the object cannot be deleted: the intent stays", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.library.set("Add", core.Fail(core.CodeConflict, nil))
		b.blobs.set("Delete", core.Fail(core.CodeStorageUnavailable, nil))
		b.upload(adaToken, pdf("x")).problem(t, 409, "conflict")
		if b.library.open() != 1 {
			t.Error("the intent is gone although the object is there")
		}
	})
	t.Run("no intent, no object", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.library.set("Intend", away)
		b.upload(adaToken, pdf("x")).problem(t, 503, "database_unavailable")
		if len(b.blobs.keys()) != 0 {
			t.Errorf("objects %v", b.blobs.keys())
		}
	})
}

// F3: a full disk is a fault of ours that passes, and its path stays ours.
func TestF3SpoolTroubleIs503WithoutAPath(t *testing.T) {
	t.Parallel()
	e := core.AsError(arrivalTrouble(intake.Trouble(fmt.Errorf("write /var/spool/x: %w", syscall.ENOSPC)), DefaultLimits()))
	if statusOf(e) != http.StatusServiceUnavailable {
		t.Errorf("status %d", statusOf(e))
	}
	b := newBench(t, func(d *APIDeps) { d.SpoolDir = filepath.Join(d.SpoolDir, "made", "at-start") })
	if got := b.upload(adaToken, pdf("x")); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if err := os.RemoveAll(filepath.Join(b.spool, "made")); err != nil {
		t.Fatal(err)
	}
	got := b.upload(adaToken, pdf("y"))
	got.problem(t, http.StatusServiceUnavailable, "storage_unavailable")
	if strings.Contains(string(got.body), "upload-") || strings.Contains(string(got.body), b.spool) || got.header.Get("Retry-After") == "" {
		t.Errorf("answer %v %s", got.header, got.body)
	}
}

var keyPattern = regexp.MustCompile(`^[0-9a-f-]{36}/[0-9a-f-]{36}/original\.pdf$`)

func TestS16FileNamesAreForDisplayOnly(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"../../etc/passwd":              "passwd",
		`..\..\boot.ini`:                "boot.ini",
		"/abs/olute.pdf":                "olute.pdf",
		"C:\\x.pdf":                     "x.pdf",
		"a\r\nSet-Cookie: b.pdf":        "aSet-Cookie: b.pdf",
		"nul\x00.pdf":                   "_nul.pdf",
		"\u202Efdp.exe":                 "fdp.exe",
		"\u2066x\u2069\u200B\uFEFF.pdf": "x.pdf",
		"":                              defaultName,
		"..":                            defaultName,
		"   ":                           defaultName,
		"dir/":                          defaultName,
		"emoji 😀.pdf":                   "emoji 😀.pdf",
		"%2e%2e%2fx.pdf":                "%2e%2e%2fx.pdf",
		`'";--<img onerror>.pdf`:        `'";--<img onerror>.pdf`,
		"\xff\xfe.pdf":                  ".pdf",
		strings.Repeat("ä", 300):        strings.Repeat("ä", 127),
		"NUL":                           "_NUL",
		"aux.pdf":                       "_aux.pdf",
		"Com1 .pdf":                     "_Com1 .pdf",
		"console.pdf":                   "console.pdf",
		"plan.pdf. . ":                  "plan.pdf",
		"a\u0308.pdf":                   "ä.pdf",
		"z" + strings.Repeat("\u0316", 300) + ".pdf": "z" + strings.Repeat("\u0316", 4) + ".pdf",
		strings.Repeat("x", 254) + "q\u0316":         strings.Repeat("x", 254),
		"\u0316.pdf":                                 ".pdf",
		"a\u00a0b\u3000c.pdf":                        "a b c.pdf",
		"\u3164\u115f":                               defaultName,
		"a\ufe0f\ufdd0b.pdf":                         "ab.pdf",
	} {
		if got := DisplayName(given, 255); got != want {
			t.Errorf("DisplayName(%q) = %q, want %q", given, got, want)
		}
	}
	b := newBench(t)
	for i, name := range []string{"../../x.pdf", "%2e%2e/y.pdf", "-rf.pdf", "a;b.pdf"} {
		file := pdf(fmt.Sprint(i))
		file.file = name
		if got := b.upload(adaToken, file); got.status != 200 {
			t.Fatalf("%q: %d %s", name, got.status, got.body)
		}
	}
	for _, key := range b.blobs.keys() {
		if !keyPattern.MatchString(key) {
			t.Errorf("key %q", key)
		}
	}
}
