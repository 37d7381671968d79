package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// FuzzC14Callback holds that no body, signed or not, makes the door fail.
func FuzzC14Callback(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"job_id":"job-1"}`, `"{\"job_id\":1}"`, "[[[[", "\x00", `{"event_id":"\u0000"}`} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	inbox := &memInbox{attempts: map[string]core.ID{}}
	handler, err := NewWebhook(webhookDeps(inbox, io.Discard))
	if err != nil {
		f.Fatal(err)
	}
	attempt := core.NewID()
	f.Fuzz(func(t *testing.T, raw []byte, signed bool) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, callbackPath+"/"+attempt.String(), bytes.NewReader(raw))
		if signed {
			req.Header.Set("LC-Signature", sign(attempt, raw))
		}
		res := httptest.NewRecorder()
		handler.ServeHTTP(res, req)
		switch res.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if !signed {
				t.Errorf("unsigned: %d", res.Code)
			}
		case http.StatusUnauthorized:
			if signed {
				t.Error("signed and refused")
			}
		default:
			t.Errorf("%d %s", res.Code, res.Body)
		}
	})
}

// FuzzReceive holds that any body is either taken whole or refused as the
// client's fault, and leaves nothing on disk.
func FuzzReceive(f *testing.F) {
	f.Add([]byte(fileHead + "x" + fileTail))
	f.Add([]byte(fileHead + fileTail))
	f.Add([]byte(fileHead))
	f.Add([]byte("--" + boundary + "--"))
	f.Add([]byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''%ff\r\n\r\n\r\n--" + boundary + "--"))
	dir := f.TempDir()
	limits := DefaultLimits()
	limits.MaxFileBytes, limits.MaxFormBytes = 4096, 4096
	f.Fuzz(func(t *testing.T, raw []byte) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, pathUpload, bytes.NewReader(raw))
		req.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		file, _, err := receive(httptest.NewRecorder(), req, dir, limits)
		if err == nil {
			if file.Size < 1 || file.Size > limits.MaxFileBytes || !utf8.ValidString(file.name) || file.name == "" {
				t.Errorf("taken: %+v", file)
			}
			file.Close()
		} else if status := problemOf(t.Context(), err).Status; status < 400 || status >= 500 {
			t.Errorf("status %d for %v", status, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("left on disk: %v", entries)
		}
	})
}

// FuzzFM022bBearer holds that whatever stands in Authorization is let in as
// somebody or refused with 401.
func FuzzFM022bBearer(f *testing.F) {
	f.Add("Bearer " + bobToken)
	f.Add("Bearer a.b.c")
	d := &door{verifier: memVerifier{}, logger: slog.Default()}
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{value}
		req := newRequest(r, Trust{})
		if err := d.authenticate(r, req); err != nil && statusOf(core.AsError(err)) != http.StatusUnauthorized {
			t.Errorf("%q: %v", value, err)
		} else if err == nil && req.caller.User.IsZero() {
			t.Errorf("%q: let in as nobody", value)
		}
	})
}

// FuzzFileName holds what a name may be, whatever a client sends, and that a
// browser saves the file under just that name: a header that two readers read in
// two ways would let a name be another.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{"policy.pdf", "../../etc/passwd", "a\r\nSet-Cookie: b.pdf", "\u202Efdp.exe", "NUL.pdf", `";x="y`, "caf\u0065\u0301 😀.pdf", "\xff", "%2e%2e", "a;b'c*.pdf"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, given string) {
		name := DisplayName(given, 255)
		if name == "" || len(name) > 255 || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\") || strings.ContainsFunc(name, unicode.IsControl) {
			t.Errorf("%q became %q", given, name)
		}
		if again := DisplayName(name, 255); again != name {
			t.Errorf("%q became %q, and that %q", given, name, again)
		}
		kind, parameters, err := mime.ParseMediaType(disposition(name))
		if err != nil || kind != "attachment" || parameters["filename"] != name {
			t.Errorf("%q is sent as %q: %v %v", name, disposition(name), parameters, err)
		}
	})
}

// FuzzCursor holds that a cursor is refused as the client's fault, or is one
// that a list gives.
func FuzzCursor(f *testing.F) {
	f.Add(placeCursor(ports.Place{CreatedAt: exampleTime(), Document: exampleID(exampleDocument)}))
	f.Add(ordinalCursor(7))
	f.Add("")
	f.Add("ZP__________AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		place, err := placeOf(cursor)
		holds(t, cursor, err)
		if place != nil && placeCursor(*place) != cursor {
			t.Errorf("%q leads to %v", cursor, place)
		}
		ordinal, err := ordinalOf(cursor)
		holds(t, cursor, err)
		if ordinal < 0 || (err == nil && cursor != "" && ordinalCursor(ordinal) != cursor) {
			t.Errorf("%q leads to %d", cursor, ordinal)
		}
	})
}

func holds(t *testing.T, value string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if status := problemOf(t.Context(), err).Status; status < 400 || status > 499 {
		t.Errorf("%q: %d", value, status)
	}
}

// FuzzSearch sends any body as a search, and holds that it is answered, or
// refused as the client's fault.
func FuzzSearch(f *testing.F) {
	for _, body := range []string{`{"query":"what is my deductible?"}`, `{"query":""}`, `{"query":"\u0000","limit":1}`, `{"query":"a","limit":1e9}`,
		`{"query":"'; drop table documents; --"}`, `{"query":"x","document_ids":["x"],"types":["a/b"]}`, `{"query":"\ud800"}`, "[[[[", "\xff", ""} {
		f.Add([]byte(body))
	}
	b := newBench(f, func(d *APIDeps) { d.Observe, d.Logger = nil, slog.New(slog.DiscardHandler) })
	f.Fuzz(func(t *testing.T, body []byte) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/search", bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+adaToken)
		req.Header.Set("Content-Type", "application/json")
		res := httptest.NewRecorder()
		b.server.Config.Handler.ServeHTTP(res, req)
		if res.Code != http.StatusOK && (res.Code < 400 || res.Code > 499) {
			t.Errorf("%q: %d %s", body, res.Code, res.Body)
		}
		if !json.Valid(res.Body.Bytes()) {
			t.Errorf("%q is answered with %q", body, res.Body)
		}
	})
}

func TestS16DisplayNameProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(16, 255).Draw(t, "limit")
		name := DisplayName(string(rapid.SliceOf(rapid.Byte()).Draw(t, "name")), limit)
		if name == "" || len(name) > limit || !utf8.ValidString(name) || DisplayName(name, limit) != name {
			t.Fatalf("name %q", name)
		}
		for _, r := range name {
			if r < ' ' || r == 0x7f || r == '/' || r == '\\' || (r >= 0x202a && r <= 0x202e) {
				t.Fatalf("name %q holds %U", name, r)
			}
		}
	})
}
