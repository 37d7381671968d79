package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// SignUpRequest is what a new account is made of. Consent is kept as sent.
type SignUpRequest struct {
	Email            string `json:"email" minLength:"3" maxLength:"254" doc:"E-mail address" example:"ada@example.org"`
	Password         string `json:"password" minLength:"1" doc:"The new password" example:"correct horse battery staple"`
	Name             string `json:"name,omitempty" maxLength:"200" doc:"How the person is addressed" example:"Ada"`
	ConsentVersion   string `json:"consent_version" minLength:"1" maxLength:"64" doc:"Which text was agreed to" example:"2026-01"`
	ConsentTimestamp string `json:"consent_timestamp" minLength:"1" maxLength:"64" doc:"When, as the client noted it" example:"2026-01-31T09:00:00Z"`
	Redirect         string `json:"redirect_to,omitempty" maxLength:"2048" doc:"Where the link that confirms the address leads, with a code: one of the deployment's own addresses. Send code_challenge with it" example:"https://app.example.org/auth/callback"`
	Challenge        string `json:"code_challenge,omitempty" maxLength:"43" pattern:"^[A-Za-z0-9_-]{43}$" doc:"base64url of the SHA-256 of a verifier that the client keeps (RFC 7636, S256)" example:"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"`
}

// LoginRequest is an account's credentials.
type LoginRequest struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.org"`
	Password string `json:"password" minLength:"1" example:"correct horse battery staple"`
}

