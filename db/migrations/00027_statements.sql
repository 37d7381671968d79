-- What a document costs the database less of. Each statement parses and plans a
-- table's CHECK constraints and its triggers' WHEN anew, while the plans within
-- a function are kept: what the CHECKs of upload_jobs held its guard holds.

-- +goose Up

-- +goose StatementBegin
-- statuses are those of the line.
create function upload_pipeline.statuses() returns text[] language sql immutable parallel safe as $$
    select array['uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking', 'chunks_stored', 'embedding_queued',
        'embedding_in_progress', 'embeddings_stored', 'complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled', 'deleting']
$$;

-- job_fault names the column of an attempt that holds what it cannot, if any.
-- A load, which passes the guard by, asks it of every row at its end.
create function upload_pipeline.job_fault(attempt integer, lane text, providers_ms bigint, status text, traceparent text) returns text
    language sql immutable parallel safe as $$
    select case
        when attempt < 1 then 'attempt'
        when lane not in ('interactive', 'bulk') then 'lane'
        when providers_ms < 0 then 'providers_ms'
        when status <> all (upload_pipeline.statuses()) then 'status'
        when octet_length(traceparent) <> 55 then 'traceparent'
        end
$$;

create or replace function upload_pipeline.guard_job() returns trigger language plpgsql as $$
declare
    fault text := upload_pipeline.job_fault(new.attempt, new.lane, new.providers_ms, new.status, new.traceparent);
    ended text;
begin
    if fault is not null then
        raise exception 'upload_jobs.% cannot hold that', fault using errcode = 'check_violation', column = fault;
    end if;
    if tg_op = 'INSERT' then
        if new.attempt = 1 then
            if new.status <> 'uploaded' then
                raise exception 'a first attempt starts as uploaded' using errcode = 'check_violation';
            end if;
        else
            select status into ended from upload_pipeline.upload_jobs
                where document_id = new.document_id and attempt = new.attempt - 1;
            if ended is null or upload_pipeline.retry_start(ended) is distinct from new.status then
                raise exception 'an attempt after % cannot start as %', coalesce(ended, 'none'), new.status
                    using errcode = 'check_violation';
            end if;
        end if;
        return new;
    end if;
    if (new.job_id, new.document_id, new.user_id, new.attempt) is distinct from (old.job_id, old.document_id, old.user_id, old.attempt) then
        raise exception 'an attempt cannot change hands' using errcode = 'check_violation';
    end if;
    if new.status = old.status then
        return new;
    end if;
    if not upload_pipeline.is_move(old.status, new.status) then
        raise exception 'no move from % to %', old.status, new.status using errcode = 'check_violation';
    end if;
    if new.status = 'complete' then
        perform upload_pipeline.require_whole(new);
    end if;
    new.status_since := clock_timestamp();
    new.updated_at := new.status_since;
    new.runs := 0;
    new.timings := old.timings || jsonb_build_object(old.status,
        round(extract(epoch from new.status_since - old.status_since) * 1000)::bigint);
    if new.status in ('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled', 'deleting') then
        new.finished_at := new.status_since;
    end if;
    return new;
end $$;

-- record_move writes the event, and with the move to deleting the tombstone, in
-- the transaction that begins a deletion, whoever begins it.
create or replace function upload_pipeline.record_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        update upload_pipeline.documents set attempt = new.attempt
            where document_id = new.document_id and attempt = new.attempt - 1;
        if not found then
            raise exception 'attempt % is not the next one', new.attempt using errcode = 'check_violation';
        end if;
        insert into upload_pipeline.events (document_id, job_id, user_id, attempt, status)
            values (new.document_id, new.job_id, new.user_id, new.attempt, new.status);
        return null;
    end if;
    if new.status = 'deleting' then
        insert into upload_pipeline.deletions (document_id, user_id) values (new.document_id, new.user_id) on conflict do nothing;
        update upload_pipeline.documents set removed_at = now() where document_id = new.document_id;
    end if;
    insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status, lasted_ms, code)
        values (new.document_id, new.job_id, new.user_id, new.attempt, old.status, new.status,
            round(extract(epoch from new.status_since - old.status_since) * 1000)::bigint,
            case when new.status like 'failed_%' then new.last_error ->> 'code'
                when new.status = 'parsed' and new.standby then 'read_by_standby' end);
    return null;
end $$;
-- +goose StatementEnd

drop trigger record_deletion on upload_pipeline.upload_jobs;
alter table upload_pipeline.upload_jobs
    drop constraint upload_jobs_attempt_check,
    drop constraint upload_jobs_lane_check,
    drop constraint upload_jobs_providers_ms_check,
    drop constraint upload_jobs_status_check,
    drop constraint upload_jobs_traceparent_check;

insert into upload_pipeline.schema_serves values (27, 7);
