package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
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

// A key reads by its owner's row policies.
func TestS02_AKeyReadsItsOwnersRowsAlone(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	secret, _ := h.key(ada)
	who, err := h.bearer(secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.library.Standing(t.Context(), who, h.upload(ada, "ada's", 2).Document); err != nil {
		t.Errorf("her own: %v", err)
	}
	if _, err := h.library.Standing(t.Context(), who, h.upload(bob, "bob's", 2).Document); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("bob's document by ada's key: %v", err)
	}
}

// Nothing of a key is kept but its digest and how it begins.
func TestKeysAreHashedAtRestAndBounded(t *testing.T) {
	h := open(t)
	ada := user(t)
	secret, kept := h.key(ada)
	for _, row := range h.list(`select k::text from upload_pipeline.api_keys k`) {
		if strings.Contains(row, secret[len(kept.Hint):]) || !strings.Contains(row, kept.Hint) {
			t.Error("the key stands in its row")
		}
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

func TestKeysThatExpiredAMonthAgoGo(t *testing.T) {
	h := open(t)
	ada := user(t)
	h.key(ada)
	h.exec(`update upload_pipeline.api_keys set created_at = now() - interval '60 days', expires_at = now() - interval '31 days'`)
	h.key(ada)
	if n := h.count(`select count(*) from upload_pipeline.api_keys`); n != 1 {
		t.Errorf("%d rows: what expired a month ago stays", n)
	}
}

func TestAPIKeysKeepTheContract(t *testing.T) {
	h := open(t)
	portstest.APIKeys(t, func(t *testing.T) portstest.KeyCase {
		own := &house{t: t, db: dbtest.New(t, db.Schemas{}), queue: h.queue}
		own.app = own.pool("inav_app")
		return portstest.KeyCase{APIKeys: postgres.NewLibrary(own.app, own.queue), Owner: func() ports.Principal { return user(t) },
			Age: func(d time.Duration) {
				own.exec(`update upload_pipeline.api_keys set created_at = created_at - $1::interval, expires_at = expires_at - $1::interval`, d)
			}}
	})
}
