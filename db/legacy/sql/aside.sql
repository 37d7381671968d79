-- The move itself. It is one statement of the catalog: who reads the old tables
-- meanwhile is waited for, a few seconds at most.
set local lock_timeout = '10s';
alter schema upload_pipeline rename to upload_pipeline_legacy;
