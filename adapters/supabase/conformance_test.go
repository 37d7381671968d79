package supabase_test

import (
	"net/http/httptest"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

const testBucket = "documents"

// project is a fake project on a real server.
func project(t *testing.T, o supabasetest.Options) (*supabasetest.Server, string) {
	t.Helper()
	fake, err := supabasetest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, server.URL
}

func config(url string) supabase.Config {
	return supabase.Config{URL: url, ServiceKey: supabasetest.DefaultSecretKey, Bucket: testBucket, MaxSize: 4 << 20, Types: []string{portstest.PDF}, ListPage: 10}
}

func storage(t *testing.T, c supabase.Config) *supabase.Storage {
	t.Helper()
	s, err := supabase.NewStorage(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStorageConformance(t *testing.T) {
	t.Parallel()
	t.Run("objects in memory, opaque key", func(t *testing.T) {
		t.Parallel()
		portstest.Blobs(t, func(t *testing.T) ports.Blobs {
			_, url := project(t, supabasetest.Options{})
			return storage(t, config(url))
		})
	})
	t.Run("objects in a folder, legacy key", func(t *testing.T) {
		t.Parallel()
		portstest.Blobs(t, func(t *testing.T) ports.Blobs {
			fake, url := project(t, supabasetest.Options{Dir: t.TempDir()})
			c := config(url)
			c.ServiceKey = fake.LegacyKey("service_role")
			return storage(t, c)
		})
	})
}
