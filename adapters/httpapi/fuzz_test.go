package httpapi

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/core"
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
