-- How often the parser lost an attempt's job and was handed the document anew:
-- so many jobs more than one are rightly there.

-- +goose Up

alter table upload_pipeline.upload_jobs add column lost_jobs smallint not null default 0;

insert into upload_pipeline.schema_serves values (9, 7);
