package boot

import (
	"fmt"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/supabase"
)

// accounts fills the door's accounts and its verifier: one verifier for every
// route.
func (h *House) accounts(deps *httpapi.APIDeps) error {
	if h.config.AuthProvider == "supabase" {
		return h.supabaseAccounts(deps)
	}
	return h.localAccounts(deps)
}

func (h *House) localAccounts(deps *httpapi.APIDeps) error {
	keys, err := localauth.ParseKeys(h.config.SigningKey.Reveal())
	if err != nil {
		return fmt.Errorf("AUTH_SIGNING_KEY: %w", err)
	}
	accounts, err := localauth.New(h.appPool, keys, localauth.Config{Issuer: h.config.PublicURL, AccessTTL: h.config.AccessTTL,
		MinPassword: h.config.MinPassword, AutoConfirm: h.config.Mode == Development})
	if err != nil {
		return err
	}
	static, err := jwtverify.ParseJWKS(keys.JWKS())
	if err != nil {
		return err
	}
	verifier, err := jwtverify.New(jwtverify.Config{Issuer: h.config.PublicURL, Keys: static, Alive: accounts.SessionAlive})
	if err != nil {
		return err
	}
	deps.Accounts, deps.Verifier, deps.JWKS = accounts, verifier, keys.JWKS
	return nil
}

// supabaseAccounts verifies with the project's own published keys.
func (h *House) supabaseAccounts(deps *httpapi.APIDeps) error {
	accounts, err := supabase.NewAccounts(supabase.AccountsConfig{URL: h.config.SupabaseURL,
		AnonKey: h.config.SupabaseAnon.Reveal(), ServiceKey: h.config.SupabaseService.Reveal()})
	if err != nil {
		return err
	}
	issuer := strings.TrimRight(h.config.SupabaseURL, "/") + "/auth/v1"
	keys, err := jwtverify.NewRemote(issuer+"/.well-known/jwks.json", nil, nil)
	if err != nil {
		return err
	}
	verifier, err := jwtverify.New(jwtverify.Config{Issuer: issuer, Keys: keys})
	if err != nil {
		return err
	}
	deps.Accounts, deps.Verifier = accounts, verifier
	return nil
}
