-- A claim to an idempotency key is known again by its own name: one whose answer
-- was lost is asked for once more, and found to be granted already.

-- +goose Up

alter table upload_pipeline.idempotency_keys add column claim uuid; -- drawn anew by each claim; null: an older binary's

insert into upload_pipeline.schema_serves values (18, 7);
