package boot

import (
	"context"
	"fmt"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/oidc"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/ports"
)

// accounts fills the door's accounts and its verifier: one verifier for every
// route, and the same one whoever issues the tokens.
func (h *House) accounts(ctx context.Context, deps *httpapi.APIDeps) (err error) {
	var proof jwtverify.Config
	if h.config.AuthProvider == "supabase" {
		proof, err = h.supabaseAccounts(ctx, deps)
	} else {
		proof, err = h.localAccounts(deps)
	}
	if err != nil {
		return err
	}
	deps.Verifier, err = jwtverify.New(proof)
	return err
}

func (h *House) localAccounts(deps *httpapi.APIDeps) (jwtverify.Config, error) {
	keys, err := h.config.signingKeys()
	if err != nil {
		return jwtverify.Config{}, err
	}
	sites, err := h.config.sites()
	if err != nil {
		return jwtverify.Config{}, err
	}
	accounts, err := localauth.New(postgres.NewSteady(h.appPool), keys, localauth.Config{Issuer: h.config.PublicURL, AccessTTL: h.config.AccessTTL,
		MinPassword: h.config.MinPassword, AutoConfirm: h.config.Mode == Development, Confirm: h.config.Confirms(), Client: httpapi.ClientName,
		Sites: sites, Callback: strings.TrimRight(h.config.PublicURL, "/") + "/auth/callback"})
	if err != nil {
		return jwtverify.Config{}, err
	}
	if err := h.openMail(); err != nil {
		return jwtverify.Config{}, err
	}
	proof, err := h.config.localProof(keys)
	deps.Accounts, deps.JWKS, deps.Confirm, proof.Alive = accounts, keys.JWKS, accounts.Confirm, accounts.SessionAlive
	return proof, err
}

// sites is the other sites that local accounts are signed in to through.
func (c Config) sites() (map[string]ports.Site, error) {
	if c.OIDCIssuer == "" {
		return nil, nil
	}
	site, err := oidc.New(oidc.Config{Issuer: c.OIDCIssuer, ClientID: c.OIDCClient, ClientSecret: c.OIDCSecret.Reveal()})
	if err != nil {
		return nil, err
	}
	return map[string]ports.Site{c.OIDCName: site}, nil
}

// signingKeys reads the key that signs and the one that is only believed.
func (c Config) signingKeys() (*localauth.Keys, error) {
	var former []string
	if c.FormerKey.Set() {
		former = append(former, c.FormerKey.Reveal())
	}
	keys, err := localauth.ParseKeys(c.SigningKey.Reveal(), former...)
	if err != nil {
		return nil, fmt.Errorf("AUTH_SIGNING_KEY or AUTH_SIGNING_KEY_FORMER: %w", err)
	}
	return keys, nil
}

// supabaseAccounts verifies with the project's own published keys, and with its
// shared secret where there still is one. Keys that cannot be had yet are no
// reason not to start: the first token asks again.
func (h *House) supabaseAccounts(ctx context.Context, deps *httpapi.APIDeps) (jwtverify.Config, error) {
	ended := postgres.NewEndedSessions(h.appPool)
	accounts, err := h.config.supabaseAccounts(ended)
	if err != nil {
		return jwtverify.Config{}, err
	}
	proof, keys, err := h.config.supabaseProof()
	if err != nil {
		return jwtverify.Config{}, err
	}
	if err := keys.Warm(ctx); err != nil {
		h.log.Warn("the accounts' signing keys cannot be had yet")
	}
	deps.Accounts, proof.Alive = h.seen.guards.accounts(notedAccounts{accounts, h.seen}), ended.Alive
	return proof, nil
}

func (c Config) supabaseAccounts(ended ports.EndedSessions) (*supabase.Accounts, error) {
	return supabase.NewAccounts(supabase.AccountsConfig{URL: c.SupabaseURL,
		AnonKey: c.SupabaseAnon.Reveal(), ServiceKey: c.SupabaseService.Reveal(),
		Sites: c.AuthSites, ClientAddress: httpapi.ClientAddress, Ended: ended})
}
