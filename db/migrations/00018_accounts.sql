-- Accounts: mails with links, sessions that are listed and ended, the count of
-- wrong passwords, and accounts that are deleted.

-- +goose Up

-- How a session was opened, and by which client: a mail's link lets a password be set
-- without the present one for a while.
alter table local_auth.sessions add column method text not null default 'password' check (method in ('password', 'recovery'));
alter table local_auth.sessions add column client text not null default '' check (octet_length(client) <= 200);

-- mails: those that are to be sent, and those whose link may yet be followed.
-- No row holds an address or a link: the sender reads the address as it sends,
-- and makes the secret of the link then.
create table local_auth.mails (
    id         uuid primary key,
    account_id uuid not null references local_auth.accounts (id) on delete cascade,
    kind       text not null check (kind in ('confirm', 'recover', 'taken')),
    redirect   text not null check (octet_length(redirect) <= 2048),
    challenge  text not null check (challenge ~ '^([A-Za-z0-9_-]{43})?$'),
    created_at timestamptz not null default clock_timestamp(),
    due_at     timestamptz not null default clock_timestamp(),
    tries      int not null default 0,
    sent_at    timestamptz
);
create index mails_account_id_idx on local_auth.mails (account_id, kind);
create index mails_due on local_auth.mails (due_at) where sent_at is null;

-- One row a secret that went out: a try that seemed to fail may have arrived.
create table local_auth.mail_links (
    token_hash bytea primary key check (octet_length(token_hash) = 32), -- SHA-256; the secret is in the mail alone
    mail_id    uuid not null references local_auth.mails (id) on delete cascade,
    expires_at timestamptz not null
);
create index mail_links_mail_id_idx on local_auth.mail_links (mail_id);

alter table local_auth.mails enable row level security;
alter table local_auth.mails force row level security;
alter table local_auth.mail_links enable row level security;
alter table local_auth.mail_links force row level security;
revoke all on local_auth.mails, local_auth.mail_links from public, anon, authenticated, service_role;
create policy mails_app on local_auth.mails to inav_app using (true) with check (true);
create policy mails_service on local_auth.mails to service_role using (true) with check (true);
create policy mail_links_app on local_auth.mail_links to inav_app using (true) with check (true);
grant select, insert, update, delete on local_auth.mails, local_auth.mail_links to inav_app;
-- The worker's sweep needs no more: the API sends, for it knows addresses anyway.
grant select (id, created_at), delete on local_auth.mails to service_role;

-- sign_in_tries counts tries of a password, whoever keeps the accounts: under
-- an account, under an address that the tries came from, and under the pair.
-- Keys are digests: the table names nobody.
create table upload_pipeline.sign_in_tries (
    key        bytea primary key check (octet_length(key) = 32),
    tries      int not null check (tries >= 0),
    began_at   timestamptz not null, -- of the window that is counted
    held_until timestamptz,
    trusted_at timestamptz           -- of a pair: the account was signed in to from there
);
create index sign_in_tries_age on upload_pipeline.sign_in_tries (greatest(began_at, held_until, trusted_at));

-- ended_sessions is what no access token is taken for any more, where accounts
-- are kept elsewhere: one session, or with session_id null all sessions of the
-- account whose token was made up to then, but keep_id.
create table upload_pipeline.ended_sessions (
    id         uuid primary key default gen_random_uuid(),
    account_id uuid not null,
    session_id uuid,
    keep_id    uuid,
    ended_at   timestamptz not null default clock_timestamp(),
    check (session_id is null or keep_id is null)
);
create index ended_sessions_account on upload_pipeline.ended_sessions (account_id, session_id);
create index ended_sessions_age on upload_pipeline.ended_sessions (ended_at);

-- closed_accounts: accounts whose deletion was asked for. Nothing is added to
-- them from then on. A row holds an id and a time, and stays.
create table upload_pipeline.closed_accounts (
    account_id uuid primary key,
    closed_at  timestamptz not null default clock_timestamp()
);

-- +goose StatementBegin
-- refuse_closed lets nothing be added to an account that is being deleted. The
-- lock makes a deletion wait for what is being added as it begins.
create function upload_pipeline.refuse_closed() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('account:' || new.user_id::text, 0));
    if exists (select account_id from upload_pipeline.closed_accounts where account_id = new.user_id) then
        raise exception 'the account is being deleted' using errcode = 'IN410';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create trigger refuse_closed before insert on upload_pipeline.documents
    for each row execute function upload_pipeline.refuse_closed();
create trigger refuse_closed before insert on upload_pipeline.upload_intents
    for each row execute function upload_pipeline.refuse_closed();

alter table upload_pipeline.sign_in_tries enable row level security;
alter table upload_pipeline.sign_in_tries force row level security;
alter table upload_pipeline.ended_sessions enable row level security;
alter table upload_pipeline.ended_sessions force row level security;
alter table upload_pipeline.closed_accounts enable row level security;
alter table upload_pipeline.closed_accounts force row level security;
revoke all on upload_pipeline.sign_in_tries, upload_pipeline.ended_sessions, upload_pipeline.closed_accounts
    from public, anon, authenticated, service_role;
-- Both are read before anybody is signed in, so there is no owner to filter by.
create policy app on upload_pipeline.sign_in_tries to inav_app using (true) with check (true);
create policy service on upload_pipeline.sign_in_tries to service_role using (true) with check (true);
create policy app on upload_pipeline.ended_sessions to inav_app using (true) with check (true);
create policy service on upload_pipeline.ended_sessions to service_role using (true) with check (true);
create policy owner on upload_pipeline.closed_accounts to inav_app
    using (account_id = upload_pipeline.acting_user()) with check (account_id = upload_pipeline.acting_user());
create policy service on upload_pipeline.closed_accounts to service_role using (true) with check (true);
grant select, insert, update on upload_pipeline.sign_in_tries to inav_app;
grant select, delete on upload_pipeline.sign_in_tries to service_role;
grant select, insert on upload_pipeline.ended_sessions to inav_app;
grant select, delete on upload_pipeline.ended_sessions to service_role;
grant select, insert on upload_pipeline.closed_accounts to inav_app;
grant select on upload_pipeline.closed_accounts to service_role;

-- Closing an account finds what there is to delete.
grant select (removed_at) on upload_pipeline.documents to inav_app;

insert into upload_pipeline.schema_serves values (18, 7);
