package portstest

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"mime"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// send puts content to an address as a browser does, without any credential,
// and gives the answer's status.
func send(t *testing.T, address string, headers map[string]string, content []byte) int {
	t.Helper()
	status, _, _ := ask(t, http.MethodPut, address, headers, content)
	return status
}

// ask makes a request without any credential and reads the whole answer.
func ask(t *testing.T, method, address string, headers map[string]string, content []byte) (int, http.Header, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

func sign(t *testing.T, store ports.Blobs, key string, content []byte) ports.SignedPut {
	t.Helper()
	before := time.Now()
	signed, err := store.SignPut(t.Context(), key, int64(len(content)), PDF, time.Minute)
	if err != nil {
		t.Fatalf("SignPut: %v", err)
	}
	if signed.ExpiresAt.Before(before.Add(30 * time.Second)) {
		t.Errorf("the address lives until %s, which is sooner than asked for", signed.ExpiresAt)
	}
	return signed
}

func blobsSigned(t *testing.T, store ports.Blobs) {
	t.Helper()
	key, content := newKey(), noise(20, 300<<10)
	signed := sign(t, store, key, content)
	_, err := store.Stat(t.Context(), key)
	wantCode(t, "before the file was sent", err, core.CodeFileMissing)
	if status := send(t, signed.URL, signed.Headers, content); status/100 != 2 {
		t.Fatalf("the file was answered %d", status)
	}
	holds(t, store, key, content)
	if status := send(t, signed.URL, signed.Headers, noise(21, 300<<10)); status/100 == 2 {
		t.Errorf("a second file was answered %d", status)
	}
	holds(t, store, key, content)
	_, err = store.SignPut(t.Context(), key, 1, PDF, time.Minute)
	wantCode(t, "an address for a taken key", err, core.CodeStorageConflict)
	_, err = store.SignPut(t.Context(), "../"+key, 1, PDF, time.Minute)
	wantCode(t, "an address that leaves the folder", err, core.CodeInternal)
	_, err = store.SignPut(t.Context(), newKey(), 1<<40, PDF, time.Minute)
	wantCode(t, "an address for too much", err, core.CodeFileTooLarge)
}

// blobsForged changes every part of an address in turn.
func blobsForged(t *testing.T, store ports.Blobs) {
	t.Helper()
	key, other, content := newKey(), newKey(), noise(22, 1000)
	signed, second := sign(t, store, key, content), sign(t, store, other, content)
	for name, address := range forged(signed.URL, second.URL, key, other) {
		if status := send(t, address, signed.Headers, content); status/100 == 2 {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	for _, k := range []string{key, other} {
		_, err := store.Stat(t.Context(), k)
		wantCode(t, "afterwards", err, core.CodeFileMissing)
	}
}

// forged is an address changed in each of its parts, by name.
func forged(address, second, key, other string) map[string]string {
	token := tokenOf(address)
	all := map[string]string{
		"another key in the path": strings.Replace(address, key, other, 1),
		"no token":                strings.Split(address, "?")[0],
		"a shorter token":         strings.Replace(address, token, token[:len(token)-4], 1),
		"a longer token":          strings.Replace(address, token, token+"AAAA", 1),
		"two tokens joined":       strings.Replace(address, token, crossed(token, tokenOf(second)), 1),
	}
	maps.DeleteFunc(all, func(_, changed string) bool { return changed == address }) // the path does not hold the key
	return all
}

// tokenOf is the part of an address that proves it.
func tokenOf(address string) string {
	_, after, _ := strings.Cut(address, "token=")
	token, _, _ := strings.Cut(after, "&")
	return token
}

// crossed is the first token up to its last dot, and the second from there.
func crossed(a, b string) string {
	return a[:strings.LastIndex(a, ".")] + b[strings.LastIndex(b, "."):]
}

func signGet(t *testing.T, store ports.Blobs, key, name string) string {
	t.Helper()
	before := time.Now()
	signed, err := store.SignGet(t.Context(), key, name, time.Minute)
	if err != nil {
		t.Fatalf("SignGet: %v", err)
	}
	if life := signed.ExpiresAt.Sub(before); life < 30*time.Second || life > 2*time.Minute {
		t.Errorf("an address for a minute lives %s", life)
	}
	return signed.URL
}

func blobsReadable(t *testing.T, store ports.Blobs) {
	t.Helper()
	key, content := newKey(), noise(30, 5000)
	put(t, store, key, content)
	for _, name := range []string{"plan 1 (copy) & more.pdf", "Ä.pdf", ""} {
		address := signGet(t, store, key, name)
		status, header, body := ask(t, http.MethodGet, address, nil, nil)
		if status != http.StatusOK || !bytes.Equal(body, content) || header.Get("Content-Type") != PDF {
			t.Errorf("name %q: HTTP %d, %d bytes of %q", name, status, len(body), header.Get("Content-Type"))
		}
		if got, want := savedAs(header), cmp.Or(name, path.Base(key)); got != want {
			t.Errorf("a browser saves it as %q, want %q", got, want)
		}
		status, _, body = ask(t, http.MethodGet, address, map[string]string{"Range": "bytes=10-19"}, nil)
		if status != http.StatusPartialContent || !bytes.Equal(body, content[10:20]) {
			t.Errorf("ten bytes of it: HTTP %d, %d bytes", status, len(body))
		}
	}
	_, err := store.SignGet(t.Context(), newKey(), "", time.Minute)
	wantCode(t, "an address of nothing", err, core.CodeFileMissing)
	_, err = store.SignGet(t.Context(), "../"+key, "", time.Minute)
	wantCode(t, "an address that leaves the folder", err, core.CodeInternal)
	address := signGet(t, store, key, "")
	if err := store.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := ask(t, http.MethodGet, address, nil, nil); status/100 == 2 {
		t.Errorf("the address of a deleted object was answered %d", status)
	}
}

// savedAs is the file name that a Content-Disposition gives to a browser.
func savedAs(header http.Header) string {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" {
		return header.Get("Content-Disposition")
	}
	return params["filename"]
}

// blobsUnreadable changes every part of an address in turn, and uses it for
// what it was not made for.
func blobsUnreadable(t *testing.T, store ports.Blobs) {
	t.Helper()
	key, other := newKey(), newKey()
	put(t, store, key, noise(31, 100))
	put(t, store, other, noise(32, 100))
	address, second := signGet(t, store, key, ""), signGet(t, store, other, "")
	for name, changed := range forged(address, second, key, other) {
		if status, _, _ := ask(t, http.MethodGet, changed, nil, nil); status/100 == 2 {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	free := newKey()
	upload := sign(t, store, free, []byte("x"))
	put(t, store, free, []byte("x"))
	crossedOver := strings.Replace(strings.Replace(address, key, free, 1), tokenOf(address), tokenOf(upload.URL), 1)
	if status, _, _ := ask(t, http.MethodGet, crossedOver, nil, nil); status/100 == 2 {
		t.Errorf("an upload's token reads: %d", status)
	}
}
