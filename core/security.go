package core

// SecurityKind is a kind of event that somebody may attack us by. The words are
// those of the OWASP logging vocabulary where it has one.
type SecurityKind string

// The kinds. The list is closed: metrics have a series each.
const (
	SecurityLoginFailed   SecurityKind = "authn_login_fail"           // a wrong password, or an unknown address
	SecurityLoginHeld     SecurityKind = "authn_login_fail_max"       // refused after too many of them
	SecurityTokenReused   SecurityKind = "authn_token_reuse"          // a refresh token came twice: its session has ended
	SecurityTokenRefused  SecurityKind = "authn_token_fail"           // an access token, key or ticket that is not ours, or not good
	SecurityDenied        SecurityKind = "authz_fail"                 // known, and not allowed
	SecurityUnknownID     SecurityKind = "document_unknown"           // a document that is not the caller's was asked for
	SecurityForeignID     SecurityKind = "malicious_direct_reference" // and it is another's: found out afterwards, told nobody
	SecurityForgedWebhook SecurityKind = "webhook_signature_fail"     // a callback without a right signature
	SecurityLimited       SecurityKind = "excess_rate_limit_exceeded" // beyond a rate or a quota
	SecurityMalware       SecurityKind = "upload_malware"             // the scanner found something
	SecurityForeignOrigin SecurityKind = "cross_origin_refused"       // a page that may not call asked to
)

// SecurityKinds lists every kind.
func SecurityKinds() []SecurityKind {
	return []SecurityKind{
		SecurityLoginFailed, SecurityLoginHeld, SecurityTokenReused, SecurityTokenRefused, SecurityDenied, SecurityUnknownID,
		SecurityForeignID, SecurityForgedWebhook, SecurityLimited, SecurityMalware, SecurityForeignOrigin,
	}
}

// SecurityEvent is one of them. Who is behind it is the user, where one is
// known, and else the network of the context's Origin.
type SecurityEvent struct {
	Kind      SecurityKind
	User      ID   // zero where nobody is proven
	Documents []ID // that it is about
	What      string
}

// securityCodes is which refusals are security events, whichever route answered
// them.
var securityCodes = map[Code]SecurityKind{
	CodeBadCredentials:  SecurityLoginFailed,
	CodeTokenReused:     SecurityTokenReused,
	CodeUnauthenticated: SecurityTokenRefused,
	CodeBadSignInCode:   SecurityTokenRefused,
	CodeUploadLink:      SecurityTokenRefused,
	CodeDownloadLink:    SecurityTokenRefused,
	CodeDenied:          SecurityDenied,
	CodeBadSignature:    SecurityForgedWebhook,
	CodeRateLimited:     SecurityLimited,
	CodeQuotaExceeded:   SecurityLimited,
}

// SecurityOf is the kind of event that a refusal with the code is; false where
// it is none.
func SecurityOf(code Code) (SecurityKind, bool) {
	kind, ok := securityCodes[code]
	return kind, ok
}
