package supabasetest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
)

// TestRecordedRowPolicies replays what the storage said to people's own tokens.
// The recording had policies for owners. We make none: files are the service's,
// and people come to them through the API; so each person is answered as a
// stranger was there. What the owners themselves were answered has no like here.
func TestRecordedRowPolicies(t *testing.T) {
	t.Parallel()
	recorded := map[string]recordedAnswer{}
	for _, a := range readAnswers(t, "ex-rls.txt") {
		recorded[a.title] = a
	}
	c := withBucket(t, supabasetest.Options{})
	c.upload(t, "u1/a.txt", "hello")
	person := "Bearer " + c.do(t, "POST", "/auth/v1/signup", strings.NewReader(annSignUp)).session(t).Access
	tampered := person[:len(person)-8] + "AAAAAAAA"
	const object = "/storage/v1/object/docs/u1/"
	public := []string{"Apikey", supabasetest.DefaultPublishableKey}
	for title, got := range map[string]reply{
		"sb_secret only in apikey header":     c.do(t, "GET", "/storage/v1/object/authenticated/docs/u1/a.txt", nil),
		"expired/garbage: tampered ES256":     c.do(t, "GET", "/storage/v1/object/authenticated/docs/u1/a.txt", nil, "Authorization", tampered),
		"user2 downloads user1 file":          c.do(t, "GET", "/storage/v1/object/authenticated/docs/u1/a.txt", nil, append(public, "Authorization", person)...),
		"user1 uploads to user2 folder":       c.do(t, "POST", object+"b.txt", strings.NewReader("x"), append(public, "Authorization", person, "Content-Type", "text/plain")...),
		"user1 upsert own (no UPDATE policy)": c.do(t, "POST", object+"a.txt", strings.NewReader("x"), append(public, "Authorization", person, "Content-Type", "text/plain", "X-Upsert", "true")...),
	} {
		want := recorded[title]
		if got.status != want.status || (want.status != http.StatusOK && got.body != want.body) {
			t.Errorf("%s: %d %s, the real one says %d %s", title, got.status, got.body, want.status, want.body)
		}
	}
}
