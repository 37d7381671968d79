package supabase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// The storage decides how long its address lives, and we are to know it.
func TestAnUploadAddressLivesAsLongAsTheStorageSays(t *testing.T) {
	t.Parallel()
	_, url := project(t, supabasetest.Options{})
	s := storage(t, config(url))
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	signed, err := s.SignPut(t.Context(), "u/d/original.pdf", 10, portstest.PDF, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if life := signed.ExpiresAt.Sub(before); life < 2*time.Hour || life > 2*time.Hour+time.Minute {
		t.Errorf("it is said to live %s", life)
	}
	if !strings.HasPrefix(signed.URL, url+"/storage/v1/object/upload/sign/"+testBucket+"/u/d/original.pdf?token=") {
		t.Error("the address is not the storage's own")
	}
}

// L-009A: what is handed out is the storage's own address of that very object,
// and nothing that merely answered.
func TestL009A_L015_L016_AnAddressOfAnythingElseIsNotHandedOut(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		`{}`, `{"url":""}`, `{"url":"https://elsewhere.example/object/upload/sign/documents/a?token=x"}`,
		`{"url":"/object/upload/sign/documents/b?token=x"}`, `{"url":"/object/sign/documents/a?token=x"}`,
		`{"url":"/object/upload/sign/documents/a"}`, `{"url":"/object/upload/sign/documents/a?token="}`,
	} {
		url, _ := answering(t, 200, answer)
		_, err := storage(t, config(url)).SignPut(t.Context(), "a", 1, portstest.PDF, time.Minute)
		if !core.HasCode(err, core.CodeStorageUnavailable) {
			t.Errorf("%s: %v", answer, err)
		}
	}
	for _, answer := range []string{
		`{}`, `{"signedURL":""}`, `{"signedURL":null}`, `{"signedURL":"https://elsewhere.example/object/sign/documents/a?token=x"}`,
		`{"signedURL":"/object/sign/documents/b?token=x"}`, `{"signedURL":"/object/sign/other/a?token=x"}`, `{"signedURL":"/object/sign/documents/a"}`,
		`{"signedURL":"/object/upload/sign/documents/a?token=x"}`, `{"signedURL":"/object/sign/documents/a?token="}`,
	} {
		url, _ := answering(t, 200, answer)
		_, err := storage(t, config(url)).SignGet(t.Context(), "a", "", time.Minute)
		if !core.HasCode(err, core.CodeStorageUnavailable) {
			t.Errorf("%s: %v", answer, err)
		}
	}
	for token, want := range map[string]time.Duration{"opaque": 2 * time.Hour, "a.b.c": 2 * time.Hour} {
		url, _ := answering(t, 200, `{"url":"/object/upload/sign/documents/a?token=`+token+`"}`)
		before := time.Now()
		signed, err := storage(t, config(url)).SignPut(t.Context(), "a", 1, portstest.PDF, time.Minute)
		if err != nil || signed.ExpiresAt.Sub(before) < want {
			t.Errorf("%s: %s, %v", token, signed.ExpiresAt.Sub(before), err)
		}
	}
}