// RefreshRequest trades a refresh token, once.
type RefreshRequest struct {
	RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"4096"`
}

// Session is a signed-in account.
type Session struct {
	AccessToken  string `json:"access_token" doc:"For Authorization: Bearer"`
	RefreshToken string `json:"refresh_token" doc:"For POST /auth/refresh, once"`
	TokenType    string `json:"token_type" enum:"bearer"`
	ExpiresIn    int64  `json:"expires_in" doc:"Seconds until the access token expires"`
	ExpiresAt    int64  `json:"expires_at" doc:"The same moment in seconds since 1970, UTC"`
	User         User   `json:"user"`
}

// PendingAccount is an account whose address has to be confirmed first.
type PendingAccount struct {
	User    PendingUser `json:"user"`
	Message string      `json:"message" doc:"What to do next"`
}

// PendingUser is what was sent for it. It has no id: an address that has an
// account already is answered alike.
type PendingUser struct {
	Email          string `json:"email"`
	Name           string `json:"name"`
	EmailConfirmed bool   `json:"email_confirmed"`
}

// User is an account in short.
type User struct {
	ID             string `json:"id" format:"uuid"`
	Email          string `json:"email"`
	Name           string `json:"name"`
	EmailConfirmed bool   `json:"email_confirmed"`
}

// Profile is an account with its dates.
type Profile struct {
	User
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	LastSignInAt *time.Time `json:"last_sign_in_at" nullable:"true"`
	Metadata     Metadata   `json:"user_metadata" doc:"The name again, for clients that look here"`
}

// Metadata is what older clients read an account's name from.
type Metadata struct {
	Name     string `json:"name"`
	FullName string `json:"full_name"`
}

type (
	signUpInput  struct{ Body SignUpRequest }
	signUpOutput struct {
		Status int
		Body   any // Session with 201, PendingAccount with 202
	}
	loginInput    struct{ Body LoginRequest }
	refreshInput  struct{ Body RefreshRequest }
	sessionOutput struct{ Body Session }
	profileOutput struct{ Body Profile }
	noInput       struct{}
	noOutput      struct{}
)

const pendingMessage = "Follow the link in the mail we sent, then sign in."

func (a *api) signUp(ctx context.Context, in *signUpInput) (*signUpOutput, error) {
	if err := a.passwordFits(in.Body.Password); err != nil {
		return nil, err
	}
	for field, text := range map[string]string{
		"body.email": in.Body.Email, "body.name": in.Body.Name,
		"body.consent_version": in.Body.ConsentVersion, "body.consent_timestamp": in.Body.ConsentTimestamp,
	} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return nil, invalid(http.StatusUnprocessableEntity, field, "text without control characters")
		}
	}
	var to ports.Return
	if in.Body.Redirect+in.Body.Challenge != "" {
		var err error
		if to, err = a.signUpReturn(in.Body); err != nil {
			return nil, err
		}
	}
	session, err := a.Accounts.SignUp(ctx, ports.SignUp{
		Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name,
		ConsentVersion: in.Body.ConsentVersion, ConsentTimestamp: in.Body.ConsentTimestamp, Return: to,
	})
	if err == nil {
		err = a.recordAct(ctx, session.Account.ID, core.AuditSignUp, "")
	}
	if err != nil {
		return nil, err
	}
	if session.AccessToken == "" {
		return &signUpOutput{Status: http.StatusAccepted, Body: PendingAccount{
			User:    PendingUser{Email: session.Account.Email, Name: session.Account.Name},
			Message: pendingMessage,
		}}, nil
	}
	return &signUpOutput{Status: http.StatusCreated, Body: sessionOf(session)}, nil
}

// signUpReturn takes both or neither: a link without a challenge would lead back
// with the tokens themselves.
func (a *api) signUpReturn(body SignUpRequest) (ports.Return, error) {
	if body.Challenge == "" {
		return ports.Return{}, invalid(http.StatusUnprocessableEntity, "body.code_challenge", "sent with redirect_to, 43 characters of base64url")
	}
	return a.leadsBack("body.redirect_to", body.Redirect, body.Challenge)
}

func (a *api) passwordFits(password string) error {
	if utf8.RuneCountInString(password) >= a.Limits.MinPassword && len(password) <= a.Limits.MaxPassword {
		return nil
	}
	return &refusal{
		err: core.Fail(core.CodeWeakPassword, nil),
		fields: []Field{{Field: "body.password", Message: fmt.Sprintf(
			"at least %d characters and at most %d bytes", a.Limits.MinPassword, a.Limits.MaxPassword)}},
	}
}

func (a *api) login(ctx context.Context, in *loginInput) (*sessionOutput, error) {
	var session ports.Session
	err := a.tried(ctx, in.Body.Email, func() (err error) {
		session, err = a.Accounts.SignIn(ctx, in.Body.Email, in.Body.Password)
		return err
	})
	return a.signedIn(ctx, session, err)
}

// signedIn notes a sign-in before its tokens are told.
func (a *api) signedIn(ctx context.Context, session ports.Session, err error) (*sessionOutput, error) {
	if err == nil {
		err = a.recordAct(ctx, session.Account.ID, core.AuditSignIn, "")
	}
	return sessionAnswer(session, err)
}

func (a *api) refresh(ctx context.Context, in *refreshInput) (*sessionOutput, error) {
	return sessionAnswer(a.Accounts.Refresh(ctx, in.Body.RefreshToken))
}

func sessionAnswer(session ports.Session, err error) (*sessionOutput, error) {
	if err != nil {
		return nil, err
	}
	return &sessionOutput{Body: sessionOf(session)}, nil
}

func (a *api) logout(ctx context.Context, _ *noInput) (*noOutput, error) {
	req := requestOf(ctx)
	err := a.Accounts.SignOut(ctx, req.caller, req.token)
	return &noOutput{}, a.recordIf(ctx, err, core.AuditSignOut, "")
}

func (a *api) profile(ctx context.Context, _ *noInput) (*profileOutput, error) {
	body, _, err := a.ownProfile(ctx)
	if err != nil {
		return nil, err
	}
	return &profileOutput{Body: body}, nil
}

// ownProfile is the caller's account, and what it agreed to.
func (a *api) ownProfile(ctx context.Context) (Profile, Consent, error) {
	req := requestOf(ctx)
	account, err := a.Accounts.Account(ctx, req.caller, req.token)
	if err != nil {
		return Profile{}, Consent{}, err
	}
	body := Profile{User: userOf(account), CreatedAt: account.CreatedAt.UTC(), UpdatedAt: account.UpdatedAt.UTC(),
		Metadata: Metadata{Name: account.Name, FullName: account.Name}}
	if !account.LastSignInAt.IsZero() {
		last := account.LastSignInAt.UTC()
		body.LastSignInAt = &last
	}
	return body, consentOf(account), nil
}

func sessionOf(s ports.Session) Session {
	return Session{
		AccessToken: s.AccessToken, RefreshToken: s.RefreshToken, TokenType: "bearer",
		ExpiresIn: max(int64(time.Until(s.ExpiresAt).Round(time.Second)/time.Second), 0),
		ExpiresAt: s.ExpiresAt.Unix(), User: userOf(s.Account),
	}
}

func userOf(a ports.Account) User {
	return User{ID: a.ID.String(), Email: a.Email, Name: a.Name, EmailConfirmed: a.EmailConfirmed}
}
