-- The pipeline's own schema. What each table promises stands above it.
-- Roles: inav_app is what the API logs in as (not the owner, NOBYPASSRLS,
-- NOINHERIT); reads run as authenticated with the claims set for the
-- transaction; workers and the webhook log in as inav_worker, which holds
-- service_role. A Supabase database has authenticated, service_role and
-- auth.uid() already and they are left as they are.

-- +goose Up

-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'anon') then
        create role anon nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then
        create role authenticated nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'service_role') then
        create role service_role nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'inav_app') then
        create role inav_app login noinherit nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'inav_worker') then
        create role inav_worker login inherit nobypassrls;
    end if;
    grant authenticated to inav_app;
    grant service_role to inav_worker;
end $$;
-- +goose StatementEnd

create schema if not exists extensions;
grant usage on schema extensions to inav_app, authenticated, service_role, inav_worker;
create extension if not exists vector with schema extensions;

-- +goose StatementBegin
do $$
begin
    if to_regtype('extensions.vector') is null then
        raise exception 'the extension vector lies outside the schema "extensions"'
            using hint = 'run: alter extension vector set schema extensions';
    end if;
    if (select string_to_array(extversion, '.')::int[] from pg_extension where extname = 'vector') < array[0, 7] then
        raise exception 'the extension vector is older than 0.7'
            using hint = 'install pgvector 0.7 or newer, then run: alter extension vector update';
    end if;
    if to_regnamespace('auth') is null then
        create schema auth;
        grant usage on schema auth to inav_app, authenticated, service_role, anon;
    end if;
    if to_regprocedure('auth.uid()') is null then
        create function auth.uid() returns uuid language sql stable as
            'select (nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''sub'')::uuid';
    end if;
end $$;
-- +goose StatementEnd

grant usage on schema upload_pipeline to inav_app, authenticated, service_role;

