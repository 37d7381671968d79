-- The tables under load: how full their pages are packed, and when autovacuum
-- comes. The shares are of the rows: a fifth of them, the server's own, would be
-- millions of dead rows in a large table. docs/database.md has what was measured.

-- +goose Up

-- Rows that are written again while no index of theirs changes: with room left
-- on the page the new version stays there, and no index grows.
alter table upload_pipeline.documents set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
alter table upload_pipeline.instances set (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);
alter table upload_pipeline.idempotency_keys set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
alter table upload_pipeline.owner_ranks set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
alter table upload_pipeline.provider_paces set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
alter table upload_pipeline.spending set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
alter table local_auth.sessions set (fillfactor = 90);

-- Each chunk is written twice, without its vector and with it.
alter table upload_pipeline.document_chunks set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02);

-- Rows that come and go at once.
alter table upload_pipeline.audit_inbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table upload_pipeline.storage_intents set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
alter table local_auth.refresh_tokens set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- Rows that are only added: the visibility map is what index-only scans need.
alter table upload_pipeline.webhook_log set (autovacuum_vacuum_insert_scale_factor = 0.05);
alter table upload_pipeline.audit_log set (autovacuum_vacuum_insert_scale_factor = 0.05);
alter table upload_pipeline.costs set (autovacuum_vacuum_insert_scale_factor = 0.05);

-- A document's callbacks, which on-call reads.
create index webhook_log_document on upload_pipeline.webhook_log (document_id) where document_id is not null;

insert into upload_pipeline.schema_serves values (24, 7);
