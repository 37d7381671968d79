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
}

// Accounts signs people up and in.
type Accounts interface {
	// SignUp makes the account and signs it in; a Session without AccessToken
	// says the address has to be confirmed first. CodeEmailTaken,
	// CodeWeakPassword, CodeInvalid.
	SignUp(ctx context.Context, s SignUp) (Session, error)

	// SignIn answers CodeBadCredentials alike, and as slowly, for a wrong
	// password and for an unknown address.
	SignIn(ctx context.Context, email, password string) (Session, error)

	// Refresh trades a refresh token, once, for a new session. CodeTokenReused
	// says it was used before and the whole session is ended;
	// CodeUnauthenticated that it is unknown or expired.
	Refresh(ctx context.Context, refreshToken string) (Session, error)

	// SignOut ends the session that the access token belongs to.
	SignOut(ctx context.Context, p Principal, accessToken string) error

	// Account reads the principal's own account.
	Account(ctx context.Context, p Principal, accessToken string) (Account, error)

	// Healthy makes one cheap call.
	Healthy(ctx context.Context) error
}

// Principal is who a verified access token speaks for.
type Principal struct {
	User      core.ID
	Session   string
	Email     string
	ExpiresAt time.Time
	Claims    []byte // the token's own claims as JSON, for the database's row policies
}

// Verifier proves access tokens. Every failure is CodeUnauthenticated, but for
// CodeTokenExpired where all else was right.
type Verifier interface {
	Verify(ctx context.Context, token string) (Principal, error)
}