-- acting_user is the user whose claims stand in this transaction. No claims is
-- an error: a forgotten role or claim must never read as "all rows" or "none".
-- +goose StatementBegin
create function upload_pipeline.acting_user() returns uuid language plpgsql stable as $$
declare
    acting uuid := (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
begin
    if acting is null then
        raise exception 'no user is set for this transaction' using errcode = 'insufficient_privilege';
    end if;
    return acting;
end $$;
-- +goose StatementEnd

-- is_move says which change of status the Line allows within an attempt. It is
-- the SQL twin of core.Moves; a test compares the two over every pair.
-- +goose StatementBegin
create function upload_pipeline.is_move(was text, becomes text) returns boolean
    language sql immutable parallel safe as $$
    select case
        when becomes = 'deleting' then was <> 'deleting'
        when becomes = 'cancelled' then was in ('uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking',
            'chunks_stored', 'embedding_queued', 'embedding_in_progress', 'embeddings_stored')
        else (was, becomes) in (
            ('uploaded', 'parse_queued'), ('uploaded', 'failed_parse'),
            ('parse_queued', 'parsed'), ('parse_queued', 'failed_parse'),
            ('parsed', 'parse_validated'), ('parsed', 'failed_parse'),
            ('parse_validated', 'chunking'), ('parse_validated', 'failed_chunking'),
            ('chunking', 'chunks_stored'), ('chunking', 'failed_chunking'),
            ('chunks_stored', 'embedding_queued'), ('chunks_stored', 'failed_chunking'),
            ('embedding_queued', 'embedding_in_progress'), ('embedding_queued', 'failed_embedding'),
            ('embedding_in_progress', 'embeddings_stored'), ('embedding_in_progress', 'failed_embedding'),
            ('embeddings_stored', 'complete'), ('embeddings_stored', 'failed_embedding'))
        end
$$;

-- retry_start says where attempt n+1 starts after attempt n ended; null where
-- no retry is allowed. The SQL twin of core.Retries.
create function upload_pipeline.retry_start(ended text) returns text language sql immutable parallel safe as $$
    select case ended
        when 'failed_parse' then 'uploaded'
        when 'cancelled' then 'uploaded'
        when 'failed_chunking' then 'parse_validated'
        when 'failed_embedding' then 'embedding_queued'
        end
$$;
-- +goose StatementEnd

-- documents: one row a document. Its status is that of its current attempt in
-- upload_jobs and stands nowhere else.
create table upload_pipeline.documents (
    document_id uuid primary key,
    user_id     uuid not null,
    filename    text not null check (octet_length(filename) between 1 and 255),
    mime        text not null,
    bytes_len   bigint not null check (bytes_len > 0),
    file_sha256 bytea not null check (octet_length(file_sha256) = 32),
    storage_key text not null unique,
    page_count  integer not null check (page_count >= 0),
    policy_id   text check (octet_length(policy_id) <= 255),
    attempt     integer not null default 0 check (attempt >= 0),
    created_at  timestamptz not null default now(),
    removed_at  timestamptz
);
-- Two live documents of one user with one content: refused.
create unique index documents_content on upload_pipeline.documents (user_id, file_sha256) where removed_at is null;
create index documents_owner on upload_pipeline.documents (user_id, created_at desc, document_id);

-- upload_jobs: one row an attempt.
create table upload_pipeline.upload_jobs (
    job_id           uuid primary key,
    document_id      uuid not null references upload_pipeline.documents,
    user_id          uuid not null,
    attempt          integer not null check (attempt >= 1),
    status           text not null check (status in (
        'uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking', 'chunks_stored', 'embedding_queued',
        'embedding_in_progress', 'embeddings_stored', 'complete', 'failed_parse', 'failed_chunking',
        'failed_embedding', 'cancelled', 'deleting')),
    status_since     timestamptz not null default clock_timestamp(),
    turn             integer not null default 0, -- steps kept in this attempt: with attempt and status, the fence
    runs             integer not null default 0, -- times the present step was begun
    parser           text,
    provider_job_id  text,
    provider_file_id text,
    parse_deadline   timestamptz,
    next_poll_at     timestamptz,
    polls            integer not null default 0,
    webhook_at       timestamptz, -- first authentic callback
    receipt          jsonb,       -- core.Receipt
    chunks_total     integer not null default 0,
    chunks_embedded  integer not null default 0,
    parse_credits    numeric not null default 0,
    embed_tokens     bigint not null default 0,
    cost_microusd    bigint not null default 0,
    timings          jsonb not null default '{}', -- milliseconds spent in each status left
    last_error       jsonb,       -- core.Trouble
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    finished_at      timestamptz,
    unique (document_id, attempt)
) with (fillfactor = 80);
create index upload_jobs_waiting on upload_pipeline.upload_jobs (next_poll_at) where status = 'parse_queued';
create index upload_jobs_provider on upload_pipeline.upload_jobs (provider_job_id) where provider_job_id is not null;
create index upload_jobs_underway on upload_pipeline.upload_jobs (status_since)
    where status not in ('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled');

-- document_pages: the parsed text, a row a page, replaced whole by each parse.
create table upload_pipeline.document_pages (
    document_id uuid not null references upload_pipeline.documents,
    page_number integer not null check (page_number >= 1),
    user_id     uuid not null,
    state       text not null check (state in ('parsed', 'blank', 'failed')),
    markdown    text not null,
    error_code  text check ((error_code is not null) = (state = 'failed')),
    primary key (document_id, page_number)
);

-- document_chunks: a chunk is searchable once its vector is real, and its
-- document complete.
create table upload_pipeline.document_chunks (
    chunk_id       uuid primary key,
    document_id    uuid not null references upload_pipeline.documents,
    user_id        uuid not null,
    ordinal        integer not null check (ordinal >= 0),
    text           text not null check (text <> ''),
    headings       text[] not null,
    page_from      integer not null check (page_from >= 1),
    page_to        integer not null,
    token_count    integer not null check (token_count > 0),
    content_sha256 bytea not null check (octet_length(content_sha256) = 32),
    chunker        text not null, -- name@version
    embedding      extensions.vector(1536),
    embed_model    text,
    embedded_at    timestamptz,
    unique (document_id, chunker, ordinal),
    check (page_to >= page_from),
    check ((embedding is null) = (embed_model is null) and (embedding is null) = (embedded_at is null)),
    -- A real embedding is of unit length; a placeholder of zeros is refused.
    constraint embedding_is_real check (embedding is null or extensions.vector_norm(embedding) between 0.98 and 1.02)
);
create index document_chunks_owner on upload_pipeline.document_chunks (user_id, document_id);
create index document_chunks_content on upload_pipeline.document_chunks (user_id, content_sha256) where embedding is not null;
create index document_chunks_pending on upload_pipeline.document_chunks (document_id, ordinal) where embedding is null;

-- events: append-only, one a change of status. It holds ids and words of the
-- Line only, so it may outlive the document.
create table upload_pipeline.events (
    event_id    bigint generated always as identity primary key,
    document_id uuid not null,
    job_id      uuid not null,
    user_id     uuid not null,
    attempt     integer not null,
    was         text,          -- null for an attempt's first status
    status      text not null,
    at          timestamptz not null default clock_timestamp(),
    lasted_ms   bigint,        -- in the status left
    code        text           -- of the error, where status is a failed end
);
create index events_document on upload_pipeline.events (document_id, event_id);

-- webhook_log: every callback once; a repeated delivery counts up. No body is
-- kept: it may hold a document's text.
create table upload_pipeline.webhook_log (
    webhook_id      uuid primary key,
    dedupe          text not null unique,
    job_id          uuid,    -- the attempt the callback was authentic for
    document_id     uuid,    -- null where the attempt is unknown here
    event_id        text check (octet_length(event_id) <= 255),
    event_type      text check (octet_length(event_type) <= 255),
    provider_job_id text check (octet_length(provider_job_id) <= 255),
    body_sha256     bytea not null,
    body_bytes      integer not null,
    outcome         text not null check (outcome in ('accepted', 'ignored', 'unknown')),
    deliveries      integer not null default 1,
    received_at     timestamptz not null default now()
);
create index webhook_log_received on upload_pipeline.webhook_log (received_at);

-- storage_intents: a key that is about to be written. The row goes in the
-- transaction that makes the document; one that stays is an orphan to sweep.
create table upload_pipeline.storage_intents (
    storage_key text primary key,
    user_id     uuid not null,
    created_at  timestamptz not null default now()
);
create index storage_intents_age on upload_pipeline.storage_intents (created_at);

-- instances: every process's fingerprint and heartbeat.
create table upload_pipeline.instances (
    instance_id    uuid primary key,
    service        text not null,
    environment    text not null,
    storage_env    text not null,
    database_id    text not null,
    providers      text not null,
    settings_hash  text not null,
    build          text not null,
    schema_version bigint not null,
    state          jsonb not null default '{}', -- last results of the outside, for /health
    started_at     timestamptz not null default now(),
    seen_at        timestamptz not null default now()
);

-- identity: this database's own name for itself, in every fingerprint.
create table upload_pipeline.identity (
    database_id uuid primary key default gen_random_uuid(),
    only_row    boolean not null default true unique check (only_row)
);
insert into upload_pipeline.identity default values;

-- schema_serves: the oldest binary (by the schema version it was built for)
-- that each version of the schema can still serve.
create table upload_pipeline.schema_serves (
    version       bigint primary key,
    oldest_binary bigint not null check (oldest_binary <= version)
);
insert into upload_pipeline.schema_serves values (1, 1);

-- The guards. Each status is written once, by a legal move, with its event.

-- +goose StatementBegin
create function upload_pipeline.guard_job() returns trigger language plpgsql as $$
declare
    ended text;
begin
    if tg_op = 'INSERT' then
        if new.attempt = 1 then
            if new.status <> 'uploaded' then
                raise exception 'a first attempt starts as uploaded' using errcode = 'check_violation';
            end if;
        else
            select status into ended from upload_pipeline.upload_jobs
                where document_id = new.document_id and attempt = new.attempt - 1;
            if ended is null or upload_pipeline.retry_start(ended) is distinct from new.status then
                raise exception 'an attempt after % cannot start as %', coalesce(ended, 'none'), new.status
                    using errcode = 'check_violation';
            end if;
        end if;
        return new;
    end if;
    if (new.job_id, new.document_id, new.user_id, new.attempt) is distinct from (old.job_id, old.document_id, old.user_id, old.attempt) then
        raise exception 'an attempt cannot change hands' using errcode = 'check_violation';
    end if;
    if new.status = old.status then
        return new;
    end if;
    if not upload_pipeline.is_move(old.status, new.status) then
        raise exception 'no move from % to %', old.status, new.status using errcode = 'check_violation';
    end if;
    if new.status = 'complete' then
        perform upload_pipeline.require_whole(new);
    end if;
    new.status_since := clock_timestamp();
    new.updated_at := new.status_since;
    new.runs := 0;
    new.timings := old.timings || jsonb_build_object(old.status,
        round(extract(epoch from new.status_since - old.status_since) * 1000)::bigint);
    if new.status in ('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled', 'deleting') then
        new.finished_at := new.status_since;
    end if;
    return new;
end $$;

-- require_whole is the completion gate: the receipt balances, every parsed
-- page is in a chunk, there is a chunk, and each has a real vector.
create function upload_pipeline.require_whole(job upload_pipeline.upload_jobs) returns void language plpgsql as $$
declare
    chunks  bigint;
    bare    bigint;
    missing bigint;
begin
    select count(*), count(*) filter (where embedding is null) into chunks, bare
        from upload_pipeline.document_chunks where document_id = job.document_id;
    select count(*) into missing from (
        select page_number from upload_pipeline.document_pages where document_id = job.document_id and state = 'parsed'
        except
        select generate_series(page_from, page_to) from upload_pipeline.document_chunks where document_id = job.document_id) m;
    if chunks = 0 or bare > 0 or missing > 0 or chunks <> job.chunks_total then
        raise exception 'not whole: % chunks of %, % without a vector, % pages without a chunk',
            chunks, job.chunks_total, bare, missing using errcode = 'check_violation';
    end if;
    if job.receipt is null or (job.receipt ->> 'expected')::int <= 0 or (job.receipt ->> 'expected')::int <>
        (job.receipt ->> 'parsed')::int + jsonb_array_length(job.receipt -> 'blank') + jsonb_array_length(job.receipt -> 'failed') then
        raise exception 'not whole: the page receipt is missing or does not balance' using errcode = 'check_violation';
    end if;
    if (job.receipt ->> 'parsed')::int <> (select count(*) from upload_pipeline.document_pages
        where document_id = job.document_id and state = 'parsed') then
        raise exception 'not whole: the pages kept are not those of the receipt' using errcode = 'check_violation';
    end if;
end $$;

create function upload_pipeline.record_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        update upload_pipeline.documents set attempt = new.attempt
            where document_id = new.document_id and attempt = new.attempt - 1;
        if not found then
            raise exception 'attempt % is not the next one', new.attempt using errcode = 'check_violation';
        end if;
        insert into upload_pipeline.events (document_id, job_id, user_id, attempt, status)
            values (new.document_id, new.job_id, new.user_id, new.attempt, new.status);
        return null;
    end if;
    if new.status = 'deleting' then
        update upload_pipeline.documents set removed_at = now() where document_id = new.document_id;
    end if;
    insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status, lasted_ms, code)
        values (new.document_id, new.job_id, new.user_id, new.attempt, old.status, new.status,
            round(extract(epoch from new.status_since - old.status_since) * 1000)::bigint,
            case when new.status like 'failed_%' then new.last_error ->> 'code' end);
    return null;
