package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// settleLogins gives the two logins their limits and their empty search path as
// their own, for behind a pooler in transaction mode no session can be set. A
// migrator that may not change a role made by somebody else is told so and
// goes on: sessions elsewhere are set by the services themselves.
func settleLogins(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `do $$
		declare
			login text;
			held text;
		begin
			if (select rolinherit from pg_roles where rolname = 'inav_app') then
				alter role inav_app noinherit;
				if current_setting('server_version_num')::int >= 160000 then -- there each grant says it for itself
					for held in select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid
							join pg_roles r on r.oid = m.member where r.rolname = 'inav_app' loop
						execute format('grant %I to inav_app with inherit false', held);
					end loop;
				end if;
			end if;
			foreach login in array array['inav_app', 'inav_worker'] loop
				continue when (select rolconfig @> array['search_path=""', 'statement_timeout=30s', 'lock_timeout=5s',
					'idle_in_transaction_session_timeout=30s'] from pg_roles where rolname = login);
				execute format('alter role %I set search_path = %L', login, '');
				execute format('alter role %I set statement_timeout = %L', login, '30s');
				execute format('alter role %I set lock_timeout = %L', login, '5s');
				execute format('alter role %I set idle_in_transaction_session_timeout = %L', login, '30s');
			end loop;
		exception when insufficient_privilege then
			raise notice 'the logins keep their own settings: %', sqlerrm;
		end $$`)
	if err != nil {
		return fmt.Errorf("settle the logins: %w", err)
	}
	return nil
}
