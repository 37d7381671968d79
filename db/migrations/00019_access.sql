-- Access: keys of machines, roles of operators, and people who come from
-- another site.

-- +goose Up

-- api_keys: what machines act with, as their owner and within their scopes.
-- The key itself is never here: it is 256 random bits, so that its SHA-256
-- can be guessed no better than the key, and needs no slow hash. Revoking a
-- key removes its row.
create table upload_pipeline.api_keys (
    key_id       uuid primary key,
    user_id      uuid not null,
    name         text not null check (octet_length(name) between 1 and 256),
    hint         text not null check (octet_length(hint) between 8 and 16), -- how the key begins, to know it by
    key_sha256   bytea not null unique check (octet_length(key_sha256) = 32),
    scopes       text[] not null check (
        cardinality(scopes) > 0 and scopes <@ array['documents:read', 'documents:write', 'documents:delete', 'search']),
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null check (expires_at > created_at and expires_at <= created_at + interval '366 days'),
    last_used_at timestamptz -- within a minute
);
create index api_keys_owner on upload_pipeline.api_keys (user_id, created_at desc);

-- role_grants: who may read what operators read. Only operators with a login
-- of the database change it.
create table upload_pipeline.role_grants (
    user_id    uuid not null,
    role       text not null check (role in ('admin', 'oncall')),
    granted_at timestamptz not null default now(),
    operator   text not null check (octet_length(operator) between 1 and 64),
    reason     text not null default '' check (octet_length(reason) <= 200),
    primary key (user_id, role)
);

