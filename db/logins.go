package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// settleLogins gives the two logins their limits and their empty search path as
// their own, for behind a pooler in transaction mode no session can be set; and
// River UI's login its limits. A migrator that may not change a role made by
// somebody else is told so and goes on: sessions elsewhere are set by the
// services themselves.
func settleLogins(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `do $$
		declare
			login text;
			held text;
			setting text[];
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
			for login, setting in
				select rolname, wanted.setting from pg_roles, lateral (values (array['statement_timeout', case rolname when 'inav_riverui' then '10s' else '30s' end]),
					(array['lock_timeout', '5s']), (array['idle_in_transaction_session_timeout', '30s']), (array['search_path', ''])) wanted (setting)
				where rolname in ('inav_app', 'inav_worker', 'inav_riverui') and not (rolname = 'inav_riverui' and wanted.setting[1] = 'search_path')
					and not coalesce(rolconfig, '{}') @> array[wanted.setting[1] || '=' || case wanted.setting[1] when 'search_path' then '""' else wanted.setting[2] end]
			loop
				execute format('alter role %I set %I = %L', login, setting[1], setting[2]);
			end loop;
		exception when insufficient_privilege then
			raise notice 'the logins keep their own settings: %', sqlerrm;
		end $$`)
	if err != nil {
		return fmt.Errorf("settle the logins: %w", err)
	}
	return nil
}
