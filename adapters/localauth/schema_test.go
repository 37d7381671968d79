package localauth_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/localauth"
)

func TestC5_RowSecurityIsEnabledAndForced(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	rows, err := h.super.Query(t.Context(), `
		select relname::text from pg_class
		where relnamespace = 'local_auth'::regnamespace and relkind = 'r' and relrowsecurity and relforcerowsecurity
		order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"accounts", "identities", "mail_links", "mails", "refresh_tokens", "sessions", "site_codes", "site_flows"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if n := h.count(`select count(*) from pg_class where relnamespace = 'local_auth'::regnamespace and relkind = 'r'`); n != len(want) {
		t.Errorf("%d tables, want %d", n, len(want))
	}
}

func TestC4_ClientRolesSeeNoColumn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	for _, role := range []string{"anon", "authenticated"} {
		if n := h.count(`
			select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid
			where c.relnamespace = 'local_auth'::regnamespace and c.relkind = 'r' and a.attnum > 0
				and has_column_privilege($1, c.oid, a.attnum, 'select, insert, update, references')`, role); n != 0 {
			t.Errorf("%s holds privileges on %d columns", role, n)
		}
		if n := h.count(`select has_schema_privilege($1, 'local_auth', 'usage')::int`, role); n != 0 {
			t.Errorf("%s may use the schema", role)
		}
	}
}

func TestC4_WorkerSeesNoSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	for table, columns := range map[string][]string{
		"accounts":       {"password_hash", "email", "name"},
		"mails":          {"account_id", "redirect", "challenge"},
		"mail_links":     {"token_hash"},
		"refresh_tokens": {"token_hash", "parent_hash", "child_salt"},
	} {
		for _, column := range columns {
			if n := h.count(`select has_column_privilege('service_role', 'local_auth.'||$1, $2, 'select')::int`, table, column); n != 0 {
				t.Errorf("service_role may read %s.%s", table, column)
			}
		}
	}
}
