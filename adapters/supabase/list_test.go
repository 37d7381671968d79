package supabase_test

import (
	"fmt"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
)

// listing goes through a whole list, and gives how many objects it had.
func listing(t *testing.T, s *supabase.Storage, prefix string) (int, error) {
	t.Helper()
	n := 0
	for _, err := range s.List(t.Context(), prefix) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// TestFM_024_an_odd_list_is_no_list: an object of unknown age must not look old,
// and pages that lead nowhere must come to an end.
func TestFM_024_an_odd_list_is_no_list(t *testing.T) {
	t.Parallel()
	const whole = `{"key":"b","name":"a/b","updated_at":"2026-11-22T00:50:16.382Z","metadata":{"size":1,"mimetype":"application/pdf"}}`
	for body, want := range map[string]core.Code{
		`{"hasNext":false,"objects":[` + whole + `]}`:                                                   "",
		`{"hasNext":true,"objects":[` + whole + `]}`:                                                    core.CodeStorageUnavailable,
		`{"hasNext":true,"nextCursor":"same","objects":[` + whole + `]}`:                                core.CodeStorageUnavailable,
		`{"hasNext":false,"objects":[{"name":"a/b","updated_at":"2026-11-22T00:50:16.382Z"}]}`:          core.CodeStorageUnavailable,
		`{"hasNext":false,"objects":[{"name":"a/b","updated_at":null,"metadata":{"size":1}}]}`:          core.CodeStorageUnavailable,
		`{"hasNext":false,"objects":[{"name":"a/b","updated_at":"yesterday","metadata":{"size":1}}]}`:   core.CodeStorageUnavailable,
		`{"hasNext":false,"objects":[{"updated_at":"2026-11-22T00:50:16.382Z","metadata":{"size":1}}]}`: core.CodeStorageUnavailable,
		`<html>`: core.CodeStorageUnavailable,
		`[]`:     core.CodeStorageUnavailable,
	} {
		url, _ := answering(t, 200, body)
		n, err := listing(t, storage(t, config(url)), "a")
		if want == "" && (err != nil || n != 1) {
			t.Errorf("%s: %d objects, %v", body, n, err)
		}
		if want != "" && !core.HasCode(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestFM_024_nothing_listed_without_a_bucket: the storage answers an empty list
// there, which would read as "no files at all".
func TestFM_024_nothing_listed_without_a_bucket(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{})
	_, err := listing(t, storage(t, config(url)), "")
	wantCode(t, "List", err, core.CodeStorageUnavailable, core.Paused)
}

// TestFM_024_a_list_goes_on_after_faults: a page may be asked for again.
func TestFM_024_a_list_goes_on_after_faults(t *testing.T) {
	t.Parallel()
	fake, s := ready(t)
	for i := range 25 {
		if err := put(t.Context(), s, fmt.Sprintf("user/%d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	before := fake.Count(supabasetest.OpList)
	fake.Break(supabasetest.Fault{Op: supabasetest.OpList, Do: supabasetest.BadGateway, Times: 2})
	if n, err := listing(t, s, "user/"); n != 25 || err != nil {
		t.Errorf("%d objects, %v", n, err)
	}
	if n := fake.Count(supabasetest.OpList) - before; n != 5 {
		t.Errorf("%d calls, want three pages and two repeats", n)
	}
	before = fake.Count(supabasetest.OpList)
	for _, err := range s.List(t.Context(), "user/") {
		if n := fake.Count(supabasetest.OpList) - before; n != 1 || err != nil {
			t.Errorf("%d pages were read ahead of the first object, %v", n, err)
		}
		break
	}
	fake.Break(supabasetest.Fault{Op: supabasetest.OpList, Do: supabasetest.SlowDown})
	_, err := listing(t, s, "user/")
	wantCode(t, "List", err, core.CodeStorageUnavailable, core.Busy)
}
