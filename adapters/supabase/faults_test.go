package supabase_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// TestFM_025_each_fault_has_its_own_class plants every fault under every call:
// absent, denied, unreachable and broken are never taken for one another.
func TestFM_025_each_fault_has_its_own_class(t *testing.T) {
	t.Parallel()
	type class struct {
		code core.Code
		kind core.Kind
	}
	unavailable := class{core.CodeStorageUnavailable, core.Transient}
	denied := class{core.CodeStorageDenied, core.Paused}
	faults := map[supabasetest.Failure]class{
		supabasetest.ServerError: unavailable, supabasetest.DatabaseTimeout: unavailable, supabasetest.BadGateway: unavailable,
		supabasetest.NotFoundPage: unavailable, supabasetest.Redirected: unavailable, supabasetest.Reset: unavailable,
		supabasetest.SlowDown: {core.CodeStorageUnavailable, core.Busy},
		supabasetest.Denied:   denied, supabasetest.EmptyUnauthorized: denied,
	}
	for fault, want := range faults {
		t.Run(string(want.code), func(t *testing.T) {
			t.Parallel()
			fake, s := ready(t)
			if err := put(t.Context(), s, "user/there", []byte("x")); err != nil {
				t.Fatal(err)
			}
			fake.Break(supabasetest.Fault{Do: fault})
			_, err := read(t.Context(), s, "user/there")
			wantCode(t, "Open", err, want.code, want.kind)
			_, err = s.Stat(t.Context(), "user/there")
			wantCode(t, "Stat", err, want.code, want.kind)
			_, err = s.SignGet(t.Context(), "user/there", "", time.Minute)
			wantCode(t, "SignGet", err, want.code, want.kind)
			_, err = s.SignPut(t.Context(), "user/new", 1, portstest.PDF, time.Minute)
			wantCode(t, "SignPut", err, want.code, want.kind)
			_, err = listing(t, s, "")
			wantCode(t, "List", err, want.code, want.kind)
			wantCode(t, "Put", put(t.Context(), s, "user/new", []byte("y")), want.code, want.kind)
			wantCode(t, "Delete", s.Delete(t.Context(), "user/there"), want.code, want.kind)
			wantCode(t, "Healthy", s.Healthy(t.Context()), want.code, want.kind)
			wantCode(t, "Prepare", s.Prepare(t.Context()), want.code, want.kind)
		})
	}
}

func TestFM_025_a_server_that_is_not_there_is_unreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	s := storage(t, config(url))
	_, err := s.Stat(t.Context(), "user/there")
	wantCode(t, "Stat", err, core.CodeStorageUnavailable, core.Transient)
	if text := err.Error(); strings.Contains(text, "user") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the error tells the key or the address: %s", text)
	}
}

func TestFM_024_a_bucket_that_went_away_waits_for_a_person(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{})
	s := storage(t, config(url))
	wantCode(t, "Put", put(t.Context(), s, "user/a", []byte("x")), core.CodeStorageUnavailable, core.Paused)
	_, err := s.Stat(t.Context(), "user/a")
	wantCode(t, "Stat", err, core.CodeStorageUnavailable, core.Paused)
	wantCode(t, "Delete", s.Delete(t.Context(), "user/a"), core.CodeStorageUnavailable, core.Paused)
}

// TestL_019_what_was_not_kept_whole_is_an_error: the storage says 200 and lies.
func TestL_019_what_was_not_kept_whole_is_an_error(t *testing.T) {
	t.Parallel()
	for _, fault := range []supabasetest.Failure{supabasetest.HalfWritten, supabasetest.Vanish} {
		fake, s := ready(t)
		fake.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: fault, Times: 1})
		wantCode(t, "Put", put(t.Context(), s, "user/a", []byte("twelve bytes")), core.CodeStorageUnavailable, core.Transient)
		if left := fake.Objects(testBucket); len(left) != 0 {
			t.Errorf("fault %d left %v", fault, left)
		}
		if err := put(t.Context(), s, "user/a", []byte("twelve bytes")); err != nil {
			t.Errorf("the next try: %v", err)
		}
	}
}

// TestL_019_a_lost_answer_never_doubles: the bytes arrived, the answer did not.
func TestL_019_a_lost_answer_never_doubles(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	fake.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: supabasetest.LostAnswer, Times: 1})
	before := fake.Count(supabasetest.OpUpload)
	wantCode(t, "Put", put(t.Context(), s, "user/a", []byte("x")), core.CodeStorageUnavailable, core.Transient)
	wantCode(t, "again", put(t.Context(), s, "user/a", []byte("y")), core.CodeStorageConflict, core.Conflict)
	if got, err := read(t.Context(), s, "user/a"); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if n := fake.Count(supabasetest.OpUpload) - before; n != 2 {
		t.Errorf("%d uploads were sent for two Puts: an upload is never repeated by itself", n)
	}
}

