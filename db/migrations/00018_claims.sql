-- A claim to an idempotency key is known again by its own name: one whose answer
-- was lost is asked for once more, and found to be granted already. And what the
-- retention clock removes is written down with the operators' doings.

-- +goose Up

alter table upload_pipeline.idempotency_keys add column claim uuid; -- drawn anew by each claim; null: an older binary's

alter table upload_pipeline.operations_log add column counts jsonb; -- of a retention run: what it removed, by kind
alter table upload_pipeline.operations_log drop constraint operations_log_action_check;
alter table upload_pipeline.operations_log add constraint operations_log_action_check
    check (action in
        ('pause', 'resume', 'retry', 'hold', 'lift', 'archive', 'unarchive', 'grant', 'revoke', 'read', 'retain'));

insert into upload_pipeline.schema_serves values (18, 7);
