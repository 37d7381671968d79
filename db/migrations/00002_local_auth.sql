-- Accounts kept on this database alone (ACCOUNTS by the local adapter). With
-- another provider the tables stay empty. Other schemas hold user ids without
-- a foreign key, so that they do not care where accounts live.

-- +goose Up
create schema local_auth;
revoke all on schema local_auth from public;

create table local_auth.accounts (
    id                 uuid primary key,
    email              text not null constraint accounts_email_key unique,
    name               text not null,
    password_hash      text not null,
    consent_version    text not null, -- as it was sent
    consent_timestamp  text not null, -- as it was sent, whatever its form
    email_confirmed_at timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    last_sign_in_at    timestamptz,
    constraint accounts_email_form check (email = btrim(email) and octet_length(email) between 3 and 254),
    constraint accounts_password_hashed check (password_hash like '$argon2id$%')
);

create table local_auth.sessions (
    id           uuid primary key,
    account_id   uuid not null references local_auth.accounts (id) on delete cascade,
    created_at   timestamptz not null default now(),
    refreshed_at timestamptz
);
create index sessions_account_id_idx on local_auth.sessions (account_id);

-- A session's tokens are one chain: each used token has one child, and the one
-- that is unused is the live one. The two unique indexes make a second branch,
-- and with it a second live token, impossible.
create table local_auth.refresh_tokens (
    token_hash  bytea primary key, -- SHA-256; the token itself is never stored
    session_id  uuid not null references local_auth.sessions (id) on delete cascade,
    parent_hash bytea constraint refresh_tokens_one_child unique,
    child_salt  bytea,             -- derives the child again during the grace; only the live token's parent has one
    created_at  timestamptz not null default now(),
    used_at     timestamptz,
    expires_at  timestamptz not null,
    constraint refresh_tokens_hash_length check (octet_length(token_hash) = 32),
    constraint refresh_tokens_salt_when_used check (child_salt is null or used_at is not null)
);
create unique index refresh_tokens_one_live on local_auth.refresh_tokens (session_id) where used_at is null;
create index refresh_tokens_session_id_idx on local_auth.refresh_tokens (session_id);
create index refresh_tokens_expires_at_idx on local_auth.refresh_tokens (expires_at);

alter table local_auth.accounts enable row level security;
alter table local_auth.accounts force row level security;
alter table local_auth.sessions enable row level security;
alter table local_auth.sessions force row level security;
alter table local_auth.refresh_tokens enable row level security;
alter table local_auth.refresh_tokens force row level security;

-- The services themselves look people up before anyone is signed in, so there
-- is no owner to filter by; a person's own role has no grant and no policy.
create policy accounts_app on local_auth.accounts for all to inav_app using (true) with check (true);
create policy accounts_service on local_auth.accounts for all to service_role using (true) with check (true);
create policy sessions_app on local_auth.sessions for all to inav_app using (true) with check (true);
create policy sessions_service on local_auth.sessions for all to service_role using (true) with check (true);
create policy refresh_tokens_app on local_auth.refresh_tokens for all to inav_app using (true) with check (true);
create policy refresh_tokens_service on local_auth.refresh_tokens for all to service_role using (true) with check (true);

revoke all on all tables in schema local_auth from public, anon, authenticated;

grant usage on schema local_auth to inav_app, service_role;
grant select, insert, update, delete on all tables in schema local_auth to inav_app;
-- The worker's sweep of expired sessions needs no more.
revoke all on all tables in schema local_auth from service_role;
grant select, delete on local_auth.sessions to service_role;
grant select (session_id, expires_at) on local_auth.refresh_tokens to service_role;

insert into upload_pipeline.schema_serves values (2, 1);
