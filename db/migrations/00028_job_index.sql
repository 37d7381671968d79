-- The jobs of a document are found in an index of that alone. The queue's index by
-- state holds every job that ran since it was last vacuumed, and River's of all
-- arguments and of all metadata never give up the word of a document that is gone:
-- they would have to be built anew, which only their owner may do. The former release
-- asks by the one of arguments, and does without it. docs/database.md has what was
-- measured.

-- +goose Up

-- The whole lock at once: who takes a part of it first, and then the rest, meets
-- those halfway who did the same by rows.
lock table river.river_job in access exclusive mode;
create index river_job_document_index on river.river_job ((args ->> 'document'));
drop index if exists river.river_job_args_index;
drop index if exists river.river_job_metadata_index;

insert into upload_pipeline.schema_serves values (28, 7);
