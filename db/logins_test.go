package db_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// No login waits or rests without an end, whoever uses it and by what program.
func TestEachLoginHasItsLimits(t *testing.T) {
	t.Parallel()
	own := dbtest.New(t, db.Schemas{})
	for login, statement := range map[string]string{"inav_app": "30s", "inav_worker": "30s", "inav_riverui": "10s"} {
		got := make([]string, 3)
		err := own.Conn(login).QueryRow(t.Context(), `select current_setting('statement_timeout'), current_setting('lock_timeout'),
			current_setting('idle_in_transaction_session_timeout')`).Scan(&got[0], &got[1], &got[2])
		if diff := cmp.Diff([]string{statement, "5s", "30s"}, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", login, err, diff)
		}
	}
}