func TestL_019_a_reset_in_mid_upload_leaves_nothing(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	fake.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: supabasetest.Reset, Times: 1})
	wantCode(t, "Put", put(t.Context(), s, "user/a", make([]byte, 3<<20)), core.CodeStorageUnavailable, core.Transient)
	if left := fake.Objects(testBucket); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestP_017_half_an_answer_is_no_file: the reader must not see an early end.
func TestP_017_half_an_answer_is_no_file(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	if err := put(t.Context(), s, "user/a", make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	fake.Break(supabasetest.Fault{Op: supabasetest.OpDownload, Do: supabasetest.Truncated, Times: 1})
	got, err := read(t.Context(), s, "user/a")
	wantCode(t, "reading", err, core.CodeStorageUnavailable, core.Transient)
	if len(got) >= 100_000 {
		t.Errorf("%d bytes came", len(got))
	}
}

// TestFM_024_a_stale_list_is_not_believed: who lists has to look again before
// acting, and a start that cannot see its own canary says so.
func TestFM_024_a_stale_list_is_not_believed(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	if err := put(t.Context(), s, "user/old", []byte("x")); err != nil {
		t.Fatal(err)
	}
	fake.Break(supabasetest.Fault{Op: supabasetest.OpList, Do: supabasetest.StaleList})
	if err := put(t.Context(), s, "user/new", []byte("y")); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "user/old"); err != nil {
		t.Fatal(err)
	}
	for blob, err := range s.List(t.Context(), "user/") {
		if err != nil || blob.Key != "user/old" {
			t.Fatalf("%+v, %v", blob, err)
		}
		_, err = s.Stat(t.Context(), blob.Key)
		wantCode(t, "looking again", err, core.CodeFileMissing, core.Permanent)
	}
	if err := s.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "list") {
		t.Errorf("Prepare: %v", err)
	}
}

func TestL_019_a_burst_of_faults_passes(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	if err := put(t.Context(), s, "user/a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []supabasetest.Failure{supabasetest.ServerError, supabasetest.DatabaseTimeout, supabasetest.SlowDown, supabasetest.BadGateway, supabasetest.Reset} {
		fake.Break(supabasetest.Fault{Do: fault, Times: 2})
		if got, err := read(t.Context(), s, "user/a"); err != nil || string(got) != "x" {
			t.Errorf("fault %d: %q, %v", fault, got, err)
		}
	}
}

// TestP_017_more_keys_than_one_call_takes are deleted in several.
func TestP_017_more_keys_than_one_call_takes(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	keys := []string{"user/first", "user/last"}
	for _, key := range keys {
		if err := put(t.Context(), s, key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	many := append([]string{keys[0]}, slices.Repeat([]string{"user/none"}, 2000)...)
	before := fake.Count(supabasetest.OpDelete)
	if err := s.Delete(t.Context(), append(many, keys[1])...); err != nil {
		t.Fatal(err)
	}
	if n := fake.Count(supabasetest.OpDelete) - before; n != 3 || len(fake.Objects(testBucket)) != 0 {
		t.Errorf("%d calls left %v", n, fake.Objects(testBucket))
	}
}

func TestRetriesOnlyWhatMayBeRepeated(t *testing.T) {
	t.Parallel()
	passing := []supabasetest.Failure{supabasetest.ServerError, supabasetest.DatabaseTimeout, supabasetest.SlowDown,
		supabasetest.BadGateway, supabasetest.Reset, supabasetest.NotJSON}
	for _, fault := range passing {
		fake, s := ready(t)
		if err := put(t.Context(), s, "user/a", []byte("x")); err != nil {
			t.Fatal(err)
		}
		for op, run := range map[supabasetest.Op]func() error{
			supabasetest.OpInfo:   func() error { _, err := s.Stat(t.Context(), "user/a"); return err },
			supabasetest.OpDelete: func() error { return s.Delete(t.Context(), "user/other") },
		} {
			before := fake.Count(op)
			fake.Break(supabasetest.Fault{Op: op, Do: fault, Times: 2})
			if err := run(); err != nil {
				t.Errorf("fault %d, %s: %v after two faults", fault, op, err)
			}
			if n := fake.Count(op) - before; n != 3 {
				t.Errorf("fault %d, %s: %d tries, want 3", fault, op, n)
			}
		}
	}
	fake, s := ready(t)
	before := fake.Count(supabasetest.OpUpload)
	fake.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: supabasetest.ServerError, Times: 1})
	if err := put(t.Context(), s, "user/a", []byte("x")); err == nil || fake.Count(supabasetest.OpUpload) != before+1 {
		t.Errorf("an upload was repeated: %v", err)
	}
	before = fake.Count(supabasetest.OpInfo)
	if _, err := s.Stat(t.Context(), "user/none"); err == nil || fake.Count(supabasetest.OpInfo) != before+1 {
		t.Errorf("a clear no was asked again: %v", err)
	}
}
