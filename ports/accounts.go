package ports

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Account is a person's account.
type Account struct {
	ID             core.ID
	Email          string
	Name           string
	EmailConfirmed bool
	CreatedAt      time.Time
	UpdatedAt      time.Time
	LastSignInAt   time.Time // zero when never

	ConsentVersion   string // as it was sent
	ConsentTimestamp string // as it was sent
}

// Session is a signed-in account. Its tokens are secrets.
type Session struct {
	AccessToken  string
	RefreshToken string
	ExpiresAt    time.Time // of the access token
	Account      Account
}

// SignUp is what a new account is made of. Consent is stored as it was sent.
type SignUp struct {
	Email            string
	Password         string
	Name             string
	ConsentVersion   string
	ConsentTimestamp string
	Return           Return // of the link that confirms the address; the zero Return leaves it to the provider
}

// Return is where a link in a mail, or another site, leads a person back to.
// A code comes with them there, which Exchange trades for a session against
// the verifier whose challenge this is (RFC 7636, S256).
type Return struct {
	Redirect  string // an address of ours that the provider knows, too
	Challenge string // base64url of the SHA-256 of the verifier, 43 characters
}

// Accounts signs people up and in. Where an implementation has no mail or no
// other sites, those calls are CodeNotOffered, whatever their arguments.
type Accounts interface {
	// SignUp makes the account and signs it in; a Session without AccessToken
	// says the address has to be confirmed first, and then tells nothing but
	// what was sent: one that has an account already is answered alike.
	// CodeEmailTaken where nothing is to be confirmed, CodeWeakPassword,
	// CodeInvalid, CodeRateLimited.
	SignUp(ctx context.Context, s SignUp) (Session, error)

	// SignIn answers CodeBadCredentials alike, and as slowly, for a wrong
	// password and for an unknown address. CodeEmailUnconfirmed says that the
	// password was right, CodeDenied that the account is kept out.
	SignIn(ctx context.Context, email, password string) (Session, error)

	// Refresh trades a refresh token, once, for a new session. All who trade
	// one token at the same time get the same new token. CodeTokenReused says
	// it was used long before and no token of that session is good any more;
	// CodeUnauthenticated that it is unknown or expired.
	Refresh(ctx context.Context, refreshToken string) (Session, error)

	// SignOut ends the session that the access token belongs to, and no other.
	// One that has ended already is no error.
	SignOut(ctx context.Context, p Principal, accessToken string) error

	// Account reads the principal's own account.
	Account(ctx context.Context, p Principal, accessToken string) (Account, error)

	// ChangePassword sets a new password and ends every other session of the
	// account. The present password proves the person; it may be empty for a
	// session that a recovery mail opened a moment ago. CodeBadCredentials,
	// CodeWeakPassword, CodeSamePassword, CodeInvalid.
	ChangePassword(ctx context.Context, p Principal, accessToken, present, next string) error

	Mails
	OtherSites
	Sessions
	Closing

	// Healthy makes one cheap call.
	Healthy(ctx context.Context) error
}

// Mails asks for mails with links. Whether the address has an account, or was
// sent one a moment ago, is never told: both calls answer nil alike.
// CodeInvalid says that it is no address.
type Mails interface {
	// Recover mails a link to somebody who forgot the password.
	Recover(ctx context.Context, email string, to Return) error

	// Resend mails the link that confirms a new account's address again.
	Resend(ctx context.Context, email string) error
}

// OtherSites signs people in who have an account elsewhere (OAuth with PKCE).
// Nothing is remembered between the two calls: the client keeps the verifier.
type OtherSites interface {
	// Authorize is the address to send a person's browser to. CodeInvalid says
	// that this site is not among those offered.
	Authorize(ctx context.Context, site string, to Return) (string, error)

	// Arrive takes a person back from another site that leads to us, and answers
	// the address to lead the browser on to: with a code for Exchange, or with an
	// error where the other site refused or its word does not hold. fault is what
	// that site says in place of a code. CodeBadSignInCode says that nobody is
	// awaited under this state, or no longer: there is nowhere to lead to.
	// CodeNotOffered where other sites do not lead to us.
	Arrive(ctx context.Context, state, code, fault string) (string, error)

	// Exchange trades the code that the person came back with, once.
	// CodeBadSignInCode says that it is unknown, used, or another verifier's.
	Exchange(ctx context.Context, code, verifier string) (Session, error)
}

