-- Deletions: what was deleted, when, and what was counted of it afterwards.

-- +goose Up

-- deletions: one row a deleted document, or announced upload that came to none:
-- a tombstone from the moment of the request, a receipt once it is done. It
-- holds ids, times and counts alone: no name, and no digest, which would prove
-- to whoever has the file that it was here. An id with a row is never used again.
create table upload_pipeline.deletions (
    document_id  uuid primary key,
    user_id      uuid not null,
    reason       text not null default 'owner' check (reason in ('owner', 'retention')),
    requested_at timestamptz not null default clock_timestamp(),
    done_at      timestamptz,
    residual     jsonb, -- place to what was counted there afterwards; null where it could not be asked
    check ((done_at is null) = (residual is null)),
    check (done_at >= requested_at)
);
create index deletions_done on upload_pipeline.deletions (done_at);

-- +goose StatementBegin
-- record_deletion writes the tombstone in the transaction that begins a
-- deletion, whoever begins it. One that is there already was replayed.
create function upload_pipeline.record_deletion() returns trigger language plpgsql as $$
begin
    insert into upload_pipeline.deletions (document_id, user_id) values (new.document_id, new.user_id) on conflict do nothing;
    return null;
end $$;

-- refuse_deleted holds an id that was deleted deleted: a request that is
-- repeated later, under the id it reserved, makes nothing.
create function upload_pipeline.refuse_deleted() returns trigger language plpgsql as $$
begin
    if exists (select document_id from upload_pipeline.deletions where document_id = new.document_id and user_id = new.user_id) then
        raise exception 'the document was deleted' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- guard_intent as before; the name of an upload's file goes with its removal.
create or replace function upload_pipeline.guard_intent() returns trigger language plpgsql as $$
begin
    if (new.document_id, new.job_id, new.user_id, new.storage_key) is distinct from (old.document_id, old.job_id, old.user_id, old.storage_key) then
        raise exception 'an upload cannot change hands' using errcode = 'check_violation';
    end if;
    if new.state <> old.state and old.state <> 'awaiting' and new.state <> 'removed' then
        raise exception 'no move from % to %', old.state, new.state using errcode = 'check_violation';
    end if;
    if new.state <> old.state then
        new.updated_at := clock_timestamp();
    end if;
    if new.state = 'removed' then
        new.filename := '-';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create trigger record_deletion after update of status on upload_pipeline.upload_jobs
    for each row when (new.status = 'deleting' and old.status <> 'deleting') execute function upload_pipeline.record_deletion();
create trigger record_deletion after update of state on upload_pipeline.upload_intents
    for each row when (new.state = 'removed' and old.state <> 'removed') execute function upload_pipeline.record_deletion();
create trigger refuse_deleted before insert on upload_pipeline.documents
    for each row execute function upload_pipeline.refuse_deleted();

-- What was deleted before this version has its tombstone too.
insert into upload_pipeline.deletions (document_id, user_id, requested_at, done_at, residual)
    select e.document_id, e.user_id, e.at, case when d.document_id is null then e.at end, case when d.document_id is null then '{}'::jsonb end
    from upload_pipeline.events e left join upload_pipeline.documents d using (document_id)
    where e.status = 'deleting' on conflict do nothing;

alter table upload_pipeline.deletions enable row level security;
alter table upload_pipeline.deletions force row level security;
revoke all on upload_pipeline.deletions from public, anon, authenticated, service_role;
create policy service on upload_pipeline.deletions to service_role using (true) with check (true);
create policy owner_finds on upload_pipeline.deletions for select to inav_app using (user_id = upload_pipeline.acting_user());
create policy owner_adds on upload_pipeline.deletions for insert to inav_app with check (user_id = upload_pipeline.acting_user());
grant select, insert, update, delete on upload_pipeline.deletions to service_role;
grant select, insert on upload_pipeline.deletions to inav_app;

insert into upload_pipeline.schema_serves values (13, 7);