-- shown_key is the digest of the key that this transaction shows; null where it
-- shows none.
-- +goose StatementBegin
create function upload_pipeline.shown_key() returns bytea language sql stable as
    'select decode(nullif(current_setting(''navigator.key_sha256'', true), ''''), ''hex'')';

-- acts_as says whether the user whose claims are set has one of the roles. No
-- user is an error.
create function upload_pipeline.acts_as(variadic wanted text[]) returns boolean language sql stable as $$
    select exists (select user_id from upload_pipeline.role_grants
        where user_id = upload_pipeline.acting_user() and role = any (wanted))
$$;

do $$
declare
    name text;
begin
    if not exists (select from pg_roles where rolname = 'inav_operator') then
        create role inav_operator nologin noinherit nobypassrls;
    end if;
    grant inav_operator to inav_app;
    foreach name in array array['api_keys', 'role_grants'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('alter table upload_pipeline.%I force row level security', name);
        execute format('revoke all on upload_pipeline.%I from public, anon, authenticated, service_role', name);
        execute format('create policy service on upload_pipeline.%I to service_role using (true) with check (true)', name);
    end loop;
end $$;
-- +goose StatementEnd

-- A key is found by who shows it, or by its owner: whatever the query asks for.
create policy owner_or_bearer_finds on upload_pipeline.api_keys for select to inav_app using (
    case when upload_pipeline.shown_key() is null then user_id = upload_pipeline.acting_user()
        else key_sha256 = upload_pipeline.shown_key() end);
create policy owner_adds on upload_pipeline.api_keys for insert to inav_app with check (user_id = upload_pipeline.acting_user());
create policy owner_revokes on upload_pipeline.api_keys for delete to inav_app using (user_id = upload_pipeline.acting_user());
create policy bearer_is_noted on upload_pipeline.api_keys for update to inav_app
    using (key_sha256 = upload_pipeline.shown_key());
grant select, insert, delete, update (last_used_at) on upload_pipeline.api_keys to inav_app;
-- The end of an account takes its keys along.
grant select (key_id, user_id), delete on upload_pipeline.api_keys to service_role;
create trigger refuse_closed before insert on upload_pipeline.api_keys
    for each row execute function upload_pipeline.refuse_closed();

create policy own_roles on upload_pipeline.role_grants for select to inav_app, inav_operator
    using (user_id = upload_pipeline.acting_user());
grant select (user_id, role) on upload_pipeline.role_grants to inav_app, inav_operator;
-- Who closes the account gives its roles up.
create policy owner_resigns on upload_pipeline.role_grants for delete to inav_app using (user_id = upload_pipeline.acting_user());
grant delete on upload_pipeline.role_grants to inav_app;
grant select, insert, delete on upload_pipeline.role_grants to service_role;

-- inav_operator is what the API's login becomes for an operator's reading. It
-- sees every row and few columns: ids, states, times, sizes, counts and codes. No
-- name, text, vector, digest or address is granted to it.
grant usage on schema upload_pipeline, river to inav_operator;
grant select on river.river_job to inav_operator; -- ids, states and times: no job carries more
grant select (document_id, user_id, mime, bytes_len, page_count, marks, attempt, created_at, removed_at)
    on upload_pipeline.documents to inav_operator;
grant select (job_id, document_id, user_id, attempt, status, status_since, turn, runs, parser, standby, parse_deadline, next_poll_at,
    polls, webhook_at, receipt, chunks_total, chunks_embedded, timings, last_error, created_at, updated_at, finished_at, generation)
    on upload_pipeline.upload_jobs to inav_operator;
grant select (document_id, page_number, state, error_code) on upload_pipeline.document_pages to inav_operator;
grant select (document_id, generation, ordinal, embed_model) on upload_pipeline.document_chunks to inav_operator;
grant select on upload_pipeline.events to inav_operator;
grant select (document_id, received_at, event_type, outcome, deliveries) on upload_pipeline.webhook_log to inav_operator;
grant select (document_id, user_id, lifted_at) on upload_pipeline.holds to inav_operator;
grant select (instance_id, service, seen_at) on upload_pipeline.instances to inav_operator;
grant select on upload_pipeline.pauses, upload_pipeline.operations_log to inav_operator;
grant insert on upload_pipeline.operations_log to inav_operator;

-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['documents', 'upload_jobs', 'document_pages', 'document_chunks', 'events', 'webhook_log', 'holds',
        'instances', 'pauses'] loop
        execute format('create policy operator_reads on upload_pipeline.%I for select to inav_operator
            using ((select upload_pipeline.acts_as(''admin'', ''oncall'')))', name);
    end loop;
end $$;
-- +goose StatementEnd

-- Operators list the newest documents of all owners.
create index documents_newest on upload_pipeline.documents (created_at desc, document_id);

-- What operators read is written down, in the reading's own transaction and
-- under the reader's own id; an admin reads that, too.
alter table upload_pipeline.operations_log drop constraint operations_log_action_check,
    add constraint operations_log_action_check check (action in
        ('pause', 'resume', 'retry', 'hold', 'lift', 'archive', 'unarchive', 'retain', 'role_granted', 'role_revoked', 'read'));
create policy operator_is_noted on upload_pipeline.operations_log for insert to inav_operator with check (
    operator = upload_pipeline.acting_user()::text and action = 'read' and upload_pipeline.acts_as('admin', 'oncall'));
-- The same stands in the audit log.
create policy reader_adds on upload_pipeline.audit_inbox for insert to inav_operator with check (
    actor = 'user' and user_id = upload_pipeline.acting_user() and action = 'read' and upload_pipeline.acts_as('admin', 'oncall'));
grant insert on upload_pipeline.audit_inbox to inav_operator;
create policy admin_reads on upload_pipeline.operations_log for select to inav_operator
    using ((select upload_pipeline.acts_as('admin')));

-- How a session was opened: another site's word is no proof for a new password.
alter table local_auth.sessions drop constraint sessions_method_check,
    add constraint sessions_method_check check (method in ('password', 'recovery', 'oauth'));

-- identities: accounts that are signed in to from another site, by what that
-- site calls the person; its word for them may change, its subject may not.
create table local_auth.identities (
    issuer       text not null check (octet_length(issuer) between 1 and 512),
    subject      text not null check (octet_length(subject) between 1 and 255),
    account_id   uuid not null references local_auth.accounts (id) on delete cascade,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    primary key (issuer, subject)
);
create index identities_account_id_idx on local_auth.identities (account_id);

-- site_flows: people who are on their way to another site. Only the digest of
-- the state is kept: nonce and verifier follow from the state itself.
create table local_auth.site_flows (
    state_sha256 bytea primary key check (octet_length(state_sha256) = 32),
    site         text not null,
    redirect_to  text not null,
    challenge    text not null check (octet_length(challenge) = 43), -- of the client's own verifier
    expires_at   timestamptz not null
);
create index site_flows_expires_at_idx on local_auth.site_flows (expires_at);

-- site_codes: people who came back and whose client has yet to trade its code.
create table local_auth.site_codes (
    code_sha256 bytea primary key check (octet_length(code_sha256) = 32),
    account_id  uuid not null references local_auth.accounts (id) on delete cascade,
    challenge   text not null check (octet_length(challenge) = 43),
    expires_at  timestamptz not null
);
create index site_codes_account_id_idx on local_auth.site_codes (account_id);
create index site_codes_expires_at_idx on local_auth.site_codes (expires_at);

-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['identities', 'site_flows', 'site_codes'] loop
        execute format('alter table local_auth.%I enable row level security', name);
        execute format('alter table local_auth.%I force row level security', name);
        execute format('revoke all on local_auth.%I from public, anon, authenticated', name);
        execute format('create policy app on local_auth.%I to inav_app using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on local_auth.%I to inav_app', name);
    end loop;
end $$;
-- +goose StatementEnd

insert into upload_pipeline.schema_serves values (19, 7);
