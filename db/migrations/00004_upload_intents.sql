-- Uploads in two steps: announced here, then sent to the storage by the client
-- itself. The ids are reserved; a document is made of what arrives.

-- +goose Up

-- upload_intents: one row an announced upload. While it is awaited its object
-- belongs to it, once arrived to the document; in every other state the object
-- is an orphan, and so is one that is still sent to the address later. removed_at
-- says when such an object was last removed: once after address_until is enough.
create table upload_pipeline.upload_intents (
    document_id   uuid primary key,  -- reserved
    job_id        uuid not null unique, -- reserved
    user_id       uuid not null,
    filename      text not null check (octet_length(filename) between 1 and 255),
    mime          text not null,
    bytes_len     bigint not null check (bytes_len > 0),
    storage_key   text not null unique,
    state         text not null default 'awaiting' check (state in (
        'awaiting', 'arrived', 'failed', 'expired', 'duplicate', 'cancelled', 'removed')),
    last_error    jsonb, -- core.Trouble
    existing_id   uuid,  -- the owner's document of the same content; ids alone, it may be deleted meanwhile
    looked_at     timestamptz, -- when its object was last looked for
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    expires_at    timestamptz not null,
    address_until timestamptz not null, -- the storage may take bytes at the address until then
    removed_at    timestamptz,
    check ((last_error is not null) = (state in ('failed', 'expired'))),
    check ((existing_id is not null) = (state = 'duplicate'))
);
create index upload_intents_open on upload_pipeline.upload_intents (user_id) where state = 'awaiting';
create index upload_intents_looked on upload_pipeline.upload_intents (looked_at nulls first) where state = 'awaiting';
create index upload_intents_closed on upload_pipeline.upload_intents (removed_at nulls first) where state not in ('awaiting', 'arrived');

-- An upload that has ended stays as it ended; only its owner's deletion comes
-- after that.
-- +goose StatementBegin
create function upload_pipeline.guard_intent() returns trigger language plpgsql as $$
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
    return new;
end $$;
-- +goose StatementEnd
create trigger guard before update on upload_pipeline.upload_intents
    for each row execute function upload_pipeline.guard_intent();

alter table upload_pipeline.upload_intents enable row level security;
alter table upload_pipeline.upload_intents force row level security;
revoke all on upload_pipeline.upload_intents from public, anon, authenticated;
create policy service on upload_pipeline.upload_intents to service_role using (true) with check (true);
grant select, insert, update, delete on upload_pipeline.upload_intents to service_role;
create policy owner_intends on upload_pipeline.upload_intents to inav_app
    using (user_id = upload_pipeline.acting_user()) with check (user_id = upload_pipeline.acting_user());
grant select, insert, update (state, last_error, existing_id, looked_at) on upload_pipeline.upload_intents to inav_app;

insert into upload_pipeline.schema_serves values (4, 1);
