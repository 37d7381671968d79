package llamaparse

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/insurance-navigator/navigator/core"
)

// SignatureHeader carries "sha256=" and the hex HMAC-SHA256 of the raw body.
const SignatureHeader = "LC-Signature"

// The purposes keep the two values apart: knowing one says nothing of the other.
const (
	purposeSecret = "insurance-navigator callback secret v1 "
	purposeToken  = "insurance-navigator callback token v1 "
)

// Secret is the signing secret of one attempt's callback, 64 hex digits. It is
// derived, so that it needs no storing; it is empty for an empty master.
func Secret(master []byte, attempt core.ID) string {
	return derive(master, purposeSecret, attempt)
}

// Token is the value of TokenHeader in one attempt's callback, for senders
// that do not sign: 64 hex digits, empty for an empty master.
func Token(master []byte, attempt core.ID) string {
	return derive(master, purposeToken, attempt)
}

func derive(master []byte, purpose string, attempt core.ID) string {
	if len(master) == 0 {
		return ""
	}
	key, err := hkdf.Key(sha256.New, master, nil, purpose+attempt.String(), sha256.Size)
	if err != nil {
		return "" // only a length the hash cannot give
	}
	return hex.EncodeToString(key)
}

// Authentic reports whether a callback was sent for the attempt by someone who
// holds its secret, under any of the masters: the current one and, during a
// rotation, the former. A signature that is present must be right, whatever
// else is; without one the token must be. A header given twice proves nothing.
func Authentic(masters [][]byte, attempt core.ID, header http.Header, raw []byte) bool {
	if signatures := header.Values(SignatureHeader); len(signatures) > 0 {
		return len(signatures) == 1 && anyMaster(masters, func(master []byte) bool {
			return signed(Secret(master, attempt), signatures[0], raw)
		})
	}
	tokens := header.Values(TokenHeader)
	return len(tokens) == 1 && anyMaster(masters, func(master []byte) bool {
		return sameToken(Token(master, attempt), tokens[0])
	})
}

// anyMaster tries every master, so that time does not tell which one it was.
func anyMaster(masters [][]byte, proves func([]byte) bool) bool {
	proven := false
	for _, master := range masters {
		if len(master) > 0 && proves(master) {
			proven = true
		}
	}
	return proven
}

// signed takes the one form the service sends: lower-case hex after "sha256=".
func signed(secret, header string, raw []byte) bool {
	given, ok := strings.CutPrefix(header, "sha256=")
	return ok && hmac.Equal([]byte(given), []byte(Sign(secret, raw)))
}

// Sign is the hex HMAC-SHA256 of a body, as it stands after "sha256=".
func Sign(secret string, raw []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(raw)
	return hex.EncodeToString(mac.Sum(nil))
}

// sameToken compares hashes: neither length nor a common start shows in time.
func sameToken(want, given string) bool {
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(given))
	return hmac.Equal(a[:], b[:])
}
