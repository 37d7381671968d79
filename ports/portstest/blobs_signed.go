package portstest

import (
	"bytes"
	"context"
	"io"
	"net/http"
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
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(content))
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
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
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
	for name, address := range map[string]string{
		"another key in the path": strings.Replace(signed.URL, key, other, 1),
		"no token":                strings.Split(signed.URL, "?")[0],
		"a shorter token":         signed.URL[:len(signed.URL)-4],
		"a longer token":          signed.URL + "AAAA",
		"two tokens joined":       crossed(signed.URL, second.URL),
	} {
		if address == signed.URL { // the path does not hold the key
			continue
		}
		if status := send(t, address, signed.Headers, content); status/100 == 2 {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	for _, k := range []string{key, other} {
		_, err := store.Stat(t.Context(), k)
		wantCode(t, "afterwards", err, core.CodeFileMissing)
	}
}

// crossed is the first address up to its last dot, and the second from there.
func crossed(a, b string) string {
	return a[:strings.LastIndex(a, ".")] + b[strings.LastIndex(b, "."):]
}
