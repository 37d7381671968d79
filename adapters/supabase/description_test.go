package supabase_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/loadtest/vendors"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func newJudge(t *testing.T) *vendors.Judge {
	t.Helper()
	doc := vendors.Describe(t, "supabase-auth-openapi.json")
	doc.Paths.Delete("/settings") // asked by nobody, and written in words of its own
	asRecorded(doc)
	return vendors.NewJudge(t, doc, "/auth/v1", "/admin/") // the administrator's calls are not described
}

// asRecorded mends the description where the real service was seen to differ.
func asRecorded(doc *openapi3.T) {
	schemas := doc.Components.Schemas
	schemas["AccessTokenResponseSchema"].Value.Properties["weak_password"].Value.Nullable = true // null after a password
	word := openapi3.NewSchemaRef("", openapi3.NewSchema())
	schemas["ErrorSchema"].Value.Properties["code"] = word // a word under the version header
	doc.Components.Responses["RateLimitResponse"].Value.Content["application/json"].Schema.Value.Properties["code"] = word
	signUp := doc.Paths.Value("/signup").Post.Responses.Status(http.StatusOK).Value.Content["application/json"].Schema.Value
	signUp.OneOf, signUp.AnyOf = nil, signUp.OneOf // neither asks for any field, so that each fits the other
}

// TestRequestsAndAnswersFitTheVendorsDescription runs the whole suite of the
// accounts past the judge. The address of an authorisation is left out: the
// description asks for scopes there, which the real service does without.
func TestRequestsAndAnswersFitTheVendorsDescription(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	for name, o := range map[string]supabasetest.AuthOptions{"rotation": {}, "counters": {RefreshTokens: 2}} {
		t.Run(name, func(t *testing.T) {
			portstest.Accounts(t, func(t *testing.T) portstest.People { return people(t, o, &http.Client{Transport: j}) })
		})
	}
	for _, fault := range j.Faults() {
		t.Error(fault)
	}
	want := []string{"GET /health", "GET /user", "POST /logout", "POST /recover", "POST /resend", "POST /signup", "POST /token", "PUT /user"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(j.Seen()))); diff != "" {
		t.Errorf("held against it were:\n%s", diff)
	}
}
