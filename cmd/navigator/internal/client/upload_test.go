package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/core"
)

// zeros is a file of any size that takes no memory; it remembers the largest
// piece it was asked for.
type zeros struct {
	size    int64
	largest atomic.Int64
	reads   atomic.Int64
}

func (z *zeros) ReadAt(p []byte, off int64) (int, error) {
	z.reads.Add(1)
	z.largest.Store(max(z.largest.Load(), int64(len(p))))
	n := min(int64(len(p)), z.size-off)
	clear(p[:n])
	if off+n == z.size {
		return int(n), io.EOF
	}
	return int(n), nil
}

// received is what a service read of an upload.
type received struct {
	name, contentType, policy string
	size, length              int64
}

func receive(t *testing.T, r *http.Request) received {
	t.Helper()
	got := received{length: r.ContentLength}
	parts, err := r.MultipartReader()
	if err != nil {
		t.Error(err)
		return got
	}
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Error(err)
			return got
		}
		switch part.FormName() {
		case "policy_id":
			text, _ := io.ReadAll(part)
			got.policy = string(text)
		case "file":
			got.name, got.contentType = part.FileName(), part.Header.Get("Content-Type")
			got.size, err = io.Copy(io.Discard, part)
			if err != nil {
				t.Error(err)
			}
		}
	}
}

func TestUploadStreams(t *testing.T) {
	t.Parallel()
	var got received
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = receive(t, r)
		answer(w, 200, map[string]any{"document_id": "d", "job_id": "j", "status": "uploaded"})
	}, client.Options{})
	file := &zeros{size: 64 << 20}
	var sent atomic.Int64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	accepted, err := c.Upload(t.Context(), client.File{Name: `my "policy".PDF`, Content: file, Size: file.size, Policy: "POL-1",
		Sent: func(done int64) { sent.Store(done) }})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(client.Accepted{DocumentID: "d", JobID: "j", Status: "uploaded"}, accepted); diff != "" {
		t.Error(diff)
	}
	if got.length <= file.size {
		t.Errorf("the length was not announced: %d", got.length)
	}
	got.length = 0
	want := received{name: `my "policy".PDF`, contentType: "application/pdf", policy: "POL-1", size: file.size}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if sent.Load() != file.size {
		t.Errorf("told of %d bytes", sent.Load())
	}
	if file.largest.Load() > 1<<20 {
		t.Errorf("the file was read in pieces of %d bytes", file.largest.Load())
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > file.size/2 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

func TestUploadWaitsWhileNoByteWasTaken(t *testing.T) {
	t.Parallel()
	calls, waits := 0, &pauses{}
	file := &zeros{size: 1 << 20}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls < 3 {
			if file.reads.Load() != 0 {
				t.Error("bytes were sent before they were asked for")
			}
			refuse(w, 503, "storage_unavailable")
			return
		}
		receive(t, r)
		answer(w, 200, map[string]any{"document_id": "d"})
	}, client.Options{Pause: waits.pause})
	accepted, err := c.Upload(t.Context(), client.File{Name: "a.pdf", Content: file, Size: file.size})
	if err != nil || accepted.DocumentID != "d" || len(waits.list) != 2 {
		t.Errorf("got %v, %v after waits %v", accepted, err, waits.list)
	}
}

func TestUploadIsNotRepeatedOnceBytesWereTaken(t *testing.T) {
	t.Parallel()
	calls := 0
	file := &zeros{size: 1 << 20}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		receive(t, r)
		refuse(w, 503, "storage_unavailable")
	}, client.Options{Pause: (&pauses{}).pause})
	_, err := c.Upload(t.Context(), client.File{Name: "a.pdf", Content: file, Size: file.size})
	if !client.HasCode(err, "storage_unavailable") || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestUploadReplacesItsToken(t *testing.T) {
	t.Parallel()
	file := &zeros{size: 1 << 20}
	var got received
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			refuse(w, 401, "token_expired")
			return
		}
		got = receive(t, r)
		answer(w, 200, map[string]any{"document_id": "d"})
	}, client.Options{Tokens: &chain{[]client.Secret{"old", "new"}}})
	if _, err := c.Upload(t.Context(), client.File{Name: "a.txt", Content: file, Size: file.size}); err != nil {
		t.Fatal(err)
	}
	if got.size != file.size || got.contentType != "application/octet-stream" {
		t.Errorf("got %+v", got)
	}
}

func TestUploadOfAFileThatShrank(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		refuse(w, 400, "invalid_request")
	}, client.Options{})
	_, err := c.Upload(context.WithoutCancel(t.Context()), client.File{Name: "a.pdf", Content: strings.NewReader("short"), Size: 1 << 20})
	if err == nil || !strings.HasPrefix(err.Error(), "the file changed") {
		t.Errorf("a file that shrank: %v", err)
	}
}

// A connection that broke when bytes had left is tried again, under the key of
// the first try; a first try that is still under way is waited for.
func TestUploadKeepsItsKeyOverItsTries(t *testing.T) {
	t.Parallel()
	var keys []string
	waits := &pauses{}
	file := &zeros{size: 1 << 20}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		switch len(keys) {
		case 1:
			_, _ = io.CopyN(io.Discard, r.Body, 1<<10)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		case 2:
			receive(t, r)
			w.Header().Set("Retry-After", "3")
			refuse(w, 409, "idempotency_in_use")
		default:
			receive(t, r)
			answer(w, 200, map[string]any{"document_id": "d"})
		}
	}, client.Options{Pause: waits.pause})
	accepted, err := c.Upload(t.Context(), client.File{Name: "a.pdf", Content: file, Size: file.size})
	if err != nil || accepted.DocumentID != "d" || len(keys) != 3 || keys[0] != keys[1] || keys[1] != keys[2] {
		t.Fatalf("got %v, %v under the keys %v", accepted, err, keys)
	}
	if _, err := core.ParseID(keys[0]); err != nil || waits.list[1] != 3*time.Second {
		t.Errorf("the key %q, waits %v", keys[0], waits.list)
	}
	if _, err := c.Upload(t.Context(), client.File{Name: "a.pdf", Content: file, Size: file.size}); err != nil || keys[3] == keys[0] {
		t.Errorf("another upload has the same key: %v", err)
	}
}