end $$;

-- keep_whole holds a complete document complete: its chunks stay, with vectors.
create function upload_pipeline.keep_whole() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.embedding is not null and new.embedding is null then
            raise exception 'a vector cannot be taken away' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if exists (select from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
        where j.document_id = old.document_id and j.attempt = d.attempt and j.status = 'complete') then
        raise exception 'the chunks of a complete document cannot be deleted' using errcode = 'check_violation';
    end if;
    return old;
end $$;

-- append_only refuses every change of what has happened.
create function upload_pipeline.append_only() returns trigger language plpgsql as $$
begin
    raise exception 'events are append-only' using errcode = 'insufficient_privilege';
end $$;
-- +goose StatementEnd

create trigger guard before insert or update on upload_pipeline.upload_jobs
    for each row execute function upload_pipeline.guard_job();
create trigger record_insert after insert on upload_pipeline.upload_jobs
    for each row execute function upload_pipeline.record_move();
create trigger record_update after update of status on upload_pipeline.upload_jobs
    for each row when (old.status is distinct from new.status) execute function upload_pipeline.record_move();
create trigger keep_whole before delete or update of embedding on upload_pipeline.document_chunks
    for each row execute function upload_pipeline.keep_whole();
create trigger append_only before update or delete on upload_pipeline.events
    for each row execute function upload_pipeline.append_only();

