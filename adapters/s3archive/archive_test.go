package s3archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/s3archive"
	"github.com/insurance-navigator/navigator/adapters/s3archive/s3archivetest"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

const bucket = "navigator-backup"

func open(t *testing.T, server *s3archivetest.Server, change func(*s3archive.Options)) *s3archive.Archive {
	t.Helper()
	o := s3archive.Options{Bucket: bucket, Prefix: "/deep/er/", Region: s3archivetest.Region, Endpoint: server.URL,
		AccessKey: s3archivetest.AccessKey, SecretKey: s3archivetest.SecretKey, MaxBackoff: time.Millisecond}
	if change != nil {
		change(&o)
	}
	archive, err := s3archive.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func keeping(t *testing.T) (*s3archivetest.Server, *s3archive.Archive) {
	t.Helper()
	server := s3archivetest.New(t, bucket)
	return server, open(t, server, nil)
}

func fills(content []byte) func(io.Writer) error {
	return func(w io.Writer) error { _, err := w.Write(content); return err }
}

func reads(archive *s3archive.Archive, name string) ([]byte, error) {
	body, err := archive.Open(context.Background(), name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func TestABucketIsAnArchive(t *testing.T) {
	t.Parallel()
	portstest.Archive(t, func(t *testing.T) ports.Archive {
		server, archive := keeping(t)
		beside := open(t, server, func(o *s3archive.Options) { o.Prefix = "deep" })
		if err := beside.Create(t.Context(), "objects/of-another", fills([]byte("x"))); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if n := server.Refused(); n != 0 {
				t.Errorf("%d calls would have removed or replaced an object", n)
			}
		})
		return archive
	})
}

// large is an object of two parts.
var large = bytes.Repeat([]byte("nine loud geese before noon "), 700_000)

// What passes by is tried again, and then the object is there, whole and once.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	small := []byte("one small object")
	for name, c := range map[string]struct {
		fault   s3archivetest.Fault
		content []byte
	}{
		"slow down":                  {s3archivetest.Times(3, s3archivetest.Any, s3archivetest.Busy), small},
		"slow down in parts":         {s3archivetest.Times(4, s3archivetest.Writes, s3archivetest.Busy), large},
		"connections cut":            {s3archivetest.Times(3, s3archivetest.Any, s3archivetest.Cut), small},
		"a part's connection cut":    {s3archivetest.Times(2, s3archivetest.Writes, s3archivetest.Cut), large},
		"stored, the answer lost":    {s3archivetest.Times(1, s3archivetest.Writes, s3archivetest.Lost), small},
		"reads break off":            {s3archivetest.Times(9, s3archivetest.Reads, s3archivetest.Half), large},
		"reads are cut, then slow":   {s3archivetest.Times(2, s3archivetest.Reads, s3archivetest.Cut), small},
		"the end's answer lost":      {s3archivetest.Times(1, func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }, s3archivetest.Busy), large},
		"a listing without strength": {s3archivetest.Times(2, func(r *http.Request) bool { return r.URL.Query().Has("list-type") }, s3archivetest.Busy), small},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, archive := keeping(t)
			server.Break(c.fault)
			if err := archive.Create(t.Context(), "objects/a", fills(c.content)); err != nil {
				t.Fatal(err)
			}
			if got, err := reads(archive, "objects/a"); err != nil || !bytes.Equal(got, c.content) {
				t.Errorf("%d bytes came back of %d: %v", len(got), len(c.content), err)
			}
			if all, err := archive.List(t.Context(), "objects/"); len(all) != 1 || err != nil {
				t.Errorf("listed are %v, %v", all, err)
			}
		})
	}
}

