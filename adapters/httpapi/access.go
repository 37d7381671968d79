package httpapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
)

// access says who may call a route that is not public: whoever is signed in,
// but for what stands here.
type access struct {
	scope core.Scope  // that an API key needs; empty: no key may
	roles []core.Role // of which one is needed; empty: none is
}

// The kinds of access.
var (
	reading   = access{scope: core.ScopeRead}
	writing   = access{scope: core.ScopeWrite}
	deleting  = access{scope: core.ScopeDelete}
	searching = access{scope: core.ScopeSearch}
	inPerson  = access{} // with an access token alone
	operators = access{roles: []core.Role{core.RoleAdmin, core.RoleOnCall}}
	admins    = access{roles: []core.Role{core.RoleAdmin}}
)

// accesses is the one table of who may call what. A route that stands neither
// here nor among the public ones is let nobody in to.
var accesses = map[string]access{
	"POST " + pathUpload:               writing,
	"POST " + pathAnnounce:             writing,
	"POST " + pathFinished:             writing,
	"POST " + pathDocuments:            writing,
	"POST /documents/{id}/retry":       writing,
	"POST /documents/{id}/cancel":      writing,
	"DELETE /documents/{id}":           deleting,
	"GET " + pathDocuments:             reading,
	"GET /documents/{id}":              reading,
	"GET /documents/{id}/status":       reading,
	"GET /documents/{id}/chunks":       reading,
	"GET /documents/{id}/deletion":     reading,
	"GET /documents/{id}/events":       reading,
	"GET /documents/{id}/file":         reading,
	"GET /documents/{id}/file/link":    reading,
	"POST /documents/batch-status":     reading,
	"POST /search":                     searching,
	"POST " + pathSearchAlias:          searching,
	"GET " + pathUser:                  inPerson,
	"DELETE " + pathUser:               inPerson,
	"GET " + pathExport:                inPerson,
	"GET " + pathSessions:              inPerson,
	"DELETE " + pathSessions:           inPerson,
	"DELETE " + pathSession:            inPerson,
	"GET " + pathUserAlias:             inPerson,
	"POST /auth/logout":                inPerson,
	"PUT " + pathPassword:              inPerson,
	"GET " + pathKeys:                  inPerson,
	"POST " + pathKeys:                 inPerson,
	"DELETE " + pathKeys + "/{id}":     inPerson,
	"GET " + pathWatch:                 operators,
	"GET " + pathWatch + "/{id}":       operators,
	"GET " + pathAdmin + "/queues":     operators,
	"GET " + pathAdmin + "/failures":   operators,
	"GET " + pathAdmin + "/operations": admins,
}

// The names of the table's columns in the OpenAPI document.
const (
	extensionScope = "x-scope"
	extensionRoles = "x-roles"
	keySecurity    = "apiKey"
	headerAPIKey   = "X-API-Key"
)

// describe writes the row into an operation.
func (a access) describe(op *huma.Operation) {
	op.Security = []map[string][]string{{securityName: {}}}
	if a.scope != "" {
		op.Security = append(op.Security, map[string][]string{keySecurity: {}})
		op.Extensions[extensionScope] = a.scope
	}
	if len(a.roles) > 0 {
		op.Extensions[extensionRoles] = a.roles
	}
}

// refusals is the codes that a caller without access is answered.
func (a access) refusals() []core.Code {
	switch {
	case a.scope != "":
		return []core.Code{core.CodeScopeMissing}
	case len(a.roles) > 0:
		return []core.Code{core.CodeKeyRefused, core.CodeRoleRequired}
	}
	return []core.Code{core.CodeKeyRefused}
}

// permit holds a proven caller to the table. It denies what the table does not
// name.
func (d *door) permit(ctx context.Context, req *request) error {
	if req.public {
		return nil
	}
	want, named := accesses[req.route]
	switch key := !req.caller.Key.IsZero(); {
	case !named:
		return core.Fail(core.CodeDenied, nil)
	case key && want.scope == "":
		return core.Fail(core.CodeKeyRefused, nil)
	case key && !slices.Contains(req.caller.Scopes, want.scope):
		return core.Fail(core.CodeScopeMissing, nil)
	case len(want.roles) == 0:
		return nil
	}
	roles, err := d.roles(ctx, req.caller)
	if err == nil && !slices.ContainsFunc(roles, func(r core.Role) bool { return slices.Contains(want.roles, r) }) {
		err = core.Fail(core.CodeRoleRequired, nil)
	}
	return err
}

// credential is what a request proves its caller by.
type credential struct {
	secret string
	key    bool // it is an API key, good or not
}

// credentialOf takes the one credential of a request. Two are none: which of
// them counts would be anybody's guess.
func credentialOf(h http.Header) (credential, bool) {
	keys := h.Values(headerAPIKey)
	if len(keys) == 0 {
		token, ok := bearer(h)
		return credential{token, core.LooksLikeAPIKey(token)}, ok
	}
	if len(keys) > 1 || len(h.Values("Authorization")) > 0 {
		return credential{}, false
	}
	return credential{keys[0], true}, true
}

// bearer takes the token out of the one Authorization header (RFC 6750).
func bearer(h http.Header) (string, bool) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " \t,") {
		return "", false
	}
	return token, true
}

// unlock proves an API key. What could not be looked up is a 503.
func (d *door) unlock(ctx context.Context, key string, req *request) error {
	digest, ok := core.APIKeyDigest(key)
	if !ok {
		return core.Fail(core.CodeUnauthenticated, nil)
	}
	principal, err := d.apiKeys.Bearer(ctx, digest)
	switch {
	case core.HasCode(err, core.CodeUnauthenticated):
		return &refusal{err: core.Fail(core.CodeUnauthenticated, err), detail: "The API key is unknown, revoked or expired."}
	case err != nil:
		return core.Fail(core.CodeAccountsUnavailable, err)
	}
	req.caller = principal
	return nil
}

// accessWords says the same for people.
func accessWords() string {
	byScope := map[core.Scope][]string{}
	for route, a := range accesses {
		if a.scope != "" {
			byScope[a.scope] = append(byScope[a.scope], route)
		}
	}
	words := make([]string, 0, len(byScope))
	for _, scope := range slices.Sorted(maps.Keys(byScope)) {
		words = append(words, "`"+string(scope)+"`")
	}
	return "**Machines** send an API key of `POST " + pathKeys + "`, as `Authorization: Bearer " + core.KeyPrefix + "...` or as `" + headerAPIKey +
		"`. It acts as its owner, for operations whose x-scope it has: " + strings.Join(words, ", ") + ". No key makes keys or changes the account. " +
		"Operations with x-roles are for operators, who are granted the role at a terminal."
}
