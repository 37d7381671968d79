package httpapi

import (
	"net/http"

	"github.com/insurance-navigator/navigator/core"
)

// Proof is how somebody showed who they are, and what became of it, for
// metrics. Zero where nothing was shown, or nobody looked at it.
type Proof struct {
	Method  string // password, refresh, site, token or api_key
	Outcome string // accepted, refused or unavailable
}

// signIns is the routes that sign somebody in, by what is shown there.
var signIns = map[string]string{
	"POST /auth/login": "password", "POST " + pathLoginAlias: "password",
	"POST /auth/refresh": "refresh", "POST " + pathExchange: "site",
}

// provenBy is the proof of a token or a key that was looked at.
func provenBy(key bool, err error) Proof {
	proof := Proof{Method: "token", Outcome: "accepted"}
	if key {
		proof.Method = "api_key"
	}
	switch {
	case err == nil:
	case core.AsError(err).Kind == core.Transient:
		proof.Outcome = "unavailable"
	default:
		proof.Outcome = "refused"
	}
	return proof
}

// proofOf is the proof of a request that was answered: of the credential that it
// came with, or of the sign-in that it was.
func proofOf(req *request, status int) Proof {
	method, ok := signIns[req.route]
	switch {
	case !ok:
		return req.proof
	case status < http.StatusBadRequest:
		return Proof{method, "accepted"}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, req.code == core.CodeBadSignInCode:
		return Proof{method, "refused"}
	case status >= http.StatusInternalServerError:
		return Proof{method, "unavailable"}
	}
	return Proof{} // malformed, or one too many: nobody looked at it
}
