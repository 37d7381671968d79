package supabasetest

import (
	"encoding/json"
	"maps"
	"time"
)

// userView is an account as it is answered, in the service's own order.
type userView struct {
	ID                 string         `json:"id"`
	Aud                string         `json:"aud"`
	Role               string         `json:"role"`
	Email              string         `json:"email"`
	EmailConfirmedAt   string         `json:"email_confirmed_at,omitempty"`
	Phone              string         `json:"phone"`
	ConfirmationSentAt string         `json:"confirmation_sent_at,omitempty"`
	ConfirmedAt        string         `json:"confirmed_at,omitempty"`
	RecoverySentAt     string         `json:"recovery_sent_at,omitempty"`
	LastSignInAt       string         `json:"last_sign_in_at,omitempty"`
	App                map[string]any `json:"app_metadata"`
	Metadata           map[string]any `json:"user_metadata"`
	Identities         []identityView `json:"identities"`
	CreatedAt          string         `json:"created_at"`
	UpdatedAt          string         `json:"updated_at"`
	IsAnonymous        bool           `json:"is_anonymous"`
}

type identityView struct {
	IdentityID   string         `json:"identity_id"`
	ID           string         `json:"id"`
	UserID       string         `json:"user_id"`
	Data         map[string]any `json:"identity_data"`
	Provider     string         `json:"provider"`
	LastSignInAt string         `json:"last_sign_in_at"`
	CreatedAt    string         `json:"created_at"`
	UpdatedAt    string         `json:"updated_at"`
	Email        string         `json:"email"`
}

// sessionView is a sign-in as it is answered.
type sessionView struct {
	AccessToken   string          `json:"access_token"`
	TokenType     string          `json:"token_type"`
	ExpiresIn     int64           `json:"expires_in"`
	ExpiresAt     int64           `json:"expires_at"`
	RefreshToken  string          `json:"refresh_token"`
	User          userView        `json:"user"`
	WeakPassword  json.RawMessage `json:"weak_password,omitempty"` // null after a password, else absent
	ProviderToken string          `json:"provider_token,omitempty"`
}

// timeText is a time as Auth writes it: with as many digits as there are.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func showUser(u user) userView {
	metadata := map[string]any{"email": u.Email, "email_verified": !u.Confirmed.IsZero(), "phone_verified": false, "sub": u.ID}
	maps.Copy(metadata, u.Metadata)
	created := timeText(u.CreatedAt)
	return userView{
		ID: u.ID, Aud: roleAuthenticated, Role: roleAuthenticated, Email: u.Email, App: u.app(), Metadata: metadata,
		EmailConfirmedAt: timeText(u.Confirmed), ConfirmationSentAt: timeText(u.MailedAt), ConfirmedAt: timeText(u.Confirmed),
		RecoverySentAt: timeText(u.RecoveredAt), LastSignInAt: timeText(u.SignedIn), CreatedAt: created, UpdatedAt: timeText(u.UpdatedAt),
		Identities: []identityView{{u.ID, u.ID, u.ID, metadata, u.provider(), created, created, created, u.Email}},
	}
}

func (u user) provider() string {
	if u.Site != "" {
		return u.Site
	}
	return "email"
}

func (u user) app() map[string]any {
	app := map[string]any{"provider": u.provider(), "providers": []string{u.provider()}}
	maps.Copy(app, u.App)
	return app
}
