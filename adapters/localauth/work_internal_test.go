package localauth

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
)

// An address with an account costs as many hashes as one without: no answer's
// time tells which it is.
func TestS22TheWorkIsTheSame(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), dbtest.New(t, db.Schemas{}).URL("inav_app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	pem, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys(pem)
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Plain{pool}, keys, Config{Issuer: "https://navigator.example", Confirm: true})
	if err != nil {
		t.Fatal(err)
	}
	work := func(what string, want int64, act func() error) {
		t.Helper()
		before := a.hasher.made.Load()
		err := act()
		if got := a.hasher.made.Load() - before; got != want {
			t.Errorf("%s: %d hashes, want %d (%v)", what, got, want, err)
		}
	}
	const known, unknown, password = "ada@navigator.example", "bob@navigator.example", "seven quiet herons at dusk"
	to := ports.Return{Redirect: "https://app.navigator.example/", Challenge: strings.Repeat("a", 43)}
	ctx := t.Context()
	for _, what := range []string{"a new address", "one that waits", "one that waits, again"} {
		work("sign-up of "+what, 1, func() error { _, err := a.SignUp(ctx, ports.SignUp{Email: known, Password: password}); return err })
	}
	if _, err := pool.Exec(ctx, `update local_auth.accounts set email_confirmed_at = now()`); err != nil {
		t.Fatal(err)
	}
	work("sign-up of a taken address", 1, func() error { _, err := a.SignUp(ctx, ports.SignUp{Email: known, Password: password}); return err })
	for _, address := range []string{known, unknown} {
		work("a wrong password of "+address, 1, func() error { _, err := a.SignIn(ctx, address, "nine loud geese before noon"); return err })
		work("recovery of "+address, 0, func() error { return a.Recover(ctx, address, to) })
		work("resending to "+address, 0, func() error { return a.Resend(ctx, address) })
	}
	who := ports.Principal{User: core.NewID(), Session: core.NewID().String()}
	work("proving without a password", 0, func() error { return a.Prove(ctx, who, "", "") })
}
