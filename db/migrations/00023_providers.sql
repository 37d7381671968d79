-- What the parser and the embedder took of an attempt, so that the time that is
-- ours to answer for can be told from the whole.

-- +goose Up

alter table upload_pipeline.upload_jobs add column providers_ms bigint not null default 0 check (providers_ms >= 0);

insert into upload_pipeline.schema_serves values (23, 7);
