package supabase

import (
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// sessionBody is what the service answers to those who signed in.
type sessionBody struct {
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token"`
	ExpiresAt    int64    `json:"expires_at"` // Unix seconds; expires_in may be a second short
	User         userBody `json:"user"`
}

func (b sessionBody) session() (ports.Session, error) {
	if b.AccessToken == "" || b.RefreshToken == "" || b.ExpiresAt == 0 {
		return ports.Session{}, core.Fail(core.CodeAccountsUnavailable, errors.New("a session without its tokens"))
	}
	account, err := b.User.account()
	if err != nil {
		return ports.Session{}, err
	}
	return ports.Session{AccessToken: b.AccessToken, RefreshToken: b.RefreshToken, ExpiresAt: time.Unix(b.ExpiresAt, 0).UTC(), Account: account}, nil
}

// userBody is an account in the service's words; times come with up to nine
// digits of a second and are absent where nothing happened yet.
type userBody struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	ConfirmedAt time.Time `json:"email_confirmed_at"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	SignedInAt  time.Time `json:"last_sign_in_at"`
	Metadata    struct {
		FullName string `json:"full_name"`
		Name     string `json:"name"` // where a provider filled it

		ConsentVersion   string `json:"consent_version"`
		ConsentTimestamp string `json:"consent_timestamp"`
	} `json:"user_metadata"`
}

func (b userBody) account() (ports.Account, error) {
	id, err := core.ParseID(b.ID)
	if err != nil || id.IsZero() {
		return ports.Account{}, core.Fail(core.CodeAccountsUnavailable, errors.New("an account without an id"))
	}
	name := b.Metadata.FullName
	if name == "" {
		name = b.Metadata.Name
	}
	return ports.Account{ID: id, Email: b.Email, Name: name, EmailConfirmed: !b.ConfirmedAt.IsZero(),
		CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt, LastSignInAt: b.SignedInAt,
		ConsentVersion: b.Metadata.ConsentVersion, ConsentTimestamp: b.Metadata.ConsentTimestamp}, nil
}
