-- Traces: the place of an attempt in its document's trace (a traceparent of W3C
-- Trace Context), from which a callback, a poll or a revived job goes on. It
-- holds random ids and says nothing of anybody.

-- +goose Up
alter table upload_pipeline.upload_jobs add column traceparent text check (octet_length(traceparent) = 55);

insert into upload_pipeline.schema_serves values (21, 7);
