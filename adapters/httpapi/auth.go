package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// publicRoutes need no token. Whatever is not named here does.
var publicRoutes = []string{
	"GET /health",
	"GET /livez",
	"GET /readyz",
	"GET " + pathOpenAPI,
	"GET " + pathOpenAPI30,
	"GET " + pathYAML,
	"GET " + pathYAML30,
	"GET " + pathJWKS,
	"GET " + pathDocs,
	"GET " + pathLimits,
	"POST /auth/signup",
	"POST /auth/login",
	"POST /auth/refresh",
	"GET " + pathAuthorize,
	"POST " + pathExchange,
	"POST " + pathRecover,
	"POST " + pathResend,
	confirmPage,
	confirmForm,
	"GET /",
	"POST " + pathSignUpAlias,
	"POST " + pathLoginAlias,
	putRoute,
	getRoute,
}

// PublicRoutes lists the API's routes that need no token, as "METHOD /path".
func PublicRoutes() []string { return slices.Clone(publicRoutes) }

func publicSet() map[string]bool {
	set := make(map[string]bool, len(publicRoutes))
	for _, route := range publicRoutes {
		set[route] = true
	}
	return set
}

// authenticate proves the bearer token. Whatever is wrong with it is a 401: a
// verifier that fails in a way of its own does not become a fault of ours. One
// that could not look at it, with the sessions or the keys away, is a 503, for
// a 401 would have every client sign in anew.
func (d *door) authenticate(r *http.Request, req *request) error {
	token, ok := bearer(r.Header)
	if !ok {
		return core.Fail(core.CodeUnauthenticated, nil)
	}
	req.token = token
	principal, err := d.verifier.Verify(r.Context(), token)
	switch {
	case core.HasCode(err, core.CodeTokenExpired):
		return core.Fail(core.CodeTokenExpired, nil)
	case core.HasCode(err, core.CodeAccountsUnavailable):
		return err
	case err != nil || principal.User.IsZero():
		return core.Fail(core.CodeUnauthenticated, err)
	}
	req.caller = principal
	return nil
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

// challenge is the WWW-Authenticate value: it names an error only where a token
// was presented.
func challenge(ctx context.Context, code core.Code) string {
	if code == core.CodeBadSignature {
		return `Signature realm="webhook"`
	}
	if req := requestOf(ctx); req != nil && req.token != "" {
		return `Bearer realm="api", error="invalid_token"`
	}
	return `Bearer realm="api"`
}
