package session

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// ErrNone says that nobody is signed in.
var ErrNone = errors.New("you are not signed in")

// ErrEnded says that the session cannot be continued.
var ErrEnded = errors.New("your session has ended")

// Door is how sessions begin and go on; *client.Client is one.
type Door interface {
	Login(ctx context.Context, email string, password client.Secret) (client.Session, error)
	Refresh(ctx context.Context, token client.Secret) (client.Session, error)
}

// Keeper hands out the access token of a place's session. It is renewed when it
// expires, by one process at a time; where make dev left an account, that one
// is signed in by itself.
type Keeper struct {
	place Place
	door  Door
}

// New makes a keeper.
func New(place Place, door Door) *Keeper { return &Keeper{place, door} }

// Token is client.Tokens. ErrNone and ErrEnded say that a person has to sign
// in.
func (k *Keeper) Token(ctx context.Context, refused client.Secret) (client.Secret, error) {
	kept, err := k.Current()
	if err != nil {
		return "", err
	}
	if kept.usable(time.Now()) && kept.Access != refused {
		return kept.Access, nil
	}
	return k.renew(ctx, refused)
}

// renew gets another token under the lock, unless another process just did.
func (k *Keeper) renew(ctx context.Context, refused client.Secret) (client.Secret, error) {
	if k.place.File == "" {
		return "", ErrNone
	}
	unlock, err := k.place.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	kept, err := k.Current()
	if err != nil {
		return "", err
	}
	if kept.usable(time.Now()) && kept.Access != refused {
		return kept.Access, nil
	}
	return k.begin(ctx, kept)
}

// begin trades the refresh token, or signs in with the profile's account where
// that is who the session was of.
func (k *Keeper) begin(ctx context.Context, kept Kept) (client.Secret, error) {
	if kept.Refresh != "" {
		fresh, err := k.door.Refresh(ctx, kept.Refresh)
		if err == nil {
			return k.keep(fresh, kept.Email)
		}
		if !client.Unauthenticated(err) {
			return "", err
		}
	}
	if p := k.place.Profile; p != nil && (kept.Email == "" || kept.Email == p.Email) {
		fresh, err := k.door.Login(ctx, p.Email, p.Password)
		if err != nil {
			return "", err
		}
		return k.keep(fresh, p.Email)
	}
	if kept.Refresh == "" {
		return "", ErrNone
	}
	return "", errors.Join(ErrEnded, k.place.change(nil))
}

func (k *Keeper) keep(s client.Session, email string) (client.Secret, error) {
	return s.AccessToken, k.place.change(&Kept{Email: email, Access: s.AccessToken, Refresh: s.RefreshToken, Expires: s.ExpiresAt})
}

// Current is the session kept, whether it is still good or not; zero where
// there is none.
func (k *Keeper) Current() (Kept, error) {
	all, err := k.place.read()
	return all[k.place.URL], err
}

// Keep replaces the session with a new one.
func (k *Keeper) Keep(ctx context.Context, s client.Session, email string) error {
	unlock, err := k.place.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	_, err = k.keep(s, email)
	return err
}

// Forget removes the session here; it does not end it at the service.
func (k *Keeper) Forget(ctx context.Context) error {
	unlock, err := k.place.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return k.place.change(nil)
}

// Fixed is a token that was given: there is no other when it is refused.
type Fixed client.Secret

// Token is client.Tokens.
func (f Fixed) Token(context.Context, client.Secret) (client.Secret, error) {
	return client.Secret(f), nil
}
