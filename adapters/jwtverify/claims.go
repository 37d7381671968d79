package jwtverify

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// lastMoment is the end of the year 9999: later than that a date has no usual
// text form, and the library's arithmetic overflows.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// principal checks the claims that the parser does not know. user_metadata is
// not among them: people write it themselves.
func principal(claims jwt.MapClaims, payload []byte) (ports.Principal, error) {
	subject, err := uuidClaim(claims, "sub")
	if err != nil || subject.IsZero() {
		return ports.Principal{}, ReasonClaims
	}
	if claims["role"] != Role {
		return ports.Principal{}, ReasonClaims
	}
	if anonymous, there := claims["is_anonymous"]; there && anonymous != false {
		return ports.Principal{}, ReasonClaims
	}
	email, err := textClaim(claims, "email")
	if err != nil {
		return ports.Principal{}, err
	}
	session, err := sessionClaim(claims)
	if err != nil {
		return ports.Principal{}, err
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil || expires.After(lastMoment) {
		return ports.Principal{}, ReasonClaims
	}
	return ports.Principal{User: subject, Session: session, Email: email, ExpiresAt: expires.Time, Claims: payload}, nil
}

func uuidClaim(claims jwt.MapClaims, name string) (core.ID, error) {
	text, err := textClaim(claims, name)
	if err != nil {
		return core.ID{}, err
	}
	return core.ParseID(text)
}

// sessionClaim is the session's id, empty where the token names none.
func sessionClaim(claims jwt.MapClaims) (string, error) {
	if _, there := claims["session_id"]; !there {
		return "", nil
	}
	id, err := uuidClaim(claims, "session_id")
	if err != nil {
		return "", ReasonClaims
	}
	return id.String(), nil
}

// textClaim is a claim that is a string or absent.
func textClaim(claims jwt.MapClaims, name string) (string, error) {
	value, there := claims[name]
	if !there {
		return "", nil
	}
	text, ok := value.(string)
	if !ok {
		return "", ReasonClaims
	}
	return text, nil
}
