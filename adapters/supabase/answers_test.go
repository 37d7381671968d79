package supabase_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// answering is a server that says the same to everyone and counts them.
func answering(t *testing.T, status int, body string, headers ...string) (string, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL, &asked
}

// TestFM_025_the_body_tells_and_not_the_status goes through what the storage,
// its older versions and everything in front of it may say.
func TestFM_025_the_body_tells_and_not_the_status(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		status int
		body   string
		code   core.Code
		kind   core.Kind
		tries  int64
	}{
		{400, `{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}`, core.CodeFileMissing, core.Permanent, 1},
		{400, `{"statusCode":"404","error":"not_found","message":"Object not found"}`, core.CodeFileMissing, core.Permanent, 1},
		{400, `{"statusCode":"404","error":"Bucket not found","message":"Bucket not found"}`, core.CodeStorageUnavailable, core.Paused, 1},
		{404, `{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}`, core.CodeStorageUnavailable, core.Transient, 1},
		{404, `{"message":"no Route matched with those values"}`, core.CodeStorageUnavailable, core.Transient, 1},
		{404, "<html>nothing here</html>", core.CodeStorageUnavailable, core.Transient, 1},
		{404, "", core.CodeStorageUnavailable, core.Transient, 1},
		{200, "", core.CodeStorageUnavailable, core.Transient, 3},
		{200, `{"name":"no size"}`, core.CodeStorageUnavailable, core.Transient, 1},
		{400, `{"statusCode":"400","error":"Error","message":"headers must have required property 'authorization'","code":"InvalidRequest"}`, core.CodeStorageDenied, core.Paused, 1},
		{400, `{"statusCode":"400","error":"InvalidKey","message":"Invalid key","code":"InvalidKey"}`, core.CodeInternal, core.Permanent, 1},
		{400, `{"statusCode":"403","error":"Unauthorized","message":"x","code":"SomethingNew"}`, core.CodeStorageDenied, core.Paused, 1},
		{400, `{"statusCode":"500","error":"x","message":"x","code":"SomethingNew"}`, core.CodeStorageUnavailable, core.Transient, 3},
		{400, `{"statusCode":"429","error":"x","message":"x","code":"SlowDown"}`, core.CodeStorageUnavailable, core.Busy, 3},
		{400, `{"statusCode":"400","error":"x","message":"x","code":"SomethingNew"}`, core.CodeStorageUnavailable, core.Transient, 1},
		{400, `{"message":"This feature is not available for your tenant"}`, core.CodeStorageUnavailable, core.Transient, 1},
		{400, `{"statusCode":"400","error":"x","message":"x","code":"LockTimeout"}`, core.CodeStorageUnavailable, core.Transient, 3},
		{502, "<html>bad gateway</html>", core.CodeStorageUnavailable, core.Transient, 3},
		{503, "", core.CodeStorageUnavailable, core.Transient, 3},
		{429, "", core.CodeStorageUnavailable, core.Busy, 3},
		{403, "<html>blocked</html>", core.CodeStorageDenied, core.Paused, 1},
		{401, `{"message":"Invalid API key"}`, core.CodeStorageDenied, core.Paused, 1},
		{401, "", core.CodeStorageDenied, core.Paused, 1},
		{544, "", core.CodeStorageUnavailable, core.Transient, 3},
	} {
		url, asked := answering(t, x.status, x.body)
		_, err := storage(t, config(url)).Stat(t.Context(), "user/a")
		wantCode(t, x.body, err, x.code, x.kind)
		if n := asked.Load(); n != x.tries {
			t.Errorf("HTTP %d %s: %d tries, want %d", x.status, x.body, n, x.tries)
		}
	}
}

// TestNoRedirectIsFollowed: it would carry the key to whoever it names.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	elsewhere, reached := answering(t, http.StatusOK, `{}`)
	for _, given := range []*http.Client{nil, {}} {
		url, _ := answering(t, http.StatusTemporaryRedirect, "", "Location", elsewhere)
		c := config(url)
		c.HTTPClient = given
		if err := storage(t, c).Healthy(t.Context()); !core.HasCode(err, core.CodeStorageUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests followed", n)
	}
}
