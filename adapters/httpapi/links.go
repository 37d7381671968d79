package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// ExchangeRequest trades the code that a person came back with. The verifier is
// the client's own and is seen here alone.
type ExchangeRequest struct {
	Code     string `json:"code" minLength:"1" maxLength:"512" doc:"The code in the address that the person was led back to" example:"d04866cc-aac9-41c9-8e37-062025f0e553"`
	Verifier string `json:"code_verifier" minLength:"43" maxLength:"128" pattern:"^[A-Za-z0-9._~-]+$" doc:"What the challenge was made of (RFC 7636)" example:"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"`
}

// RecoverRequest asks for a mail with a link for somebody who forgot the
// password.
type RecoverRequest struct {
	Email     string `json:"email" minLength:"3" maxLength:"254" example:"ada@example.org"`
	Redirect  string `json:"redirect_to" minLength:"1" maxLength:"2048" doc:"Where the link leads, with a code: one of the deployment's own addresses" example:"https://app.example.org/auth/callback"`
	Challenge string `json:"code_challenge" minLength:"43" maxLength:"43" pattern:"^[A-Za-z0-9_-]+$" doc:"base64url of the SHA-256 of a verifier that the client keeps (RFC 7636, S256)" example:"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"`
}

// ResendRequest asks for the mail that confirms a new account's address again.
type ResendRequest struct {
	Email string `json:"email" minLength:"3" maxLength:"254" example:"ada@example.org"`
}

// PasswordRequest is a new password and what proves the person.
type PasswordRequest struct {
	Present  string `json:"current_password,omitempty" maxLength:"1024" doc:"May be left out in the minutes after a recovery mail's link was followed" example:"correct horse battery staple"`
	Password string `json:"password" minLength:"1" doc:"The new password" example:"seven quiet herons at dusk"`
}

// SignInAddress is where to send a person's browser.
type SignInAddress struct {
	URL string `json:"url" doc:"Lead the browser there; it comes back to redirect_to with a code, or with an error"`
}

// Mailed says what was done for an address, whether it has an account or not.
type Mailed struct {
	Message string `json:"message" doc:"What to do next"`
}

type (
	authorizeInput struct {
		Provider  string `query:"provider" required:"true" minLength:"1" maxLength:"64" pattern:"^[a-z0-9_]+$" doc:"The other site, such as google" example:"google"`
		Redirect  string `query:"redirect_to" required:"true" minLength:"1" maxLength:"2048" doc:"Where the person comes back to: one of the deployment's own addresses" example:"https://app.example.org/auth/callback"`
		Challenge string `query:"code_challenge" required:"true" minLength:"43" maxLength:"43" pattern:"^[A-Za-z0-9_-]+$" doc:"base64url of the SHA-256 of a verifier that the client keeps (RFC 7636, S256)" example:"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"`
	}
	authorizeOutput struct{ Body SignInAddress }
	arriveInput     struct {
		State string `query:"state" required:"true" minLength:"1" maxLength:"512" doc:"What the visit began with" example:"Zk3tq1..."`
		Code  string `query:"code" maxLength:"4096" doc:"The other site's code" example:"SplxlOBeZQQYbYS6WxSbIA"`
		Error string `query:"error" maxLength:"512" doc:"What the other site says in place of a code" example:"access_denied"`
	}
	arriveOutput struct {
		Location string `header:"Location" doc:"Where the browser goes next"`
	}
	exchangeInput struct{ Body ExchangeRequest }
	recoverInput  struct{ Body RecoverRequest }
	resendInput   struct{ Body ResendRequest }
	mailedOutput  struct{ Body Mailed }
	passwordInput struct{ Body PasswordRequest }
)

const (
	pathAuthorize = "/auth/authorize"
	pathExchange  = "/auth/exchange"
	pathArrive    = "/auth/callback"
	pathRecover   = "/auth/recover"
	pathResend    = "/auth/resend"
	pathPassword  = "/auth/password"

	mailedMessage = "If there is an account with this address that the mail is for, it is on its way."
)

