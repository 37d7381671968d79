#!/bin/sh
# The logins of the services, made once with the database; migrations find them
# there and give them their rights.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
	--set app="$APP_PASSWORD" --set worker="$WORKER_PASSWORD" --set riverui="$RIVERUI_DATABASE_PASSWORD" <<'SQL'
create role inav_app login noinherit nobypassrls password :'app';
create role inav_worker login inherit nobypassrls password :'worker';
create role inav_riverui login noinherit nobypassrls password :'riverui';
alter role inav_riverui set default_transaction_read_only = on;
alter role inav_riverui set statement_timeout = '10s';
SQL