// SessionRow is one of an account's sessions.
type SessionRow struct {
	ID          core.ID
	CreatedAt   time.Time // when the person signed in
	RefreshedAt time.Time // of the last trade of a refresh token; zero when none
	Client      string    // what the client said it was; may be empty
}

// Sessions shows people where they are signed in, and ends it. An ended
// session's access tokens are refused at once, in every process.
type Sessions interface {
	// Sessions lists the account's live sessions, the latest first. CodeNotOffered
	// where whoever keeps the accounts does not tell.
	Sessions(ctx context.Context, p Principal, accessToken string) ([]SessionRow, error)

	// EndSession ends one session of the account. CodeNotFound says that the
	// account has no such one; CodeNotOffered as for Sessions.
	EndSession(ctx context.Context, p Principal, accessToken string, session core.ID) error

	// EndOthers ends every session of the account but the principal's.
	EndOthers(ctx context.Context, p Principal, accessToken string) error
}

// Closing deletes accounts.
type Closing interface {
	// Prove holds that it is the person: by the present password, or where that
	// is empty by a session that was signed in to a moment ago. CodeBadCredentials.
	Prove(ctx context.Context, p Principal, accessToken, present string) error

	// Delete removes the account with its sessions. One that is gone is no
	// error. What the account owns elsewhere has to be deleted before.
	// CodeNotOffered where the deployment may not.
	Delete(ctx context.Context, p Principal) error
}

// EndedSessions is what access tokens are not taken for, where whoever keeps the
// accounts cannot be asked with every request. It acts at once in every process.
type EndedSessions interface {
	// End ends one session of the user.
	End(ctx context.Context, user core.ID, session string) error

	// EndOthers ends the sessions of the user whose tokens were made until now,
	// but the one to keep; an empty keep is none.
	EndOthers(ctx context.Context, user core.ID, keep string) error

	// Alive reports whether the principal's session was not ended.
	Alive(ctx context.Context, p Principal) (bool, error)
}

// Site is another site that vouches for people (OpenID Connect).
type Site interface {
	// Begin is the address to send a person's browser to.
	// CodeAccountsUnavailable says that the site cannot be asked.
	Begin(ctx context.Context, v Visit) (string, error)

	// Finish trades the code that came back for the site's word on the person,
	// and proves that it is this site's, for us, and for this visit.
	// CodeBadSignInCode says that it is not, CodeAccountsUnavailable that the site
	// cannot be asked.
	Finish(ctx context.Context, code string, v Visit) (Identity, error)
}

// Visit is one person's way to another site and back.
type Visit struct {
	Callback string // our address that the site leads back to
	State    string // names the visit
	Nonce    string // has to come back within the site's word
	Verifier string // proves that who trades the code is who began (RFC 7636)
}

// Identity is another site's word on a person.
type Identity struct {
	Issuer, Subject string // who says it, and whom it means, for ever
	Email           string // may be empty
	EmailVerified   bool   // the site proved the address
	Name            string // may be empty
}

// Principal is who a verified access token speaks for.
type Principal struct {
	User      core.ID
	Session   string
	Email     string
	ExpiresAt time.Time
	Claims    []byte // the token's own claims as JSON, for the database's row policies

	Key    core.ID      // the API key that speaks for the user; zero for a person
	Scopes []core.Scope // what that key may do
}

// Verifier proves access tokens. Every failure is CodeUnauthenticated, but for
// CodeTokenExpired where all else was right.
type Verifier interface {
	Verify(ctx context.Context, token string) (Principal, error)
}