// What stays wrong is told in our words: nothing of the store's answer, of the
// login or of the content is in them.
func TestFaultsThatStay(t *testing.T) {
	t.Parallel()
	elsewhere := s3archivetest.New(t, "another")
	for name, c := range map[string]struct {
		fault s3archivetest.Fault
		to    *s3archivetest.Server
		want  error // of every call; nil: another one
	}{
		"no right":   {s3archivetest.Denied, nil, s3archive.ErrDenied},
		"overloaded": {s3archivetest.Busy, nil, s3archive.ErrAway},
		"away":       {s3archivetest.Cut, nil, s3archive.ErrAway},
		"no bucket":  {func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }, elsewhere, s3archive.ErrBucket},
		"too cold": {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			s3archivetest.Refuse(w, http.StatusForbidden, "InvalidObjectState")
		}, nil, s3archive.ErrCold},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := c.to
			if server == nil {
				server = s3archivetest.New(t, bucket)
			}
			archive := open(t, server, nil)
			if c.to == nil {
				server.Break(c.fault)
			}
			_, listed := archive.List(t.Context(), "objects/")
			_, read := reads(archive, "objects/a")
			for about, err := range map[string]error{"list": listed, "read": read,
				"write": archive.Create(t.Context(), "objects/b", fills([]byte("canary-content"))), "large": archive.Create(t.Context(), "objects/c", fills(large))} {
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", about, err, c.want)
				} else if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), s3archivetest.AccessKey) || strings.Contains(err.Error(), "127.0.0.1") {
					t.Errorf("%s: it tells too much: %v", about, err)
				}
			}
		})
	}
}

// Content that changes on its way is an error in both directions.
func TestContentThatChangesOnItsWay(t *testing.T) {
	t.Parallel()
	server, archive := keeping(t)
	for name, content := range map[string][]byte{"objects/a": []byte("one small object"), "objects/b": large} {
		server.Break(s3archivetest.Times(1<<20, s3archivetest.Writes, s3archivetest.Garbled))
		if err := archive.Create(t.Context(), name, fills(content)); err == nil {
			t.Errorf("%s: garbled on its way in, and taken", name)
		}
		server.Break(nil)
		if err := archive.Create(t.Context(), name, fills(content)); err != nil {
			t.Fatalf("%s: the name is not free: %v", name, err)
		}
		server.Break(s3archivetest.Flipped)
		if got, err := reads(archive, name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: changed on its way out, and %d bytes taken", name, len(got))
		}
	}
}

// An earlier try that was stored is ours; another's object is not.
func TestAnAnswerThatWasLost(t *testing.T) {
	t.Parallel()
	server, archive := keeping(t)
	if err := archive.Create(t.Context(), "objects/a", fills([]byte("ours"))); err != nil {
		t.Fatal(err)
	}
	if err := archive.Create(t.Context(), "objects/a", fills([]byte("ours"))); err != nil {
		t.Errorf("the very same once more: %v", err)
	}
	server.Break(s3archivetest.Times(1, s3archivetest.Writes, s3archivetest.Lost))
	if err := archive.Create(t.Context(), "objects/a", fills([]byte("theirs"))); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another one: %v", err)
	}
}

// Each object is encrypted by the key that is named, and is to be new.
func TestWhatIsStoredIsSealed(t *testing.T) {
	t.Parallel()
	server := s3archivetest.New(t, bucket)
	archive := open(t, server, func(o *s3archive.Options) { o.KMSKey = "alias/navigator-production" })
	for name, content := range map[string][]byte{"objects/a": []byte("small"), "objects/b": large} {
		if err := archive.Create(t.Context(), name, fills(content)); err != nil {
			t.Fatal(err)
		}
	}
	sealed, fresh := 0, 0
	for _, head := range server.Sent() {
		if head.Get("If-None-Match") == "*" {
			fresh++
		}
		if head.Get("X-Amz-Server-Side-Encryption") == "aws:kms" && head.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") == "alias/navigator-production" {
			sealed++
		}
	}
	if sealed != 2 || fresh != 2 { // of the large one the key is named at its beginning, and that it is new at its end
		t.Errorf("%d objects are sealed, and %d are to be new", sealed, fresh)
	}
}

// A caller that goes ends what is under way.
func TestACallerThatGoes(t *testing.T) {
	t.Parallel()
	_, archive := keeping(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := archive.Create(ctx, "objects/a", func(w io.Writer) error {
		for {
			if _, err := w.Write(large); err != nil {
				return err
			}
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("create: %v", err)
	}
	if all, err := archive.List(t.Context(), "objects/"); len(all) != 0 || err != nil {
		t.Errorf("left are %v, %v", all, err)
	}
}
