package supabase

import (
	"context"
	"net/url"
	"regexp"
	"slices"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// challengeMethod is the only one we send: without a challenge the service puts
// the tokens themselves into the address that it leads back to.
const challengeMethod = "s256"

// What RFC 7636 says of a challenge and of a verifier.
var (
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	verifierForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
)

// Authorize implements ports.OtherSites. The address is made here and nobody is
// called: the service begins the flow when the browser comes to it.
func (a *Accounts) Authorize(_ context.Context, site string, to ports.Return) (string, error) {
	switch {
	case len(a.sites) == 0:
		return "", core.Fail(core.CodeNotOffered, nil)
	case !slices.Contains(a.sites, site) || to.Redirect == "" || !challengeForm.MatchString(to.Challenge):
		return "", core.Fail(core.CodeInvalid, nil)
	}
	query := url.Values{
		"provider": {site}, "redirect_to": {to.Redirect},
		"code_challenge": {to.Challenge}, "code_challenge_method": {challengeMethod},
	}
	return a.client.base + authPath + "authorize?" + query.Encode(), nil
}

// Arrive implements ports.OtherSites: other sites lead to the project itself.
func (a *Accounts) Arrive(context.Context, string, string, string) (string, error) {
	return "", core.Fail(core.CodeNotOffered, nil)
}

// Exchange implements ports.OtherSites; codes out of mails are traded here, too.
// It asks once: the code is gone with the first answer, lost or not. The other
// site's own tokens, which come with it, are dropped.
func (a *Accounts) Exchange(ctx context.Context, code, verifier string) (ports.Session, error) {
	if code == "" || len(code) > maxToken || !verifierForm.MatchString(verifier) {
		return ports.Session{}, core.Fail(core.CodeBadSignInCode, nil)
	}
	session, err := a.token(ctx, "pkce", map[string]string{"auth_code": code, "code_verifier": verifier})
	if core.HasCode(err, core.CodeInvalid) { // the service's word for a code of another form
		err = core.Fail(core.CodeBadSignInCode, err)
	}
	return session, err
}

// Recover implements ports.Mails.
func (a *Accounts) Recover(ctx context.Context, email string, to ports.Return) error {
	if !challengeForm.MatchString(to.Challenge) {
		return core.Fail(core.CodeInvalid, nil)
	}
	return a.mail(ctx, "recover", to.Redirect, challenged(to, map[string]any{"email": email}))
}

// Resend implements ports.Mails. The service takes no challenge here; the link
// leads to the project's own address.
func (a *Accounts) Resend(ctx context.Context, email string) error {
	return a.mail(ctx, "resend", "", map[string]any{"type": "signup", "email": email})
}

// mail asks for a mail. The service refuses a second one to the same address
// within a minute, and by that would tell that the address has an account; to
// whom asked, the mail is on its way.
func (a *Accounts) mail(ctx context.Context, route, redirect string, in any) error {
	var out struct{}
	err := a.own(ctx, route, leadBack(redirect), in, &out)
	if mailed(err) {
		return nil
	}
	return err
}

// leadBack is the query that names where a mail's link leads.
func leadBack(redirect string) url.Values {
	if redirect == "" {
		return nil
	}
	return url.Values{"redirect_to": {redirect}}
}

// challenged puts the challenge into a body.
func challenged(to ports.Return, in map[string]any) map[string]any {
	if to.Challenge != "" {
		in["code_challenge"], in["code_challenge_method"] = to.Challenge, challengeMethod
	}
	return in
}
