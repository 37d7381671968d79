package jwtverify

import (
	"context"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Reason says why a token was refused, for a metric label and a security
// event. The set is closed. It is never told to the sender of the token.
type Reason string

// The reasons.
const (
	ReasonMalformed   Reason = "malformed"   // not a compact token of strict base64 and plain JSON
	ReasonHeader      Reason = "header"      // a header parameter is missing or forbidden
	ReasonAlgorithm   Reason = "algorithm"   // not an allowed algorithm, or not the key's
	ReasonKey         Reason = "key"         // no such key
	ReasonSignature   Reason = "signature"   // the key does not prove it
	ReasonIssuer      Reason = "issuer"      // another issuer's
	ReasonAudience    Reason = "audience"    // meant for somebody else
	ReasonExpired     Reason = "expired"     // too old, all else right
	ReasonClaims      Reason = "claims"      // another claim is missing or wrong
	ReasonSession     Reason = "session"     // the session was ended
	ReasonUnavailable Reason = "unavailable" // could not be judged
)

// Error makes a Reason the cause within a *core.Error.
func (r Reason) Error() string { return string(r) }

// errUndecided marks faults of our own that say nothing about the token.
var errUndecided = errors.New("token could not be judged")

// ReasonOf finds why Verify refused; empty for any other error.
func ReasonOf(err error) Reason {
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	if errors.Is(err, errUndecided) || errors.Is(err, ErrKeysUnavailable) {
		return ReasonUnavailable
	}
	return ""
}

// refuse turns any fault into what the port promises. The cause keeps the
// reason and drops the library's text, which may quote the token.
func refuse(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("verify token: %w", err)
	case errors.Is(err, ErrKeysUnavailable), errors.Is(err, errUndecided):
		return core.Fail(core.CodeAccountsUnavailable, err)
	}
	return core.Fail(core.CodeUnauthenticated, reasonOf(err))
}

// reasonOf reads the library's errors. Order matters: what is found first in
// a token counts, and anything unknown is a fault of the claims.
func reasonOf(err error) Reason {
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	for _, known := range [...]struct {
		is     error
		reason Reason
	}{
		{ErrUnknownKey, ReasonKey},
		{jwt.ErrTokenMalformed, ReasonMalformed},
		{jwt.ErrTokenUnverifiable, ReasonAlgorithm},
		{jwt.ErrTokenSignatureInvalid, ReasonSignature},
		{jwt.ErrTokenInvalidIssuer, ReasonIssuer},
		{jwt.ErrTokenInvalidAudience, ReasonAudience},
	} {
		if errors.Is(err, known.is) {
			return known.reason
		}
	}
	return ReasonClaims
}

// onlyExpired reports whether a token's age is all the parser found wrong. The
// signature is proved before any claim is looked at.
func onlyExpired(err error) bool {
	if !errors.Is(err, jwt.ErrTokenExpired) {
		return false
	}
	for _, other := range [...]error{
		jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidAudience, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidSubject, jwt.ErrTokenNotValidYet, jwt.ErrInvalidType,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}
