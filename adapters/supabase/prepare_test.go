package supabase_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
)

func TestL_029_a_public_key_is_refused_by_name(t *testing.T) {
	t.Parallel()
	fake, url := project(t, supabasetest.Options{})
	for name, key := range map[string]string{
		"publishable": supabasetest.DefaultPublishableKey,
		"legacy anon": fake.LegacyKey("anon"),
		"a user's":    fake.LegacyKey("authenticated"),
		"empty":       "",
		"neither":     "correct horse battery staple",
		"cut off":     fake.LegacyKey("service_role")[:40],
		"line end":    supabasetest.DefaultSecretKey + "\n",
	} {
		c := config(url)
		c.ServiceKey = key
		_, err := supabase.NewStorage(c)
		if err == nil || !strings.Contains(err.Error(), "SUPABASE_SERVICE_ROLE_KEY") {
			t.Errorf("%s key: %v", name, err)
			continue
		}
		if key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%s key: the error shows it", name)
		}
	}
	if n := len(fake.Requests()); n != 0 {
		t.Errorf("%d requests were made with them", n)
	}
}

// TestL_029_a_key_of_another_project names the variable, from what Prepare hears.
func TestL_029_a_key_of_another_project(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{})
	other, _ := project(t, supabasetest.Options{JWTSecret: "another project's secret, 32 bytes or more"})
	for _, key := range []string{"sb_secret_of_another", other.LegacyKey("service_role")} {
		c := config(url)
		c.ServiceKey = key
		err := storage(t, c).Prepare(t.Context())
		if !core.HasCode(err, core.CodeStorageDenied) || !strings.Contains(err.Error(), "SUPABASE_SERVICE_ROLE_KEY") {
			t.Errorf("got %v", err)
		}
	}
}

func TestL_029_each_key_family_has_its_headers(t *testing.T) {
	t.Parallel()
	fake, url := project(t, supabasetest.Options{})
	legacy := fake.LegacyKey("service_role")
	for key, bearer := range map[string]string{supabasetest.DefaultSecretKey: "", legacy: "Bearer " + legacy} {
		c := config(url)
		c.ServiceKey = key
		s := storage(t, c)
		before := len(fake.Requests())
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range fake.Requests()[before:] {
			if r.Header.Get("Apikey") != key || r.Header.Get("Authorization") != bearer {
				t.Errorf("%s %s: wrong key headers", r.Method, r.Op)
			}
			if !strings.HasPrefix(r.Header.Get("User-Agent"), "insurance-navigator/") {
				t.Errorf("%s: user agent %q", r.Op, r.Header.Get("User-Agent"))
			}
		}
	}
}

// TestP_007_a_missing_policy_is_named drops the service's rights one by one.
func TestP_007_a_missing_policy_is_named(t *testing.T) {
	t.Parallel()
	for op, step := range map[supabasetest.Op]string{
		supabasetest.OpUpload: "write", supabasetest.OpDownload: "read", supabasetest.OpInfo: "read",
		supabasetest.OpList: "list", supabasetest.OpDelete: "delete",
	} {
		fake, s := ready(t)
		fake.Break(supabasetest.Fault{Op: op, Do: supabasetest.NoPolicy})
		err := s.Prepare(t.Context())
		if err == nil || !strings.Contains(err.Error(), ": "+step+" ") {
			t.Errorf("without a policy for %s: %v, want the step %q named", op, err, step)
		}
	}
}

func TestFM_024_the_bucket_is_created_private_with_our_rules(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	if fake.Count(supabasetest.OpBucketCreate) != 1 {
		t.Errorf("%d buckets were created", fake.Count(supabasetest.OpBucketCreate))
	}
	if left := fake.Objects(testBucket); len(left) != 0 {
		t.Errorf("the canary stayed: %v", left)
	}
	if err := s.Prepare(t.Context()); err != nil || fake.Count(supabasetest.OpBucketCreate) != 1 {
		t.Errorf("the second Prepare: %v", err)
	}
}

func TestFM_024_a_bucket_with_other_rules_is_refused(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{})
	c := config(url)
	if err := storage(t, c).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for word, change := range map[string]func(*supabase.Config){
		"file_size_limit":    func(c *supabase.Config) { c.MaxSize = 5 },
		"allowed_mime_types": func(c *supabase.Config) { c.Types = []string{"application/pdf", "text/plain"} },
	} {
		other := c
		change(&other)
		err := storage(t, other).Prepare(t.Context())
		if err == nil || !strings.Contains(err.Error(), word) || !core.HasCode(err, core.CodeStorageDenied) {
			t.Errorf("want %s named: %v", word, err)
		}
	}
	raw(t, url, "PUT", "/storage/v1/bucket/"+testBucket, `{"public":true,"file_size_limit":4194304,"allowed_mime_types":["application/pdf"]}`)
	if err := storage(t, c).Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "must be private") {
		t.Errorf("a public bucket: %v", err)
	}
}

func TestFM_024_a_project_that_takes_less_is_named(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{GlobalLimit: 1 << 20})
	err := storage(t, config(url)).Prepare(t.Context())
	if !core.HasCode(err, core.CodeFileTooLarge) || !strings.Contains(err.Error(), "upload file size limit is below 4194304 bytes: raise it") {
		t.Errorf("got %v", err)
	}
}

// TestFM_024_two_starts_at_once: the second is told that the bucket exists.
func TestFM_024_two_starts_at_once(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{})
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = storage(t, config(url)).Prepare(t.Context()) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestConfigurationFaultsComeTogether(t *testing.T) {
	t.Parallel()
	_, err := supabase.NewStorage(supabase.Config{URL: "ftp://x", Bucket: "a/b"})
	for _, word := range []string{"SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "bucket"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s is not named: %v", word, err)
		}
	}
	for _, address := range []string{"", "project.supabase.co", "https://u:p@x.co", "https://x.co/storage/v1", "https://x.co?a=b"} {
		c := config(address)
		if _, err := supabase.NewStorage(c); err == nil || !strings.Contains(err.Error(), "SUPABASE_URL") {
			t.Errorf("address %q: %v", address, err)
		}
	}
	if _, err := supabase.NewStorage(config("https://x.co/")); err != nil {
		t.Errorf("a slash at the end: %v", errors.Unwrap(err))
	}
}
