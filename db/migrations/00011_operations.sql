-- Operations: what an operator has paused, and what operators have done.

-- +goose Up

-- pauses: what rests by an operator's will: the intake of uploads, or a queue.
-- A row is a pause. River keeps its own note of a paused queue and forgets it
-- with a queue that nobody worked for a day: this one is the truth.
create table upload_pipeline.pauses (
    what      text primary key check (what = 'intake' or what ~ '^queue:[a-z0-9_-]{1,64}$'),
    paused_at timestamptz not null default now(),
    operator  text not null check (octet_length(operator) between 1 and 64),
    reason    text not null default '' check (octet_length(reason) <= 200) -- for operators alone, never public
);

-- operations_log: what operators did, by whom and why; append-only. It holds
-- ids and words of ours, and outlives the documents.
create table upload_pipeline.operations_log (
    entry       bigint generated always as identity primary key,
    at          timestamptz not null default clock_timestamp(),
    login       text not null default session_user,
    operator    text not null check (octet_length(operator) between 1 and 64),
    action      text not null check (action in ('pause', 'resume', 'retry')),
    what        text not null check (octet_length(what) between 1 and 80), -- intake, queue:name, or the code retried
    reason      text not null default '' check (octet_length(reason) <= 200),
    document_id uuid,    -- of a retry
    attempt     integer  -- that it opened
);
create index operations_log_at on upload_pipeline.operations_log (at);

-- +goose StatementBegin
-- append_only refuses every change of what has happened.
create or replace function upload_pipeline.append_only() returns trigger language plpgsql as $$
begin
    raise exception '% are append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

do $$
declare
    name text;
begin
    foreach name in array array['pauses', 'operations_log'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('alter table upload_pipeline.%I force row level security', name);
        execute format('revoke all on upload_pipeline.%I from public, anon, authenticated, service_role', name);
        execute format('create policy service on upload_pipeline.%I to service_role using (true) with check (true)', name);
    end loop;
end $$;
-- +goose StatementEnd

create trigger append_only before update or delete on upload_pipeline.operations_log
    for each row execute function upload_pipeline.append_only();

-- The API needs to know that something rests, and since when; not why.
create policy process on upload_pipeline.pauses for select to inav_app using (true);
grant select (what, paused_at) on upload_pipeline.pauses to inav_app;
grant select, insert, delete on upload_pipeline.pauses to service_role;
grant select, insert on upload_pipeline.operations_log to service_role;

-- What failed is listed and retried by its code.
create index upload_jobs_failed on upload_pipeline.upload_jobs (finished_at)
    where status in ('failed_parse', 'failed_chunking', 'failed_embedding');

insert into upload_pipeline.schema_serves values (11, 7);
