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

-- holds: legal holds, of a document or of everything of an owner. A row is set
-- once and lifted once: it is the record of who did both, and outlives the case.
create table upload_pipeline.holds (
    hold_id     uuid primary key default gen_random_uuid(),
    document_id uuid, -- null: every document of the owner, later ones too
    user_id     uuid not null,
    reason      text not null check (reason ~ '^[A-Za-z0-9._/-]{1,64}$'), -- a code that leads to the case
    operator    text not null check (octet_length(operator) between 1 and 64),
    set_at      timestamptz not null default clock_timestamp(),
    lifted_at   timestamptz,
    lifted_by   text check (octet_length(lifted_by) between 1 and 64),
    check ((lifted_at is null) = (lifted_by is null))
);
create unique index holds_document on upload_pipeline.holds (document_id) where lifted_at is null and document_id is not null;
create unique index holds_owner on upload_pipeline.holds (user_id) where lifted_at is null and document_id is null;
create index holds_standing on upload_pipeline.holds (user_id) where lifted_at is null;

-- +goose StatementBegin
-- held reports whether a hold covers a document.
create function upload_pipeline.held(wanted uuid, owner uuid) returns boolean language sql stable as $$
    select exists (select document_id from upload_pipeline.holds
        where user_id = owner and lifted_at is null and (document_id is null or document_id = wanted))
$$;

-- refuse_held lets no deletion begin of what is held, whoever begins it.
create function upload_pipeline.refuse_held() returns trigger language plpgsql as $$
begin
    if upload_pipeline.held(new.document_id, new.user_id) then
        raise exception 'the document is held' using errcode = 'IN423';
    end if;
    return new;
end $$;

-- guard_hold keeps holds as they were set.
create function upload_pipeline.guard_hold() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if old.lifted_at is null or old.lifted_at >= now() - interval '2191 days' then
            raise exception 'holds are kept for six years after they were lifted' using errcode = 'insufficient_privilege';
        end if;
        return old;
    end if;
    if old.lifted_at is not null or new.lifted_at is null
        or (new.hold_id, new.document_id, new.user_id, new.reason, new.operator, new.set_at)
        is distinct from (old.hold_id, old.document_id, old.user_id, old.reason, old.operator, old.set_at) then
        raise exception 'a hold can only be lifted, once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

-- keep_events is append_only, but for events whose document was deleted six
-- years ago: nothing else may ever be taken out of them.
create function upload_pipeline.keep_events() returns trigger language plpgsql as $$
begin
    if not exists (select document_id from upload_pipeline.deletions
        where document_id = old.document_id and done_at < now() - interval '2191 days') then
        raise exception 'events are append-only until six years after the deletion' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;
-- +goose StatementEnd

create trigger refuse_held before update of status on upload_pipeline.upload_jobs
    for each row when (new.status = 'deleting' and old.status <> 'deleting') execute function upload_pipeline.refuse_held();
create trigger refuse_held before update of state on upload_pipeline.upload_intents
    for each row when (new.state = 'removed' and old.state not in ('removed', 'arrived')) execute function upload_pipeline.refuse_held();
create trigger guard before update or delete on upload_pipeline.holds
    for each row execute function upload_pipeline.guard_hold();
drop trigger append_only on upload_pipeline.events;
create trigger append_only before update on upload_pipeline.events
    for each row execute function upload_pipeline.append_only();
create trigger keep_events before delete on upload_pipeline.events
    for each row execute function upload_pipeline.keep_events();
grant delete on upload_pipeline.events to service_role;

alter table upload_pipeline.holds enable row level security;
alter table upload_pipeline.holds force row level security;
revoke all on upload_pipeline.holds from public, anon, authenticated, service_role;
create policy service on upload_pipeline.holds to service_role using (true) with check (true);
create policy owner_finds on upload_pipeline.holds for select to inav_app using (user_id = upload_pipeline.acting_user());
grant select, insert, update (lifted_at, lifted_by), delete on upload_pipeline.holds to service_role;
-- The API learns that something is held, and not why or by whom.
grant select (document_id, user_id, lifted_at) on upload_pipeline.holds to inav_app;

-- What operators do to holds stands in their log beside all else.
alter table upload_pipeline.operations_log drop constraint operations_log_action_check;
alter table upload_pipeline.operations_log add constraint operations_log_action_check
    check (action in ('pause', 'resume', 'retry', 'hold', 'lift'));

-- Parsed text is kept with lz4 where this server has it: nearly as small as with
-- pglz, at less than half the time. What is there already is read as it is.
-- +goose StatementBegin
do $$
begin
    alter table upload_pipeline.document_pages alter column markdown set compression lz4;
    alter table upload_pipeline.document_chunks alter column text set compression lz4;
exception when feature_not_supported then
    raise notice 'this server has no lz4: parsed text stays with pglz';
end $$;
-- +goose StatementEnd

insert into upload_pipeline.schema_serves values (12, 7);
