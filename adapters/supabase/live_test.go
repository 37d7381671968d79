package supabase_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// TestStorageConformanceOfAProject runs the suite over a real project, with a
// bucket for each of its tests that is removed afterwards.
func TestStorageConformanceOfAProject(t *testing.T) {
	t.Parallel()
	url, key := os.Getenv("SUPABASE_CONTRACT_URL"), os.Getenv("SUPABASE_CONTRACT_KEY")
	if url == "" || key == "" {
		t.Skip("SUPABASE_CONTRACT_URL and SUPABASE_CONTRACT_KEY name no project to test against")
	}
	portstest.Blobs(t, func(t *testing.T) ports.Blobs {
		c := config(url)
		c.ServiceKey, c.Bucket = key, "conformance-"+core.NewID().String()
		s := storage(t, c)
		t.Cleanup(func() { dropBucket(t, s, c) })
		return s
	})
}

// dropBucket removes what a test left, and its bucket.
func dropBucket(t *testing.T, s *supabase.Storage, c supabase.Config) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the test's own has ended
	defer cancel()
	for blob, err := range s.List(ctx, "") {
		if err == nil {
			err = s.Delete(ctx, blob.Key)
		}
		if err != nil {
			t.Errorf("emptying %s: %v", c.Bucket, err)
			return
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, c.URL+"/storage/v1/bucket/"+c.Bucket, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Apikey", c.ServiceKey)
	if strings.HasPrefix(c.ServiceKey, "eyJ") {
		req.Header.Set("Authorization", "Bearer "+c.ServiceKey)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("removing %s: HTTP %d", c.Bucket, resp.StatusCode)
	}
}
