package localauth

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The bounds of what people send.
const (
	maxEmailBytes    = 254
	maxLocalBytes    = 64 // before the @
	maxPasswordBytes = 72 // what other providers can import
	maxNameRunes     = 200
	maxConsentBytes  = 256
)

// checkSignUp normalises address, password and name, and leaves consent as it
// was sent. CodeInvalid, CodeWeakPassword.
func (a *Accounts) checkSignUp(s ports.SignUp) (ports.SignUp, error) {
	var err error
	if s.Email, err = normalEmail(s.Email); err != nil {
		return s, core.Fail(core.CodeInvalid, err)
	}
	s.Name = strings.TrimSpace(s.Name)
	if !storable(s.Name) || utf8.RuneCountInString(s.Name) > maxNameRunes {
		return s, core.Fail(core.CodeInvalid, errors.New("name: too long or not plain text"))
	}
	for _, consent := range [...]string{s.ConsentVersion, s.ConsentTimestamp} {
		if !storable(consent) || len(consent) > maxConsentBytes {
			return s, core.Fail(core.CodeInvalid, errors.New("consent: too long or not plain text"))
		}
	}
	if s.Password, err = normalPassword(s.Password); err != nil {
		return s, core.Fail(core.CodeInvalid, err)
	}
	if weak(s.Password, s.Email, s.Name, a.config.MinPassword) {
		return s, core.Fail(core.CodeWeakPassword, nil)
	}
	return s, nil
}

// storable reports whether the database can keep a text as it is.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// normalEmail is the one spelling under which an address is kept and found.
func normalEmail(email string) (string, error) {
	if len(email) > 2*maxEmailBytes || !storable(email) {
		return "", errors.New("email: too long or not plain text")
	}
	email = strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
	if len(email) > maxEmailBytes || strings.ContainsFunc(email, unprintable) {
		return "", errors.New("email: too long or not plain text")
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", errors.New("email: not an address")
	}
	local, domain, _ := strings.Cut(email, "@")
	if len(local) > maxLocalBytes || strings.ContainsAny(domain, "[]@") {
		return "", errors.New("email: not an address")
	}
	return email, nil
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// normalPassword makes one password of its spellings on different keyboards.
func normalPassword(password string) (string, error) {
	if len(password) > 4*maxPasswordBytes || !storable(password) {
		return "", errors.New("password: longer than 72 bytes or not plain text")
	}
	password = norm.NFC.String(password)
	if len(password) > maxPasswordBytes {
		return "", errors.New("password: longer than 72 bytes")
	}
	return password, nil
}