func (a *api) registerLinks(h huma.API) {
	tags := []string{"Accounts"}
	body := a.Limits.MaxBodyBytes + 1
	const kept = " The client makes a verifier, keeps it, and sends its challenge; nothing is remembered here."
	const local = " 404 with not_offered where the deployment knows no other sites, or no address to lead back to."
	route(h, huma.Operation{
		OperationID: "authorize", Method: http.MethodGet, Path: pathAuthorize, Tags: tags,
		Summary:     "Begin signing in through another site",
		Description: "Answers the address to lead the browser to (OAuth with PKCE, S256)." + kept + " POST /auth/exchange ends it." + local,
		Errors:      []int{400, 404, 422, 503},
	}, a.authorize)
	route(h, huma.Operation{
		OperationID: "exchange", Method: http.MethodPost, Path: pathExchange, Tags: tags, MaxBodyBytes: body,
		Summary:     "Sign in with a code",
		Description: "Trades the code that a person came back with, from another site or from a mail's link, once, against the verifier that its challenge was made of." + local,
		Errors:      []int{400, 403, 404, 408, 413, 415, 503},
	}, a.exchange)
	route(h, huma.Operation{
		OperationID: "arrive", Method: http.MethodGet, Path: pathArrive, Tags: tags, DefaultStatus: http.StatusSeeOther,
		Summary: "Where another site leads a browser back to",
		Description: "For browsers on their way back, not for clients. Leads on to the redirect_to of the visit, with a code for POST /auth/exchange, " +
			"or with error and error_code. A visit that nobody began, or that ended, leads nowhere: 400." + local,
		Errors: []int{400, 404, 422, 503},
	}, a.arrive)
	route(h, huma.Operation{
		OperationID: "recover", Method: http.MethodPost, Path: pathRecover, Tags: tags, DefaultStatus: http.StatusAccepted, MaxBodyBytes: body,
		Summary: "Mail a link to who forgot the password",
		Description: "Answers alike whether the address has an account or not." + kept +
			" The link leads to redirect_to with a code; trade it with POST /auth/exchange, then PUT /auth/password." + local,
		Errors: []int{400, 404, 408, 413, 415, 503},
	}, a.recoverAccount)
	route(h, huma.Operation{
		OperationID: "resend-confirmation", Method: http.MethodPost, Path: pathResend, Tags: tags, DefaultStatus: http.StatusAccepted, MaxBodyBytes: body,
		Summary:     "Mail the link that confirms an address again",
		Description: "Answers alike whether the address waits for its confirmation or not." + local,
		Errors:      []int{400, 404, 408, 413, 415, 503},
	}, a.resend)
	route(h, huma.Operation{
		OperationID: "change-password", Method: http.MethodPut, Path: pathPassword, Tags: tags, DefaultStatus: http.StatusNoContent, MaxBodyBytes: body,
		Summary:     "Change the password",
		Description: "Ends every other session of the account. The present password proves the person; the session that a recovery mail opened a moment ago needs none.",
		Errors:      []int{400, 403, 408, 413, 415, 422, 503},
	}, a.changePassword)
}

func (a *api) authorize(ctx context.Context, in *authorizeInput) (*authorizeOutput, error) {
	to, err := a.leadsBack("query.redirect_to", in.Redirect, in.Challenge)
	if err != nil {
		return nil, err
	}
	address, err := a.Accounts.Authorize(ctx, in.Provider, to)
	if core.HasCode(err, core.CodeInvalid) {
		return nil, invalid(http.StatusBadRequest, "query.provider", "a site that this deployment signs people in through")
	}
	if err != nil {
		return nil, err
	}
	return &authorizeOutput{Body: SignInAddress{URL: address}}, nil
}

func (a *api) arrive(ctx context.Context, in *arriveInput) (*arriveOutput, error) {
	address, err := a.Accounts.Arrive(ctx, in.State, in.Code, in.Error)
	if err != nil {
		return nil, err
	}
	return &arriveOutput{Location: address}, nil
}

// leadsBack takes an address only as it is configured, letter by letter: a code
// is never led to anybody else's.
func (a *api) leadsBack(field, redirect, challenge string) (ports.Return, error) {
	switch {
	case len(a.Redirects) == 0:
		return ports.Return{}, core.Fail(core.CodeNotOffered, nil)
	case !slices.Contains(a.Redirects, redirect):
		return ports.Return{}, invalid(http.StatusUnprocessableEntity, field, "one of the deployment's own addresses, letter by letter")
	}
	return ports.Return{Redirect: redirect, Challenge: challenge}, nil
}

func (a *api) exchange(ctx context.Context, in *exchangeInput) (*sessionOutput, error) {
	session, err := a.Accounts.Exchange(ctx, in.Body.Code, in.Body.Verifier)
	return a.signedIn(ctx, session, err)
}

func (a *api) recoverAccount(ctx context.Context, in *recoverInput) (*mailedOutput, error) {
	to, err := a.leadsBack("body.redirect_to", in.Body.Redirect, in.Body.Challenge)
	if err != nil {
		return nil, err
	}
	return mailAnswer(a.Accounts.Recover(ctx, in.Body.Email, to))
}

func (a *api) resend(ctx context.Context, in *resendInput) (*mailedOutput, error) {
	return mailAnswer(a.Accounts.Resend(ctx, in.Body.Email))
}

func mailAnswer(err error) (*mailedOutput, error) {
	if core.HasCode(err, core.CodeInvalid) {
		return nil, invalid(http.StatusUnprocessableEntity, "body.email", "an e-mail address")
	}
	if err != nil {
		return nil, err
	}
	return &mailedOutput{Body: Mailed{Message: mailedMessage}}, nil
}

func (a *api) changePassword(ctx context.Context, in *passwordInput) (*noOutput, error) {
	if err := a.passwordFits(in.Body.Password); err != nil {
		return nil, err
	}
	req := requestOf(ctx)
	change := func() error {
		return a.Accounts.ChangePassword(ctx, req.caller, req.token, in.Body.Present, in.Body.Password)
	}
	var err error
	if in.Body.Present == "" { // nothing is tried
		err = change()
	} else {
		err = a.tried(ctx, req.caller.Email, change)
	}
	return &noOutput{}, a.recordIf(ctx, err, core.AuditPassword, "")
}