-- Row-level security: enabled and forced on every table.

-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['documents', 'upload_jobs', 'document_pages', 'document_chunks', 'events',
        'webhook_log', 'storage_intents', 'instances', 'identity', 'schema_serves'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('alter table upload_pipeline.%I force row level security', name);
        execute format('revoke all on upload_pipeline.%I from public, anon, authenticated', name);
        execute format('create policy service on upload_pipeline.%I to service_role using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on upload_pipeline.%I to service_role', name);
    end loop;
    foreach name in array array['documents', 'upload_jobs', 'document_pages', 'document_chunks', 'events'] loop
        execute format('create policy owner_reads on upload_pipeline.%I for select to authenticated using (user_id = (select auth.uid()))', name);
        execute format('grant select on upload_pipeline.%I to authenticated', name);
    end loop;
end $$;
-- +goose StatementEnd

revoke update, delete on upload_pipeline.events from service_role;
revoke insert, update, delete on upload_pipeline.schema_serves, upload_pipeline.identity from service_role;

-- What the API may write, and only as the user whose claims are set.
create policy owner_adds on upload_pipeline.documents for insert to inav_app with check (user_id = upload_pipeline.acting_user());
create policy owner_finds on upload_pipeline.documents for select to inav_app using (user_id = upload_pipeline.acting_user());
create policy owner_changes on upload_pipeline.documents for update to inav_app
    using (user_id = upload_pipeline.acting_user()) with check (user_id = upload_pipeline.acting_user());
create policy owner_adds on upload_pipeline.upload_jobs for insert to inav_app with check (user_id = upload_pipeline.acting_user());
create policy owner_finds on upload_pipeline.upload_jobs for select to inav_app using (user_id = upload_pipeline.acting_user());
create policy owner_changes on upload_pipeline.upload_jobs for update to inav_app
    using (user_id = upload_pipeline.acting_user()) with check (user_id = upload_pipeline.acting_user());
create policy owner_adds on upload_pipeline.events for insert to inav_app with check (user_id = upload_pipeline.acting_user());
create policy owner_intends on upload_pipeline.storage_intents to inav_app
    using (user_id = upload_pipeline.acting_user()) with check (user_id = upload_pipeline.acting_user());
create policy process on upload_pipeline.instances to inav_app using (true) with check (true);
create policy process on upload_pipeline.schema_serves for select to inav_app using (true);
create policy process on upload_pipeline.identity for select to inav_app using (true);

grant insert on upload_pipeline.documents, upload_pipeline.upload_jobs, upload_pipeline.events to inav_app;
grant select (document_id, user_id, attempt), update (attempt, removed_at) on upload_pipeline.documents to inav_app;
grant select (document_id, user_id, job_id, attempt, status, receipt, chunks_total, chunks_embedded), update (status) on upload_pipeline.upload_jobs to inav_app;
grant select, insert, delete on upload_pipeline.storage_intents to inav_app;
grant select, insert, update, delete on upload_pipeline.instances to inav_app;
grant select on upload_pipeline.schema_serves, upload_pipeline.identity to inav_app;

-- The hot tables' housekeeping.
alter table upload_pipeline.upload_jobs set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
alter table upload_pipeline.events set (autovacuum_vacuum_insert_scale_factor = 0.05);
