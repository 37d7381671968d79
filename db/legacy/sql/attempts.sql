-- A document's attempts in order. The last is the one that counts, whatever the
-- earlier ones claim to be doing still.
select job_id, coalesce(status, '') from legacy.upload_jobs where document_id = $1 order by created_at nulls first, job_id
