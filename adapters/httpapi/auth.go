package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"

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
	"GET " + pathArrive,
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

// authenticate proves the API key or the bearer token. Whatever is wrong with it is a 401: a
// verifier that fails in a way of its own does not become a fault of ours. One
// that could not look at it, with the sessions or the keys away, is a 503, for
// a 401 would have every client sign in anew.
func (d *door) authenticate(r *http.Request, req *request) error {
	shown, ok := credentialOf(r.Header)
	if !ok {
		return core.Fail(core.CodeUnauthenticated, nil)
	}
	req.token = shown.secret
	err := d.identify(r.Context(), shown, req)
	req.proof = provenBy(shown.key, err)
	return err
}

// identify finds out whose credential it is.
func (d *door) identify(ctx context.Context, shown credential, req *request) error {
	if shown.key {
		return d.unlock(ctx, shown.secret, req)
	}
	principal, err := d.verifier.Verify(ctx, shown.secret)
	switch {
	case core.HasCode(err, core.CodeTokenExpired):
		return core.Fail(core.CodeTokenExpired, nil)
	case core.HasCode(err, core.CodeAccountsUnavailable):
		return err
	case errors.Is(err, context.Canceled): // nobody has looked at the token
		return err
	case err != nil || principal.User.IsZero():
		return core.Fail(core.CodeUnauthenticated, err)
	}
	req.caller = principal
	return nil
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
