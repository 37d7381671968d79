package postgres_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// key makes an API key of every scope; it answers the key itself.
func (h *house) key(who ports.Principal) (string, ports.APIKey) {
	h.t.Helper()
	secret := core.NewAPIKey()
	kept, err := h.library.Keep(h.t.Context(), who, newKey(secret, many))
	if err != nil {
		h.t.Fatal(err)
	}
	return secret, kept
}

func newKey(secret string, most int) ports.NewAPIKey {
	digest, _ := core.APIKeyDigest(secret)
	return ports.NewAPIKey{Name: "nightly", Hint: core.APIKeyHint(secret), Digest: digest, Scopes: core.Scopes(), Life: time.Hour, Most: most}
}

func (h *house) bearer(secret string) (ports.Principal, error) {
	digest, _ := core.APIKeyDigest(secret)
	return h.library.Bearer(h.t.Context(), digest)
}

func TestAKeySpeaksForItsOwnerUntilItIsRevoked(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	secret, kept := h.key(ada)
	who, err := h.bearer(secret)
	if err != nil || who.User != ada.User || who.Key != kept.ID || !slices.Equal(who.Scopes, core.Scopes()) || !who.ExpiresAt.Equal(kept.ExpiresAt) {
		t.Fatalf("%+v, %v", who, err)
	}
	mine := h.upload(ada, "ada's", 2)
	if _, err := h.library.Standing(t.Context(), who, mine.Document); err != nil {
		t.Errorf("the key's claims: %v", err)
	}
	if _, err := h.library.Standing(t.Context(), who, h.upload(bob, "bob's", 2).Document); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("bob's document by ada's key: %v", err)
	}
	if err := h.library.Revoke(t.Context(), bob, kept.ID); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("bob revokes ada's: %v", err)
	}
	if keys, err := h.library.APIKeys(t.Context(), bob); err != nil || len(keys) != 0 {
		t.Errorf("bob lists %v, %v", keys, err)
	}
	if keys, err := h.library.APIKeys(t.Context(), ada); err != nil || len(keys) != 1 || keys[0].LastUsedAt.IsZero() {
		t.Errorf("ada lists %+v, %v", keys, err)
	}
	if err := h.library.Revoke(t.Context(), ada, kept.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.bearer(secret); !core.HasCode(err, core.CodeUnauthenticated) {
		t.Errorf("a revoked key: %v", err)
	}
}

// Nothing of a key is kept but its digest and how it begins.
func TestKeysAreHashedAtRestAndExpire(t *testing.T) {
	h := open(t)
	ada := user(t)
	secret, kept := h.key(ada)
	for _, row := range h.list(`select k::text from upload_pipeline.api_keys k`) {
		if strings.Contains(row, secret[len(kept.Hint):]) || !strings.Contains(row, kept.Hint) {
			t.Error("the key stands in its row")
		}
	}
	h.exec(`update upload_pipeline.api_keys set created_at = created_at - interval '2 hours', expires_at = now() - interval '1 second'`)
	if _, err := h.bearer(secret); !core.HasCode(err, core.CodeUnauthenticated) {
		t.Errorf("an expired key: %v", err)
	}
	for _, sql := range []string{
		`update upload_pipeline.api_keys set expires_at = created_at + interval '367 days'`,
		`update upload_pipeline.api_keys set scopes = '{admin}'`, `update upload_pipeline.api_keys set scopes = '{}'`,
	} {
		if _, err := h.db.SuperConn().Exec(t.Context(), sql); sqlState(err) != "23514" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// Of many uses within a minute one is written.
func TestTheLastUseIsWrittenOnceAMinute(t *testing.T) {
	h := open(t)
	ada := user(t)
	secret, _ := h.key(ada)
	version := func() string { return h.list(`select xmin::text from upload_pipeline.api_keys`)[0] }
	if _, err := h.bearer(secret); err != nil {
		t.Fatal(err)
	}
	first := version()
	for range 20 {
		if _, err := h.bearer(secret); err != nil {
			t.Fatal(err)
		}
	}
	if version() != first {
		t.Error("a use within the minute was written")
	}
	h.exec(`update upload_pipeline.api_keys set last_used_at = now() - interval '61 seconds'`)
	stale := version()
	if _, err := h.bearer(secret); err != nil || version() == stale {
		t.Errorf("a use after a minute was not written: %v", err)
	}
}

func TestKeysAreBoundedEvenAtOnce(t *testing.T) {
	h := open(t)
	ada := user(t)
	const most, tries = 3, 12
	var group sync.WaitGroup
	results := make(chan error, tries)
	for range tries {
		group.Go(func() {
			_, err := h.library.Keep(t.Context(), ada, newKey(core.NewAPIKey(), most))
			results <- err
		})
	}
	group.Wait()
	close(results)
	kept := 0
	for err := range results {
		switch {
		case err == nil:
			kept++
		case !core.HasCode(err, core.CodeTooManyKeys):
			t.Error(err)
		}
	}
	if n := h.count(`select count(*) from upload_pipeline.api_keys`); kept != most || n != most {
		t.Errorf("%d kept, %d rows, want %d", kept, n, most)
	}
	h.exec(`update upload_pipeline.api_keys set created_at = now() - interval '60 days', expires_at = now() - interval '31 days'`)
	h.key(ada)
	if n := h.count(`select count(*) from upload_pipeline.api_keys`); n != 1 {
		t.Errorf("%d rows: what expired a month ago stays", n)
	}
}
