package dev

import (
	"crypto/rand"
	"fmt"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// Assume completes a configuration as Run would, without starting or writing
// anything: what is wrong with it then is for its owner to mend. err is what
// reading it said.
func Assume(config boot.Config, err error) (boot.Config, error) {
	if err != nil {
		return config, err
	}
	if config.Mode != boot.Development {
		return config, fmt.Errorf("SERVICE_MODE: dev runs in development alone")
	}
	const nowhere = "http://127.0.0.1:1"
	if !config.SigningKey.Set() {
		pem, err := localauth.GenerateKey()
		if err != nil {
			return config, err
		}
		config.SigningKey = boot.Secret(pem)
	}
	fill(&config.WebhookKey, boot.Secret(rand.Text()+rand.Text()))
	if config.WebhookURL == "" {
		config.WebhookURL = fmt.Sprintf("http://127.0.0.1:%d", config.WebhookPort)
	}
	fill(&config.DatabaseURL, "postgres://inav_app@127.0.0.1:5432/"+databaseName)
	if !config.SupabaseService.Set() {
		config.SupabaseURL, config.SupabaseService = nowhere, supabasetest.DefaultSecretKey
	}
	fill(&config.OpenAIKey, fakeKey)
	fill(&config.LlamaKey, fakeKey)
	return config, nil
}

func fill(secret *boot.Secret, with boot.Secret) {
	if !secret.Set() {
		*secret = with
	}
}
