-- What the worker does to accounts without anybody's asking: it removes those
-- that nobody ever confirmed, and closes again those that a restored database
-- has from before their end.

-- +goose Up
grant select (id, email_confirmed_at, last_sign_in_at, updated_at), delete on local_auth.accounts to service_role;
create index accounts_unconfirmed on local_auth.accounts (updated_at) where email_confirmed_at is null and last_sign_in_at is null;
grant insert on upload_pipeline.closed_accounts to service_role;

insert into upload_pipeline.schema_serves values (22, 7);
