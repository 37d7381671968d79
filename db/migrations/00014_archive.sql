-- The archive: files that nobody reads for long lie in a colder place.

-- +goose Up

-- other_place is the key that an object has in the other place; core.OtherPlace
-- says the same. A key that begins with cold/ lies in the archive.
-- +goose StatementBegin
create function upload_pipeline.other_place(key text) returns text language sql immutable as $$
    select case when key like 'cold/%' then substr(key, 6) else 'cold/' || key end
$$;
-- +goose StatementEnd

alter table upload_pipeline.documents add column cold_since timestamptz;
-- The last read of the file that was noted: one a day at most.
alter table upload_pipeline.documents add column file_read_at timestamptz;
alter table upload_pipeline.documents add constraint documents_cold check ((cold_since is not null) = (storage_key like 'cold/%'));
create index documents_cold_since on upload_pipeline.documents (cold_since) where cold_since is not null;

-- A move writes the key it copies to into storage_intents before it copies, and
-- with its switch the key it came from: whatever is cut off is swept.
-- Until then, at most, the copy may still be under way; null: none is.
alter table upload_pipeline.storage_intents add column moving_until timestamptz;

-- The API notes that a file was read.
grant select (file_read_at, cold_since), update (file_read_at) on upload_pipeline.documents to inav_app;

-- What operators move stands in their log beside all else.
alter table upload_pipeline.operations_log drop constraint operations_log_action_check;
alter table upload_pipeline.operations_log add constraint operations_log_action_check
    check (action in ('pause', 'resume', 'retry', 'hold', 'lift', 'archive', 'unarchive'));

insert into upload_pipeline.schema_serves values (14, 7);
