-- Less work of the database for each document. A statement parses and plans the
-- CHECK constraints of its table and the WHEN of its triggers anew, while what a
-- function asks is planned once a connection: what the CHECKs of upload_jobs held
-- its guard holds. docs/database.md has what was measured.

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

-- +goose StatementBegin
-- begin_call grants one paid call or says why not: 'spent', or 'wait' with the
-- seconds. All that it compares is read under the locks that order it: two calls
-- never take the same room. A pace is made when it is missing, and calls are
-- counted where a limit asks.
create or replace function upload_pipeline.begin_call(call uuid, of_provider text, of_account text, of_lane text, of_kind text, of_user uuid, of_document uuid,
    of_attempt integer, of_pages integer, of_tokens bigint, cost bigint, of_price text,
    requests float8, span float8, tokens_a_minute float8, most_calls integer, most_jobs integer, lease interval, budget bigint,
    out verdict text, out wait float8) language plpgsql as $$
declare
    bulk     boolean := of_lane = 'bulk';
    moment   timestamptz;
    spent    numeric;
    under    integer;
    held     integer;
    this     upload_pipeline.provider_paces;
    by_token upload_pipeline.provider_paces;
begin
    select * into this from upload_pipeline.provider_paces p
        where p.provider = of_provider and p.account = of_account and p.unit = 'requests' for update;
    if not found then
        insert into upload_pipeline.provider_paces (provider, account, unit) values (of_provider, of_account, 'requests') on conflict do nothing;
        select * into this from upload_pipeline.provider_paces p
            where p.provider = of_provider and p.account = of_account and p.unit = 'requests' for update;
    end if;
    moment := clock_timestamp();
    if budget > 0 then
        perform pg_advisory_xact_lock(hashtextextended('upload_pipeline.budget', 0));
        select coalesce(sum(c.nanousd), 0) + (select coalesce(sum(s.nanousd), 0) from upload_pipeline.spending s
                where s.month = date_trunc('month', moment at time zone 'UTC')::date),
            count(*) filter (where c.provider = of_provider and c.account = of_account and c.expires_at > moment)
            into spent, under from upload_pipeline.provider_calls c;
        if spent + cost > budget then
            verdict := 'spent';
            return;
        end if;
    elsif most_calls > 0 or most_jobs > 0 then
        select count(*) into under from upload_pipeline.provider_calls c
            where c.provider = of_provider and c.account = of_account and c.expires_at > moment;
    end if;
    verdict := 'wait';
    if most_calls > 0 and under >= most_calls - (case when bulk and most_calls > 1 then greatest(most_calls / 10, 1) else 0 end) then
        wait := 0.25;
        return;
    end if;
    if most_jobs > 0 then
        select count(*) into held from upload_pipeline.upload_jobs where status = 'parse_queued' and provider_job_id is not null;
        if under + held >= most_jobs - (case when bulk and most_jobs > 1 then greatest(most_jobs / 10, 1) else 0 end) then
            wait := 1;
            return;
        end if;
    end if;
    select * into by_token from upload_pipeline.provider_paces p
        where p.provider = of_provider and p.account = of_account and p.unit = 'tokens' for update;
    if not found then
        insert into upload_pipeline.provider_paces (provider, account, unit) values (of_provider, of_account, 'tokens') returning * into by_token;
    end if;
    wait := greatest(upload_pipeline.room_wait(this.full_at, this.closed_until, moment, 1, requests, span, bulk),
        upload_pipeline.room_wait(by_token.full_at, by_token.closed_until, moment, of_tokens, tokens_a_minute, 60, bulk));
    if wait > 0 then
        return;
    end if;
    verdict := 'go';
    if requests > 0 or tokens_a_minute > 0 and of_tokens > 0 then -- both rows are locked by now
        update upload_pipeline.provider_paces p set full_at = greatest(p.full_at, moment)
                + make_interval(secs => case p.unit when 'requests' then span / nullif(requests, 0) else of_tokens * 60 / nullif(tokens_a_minute, 0) end)
            where p.provider = of_provider and p.account = of_account
            and case p.unit when 'requests' then requests > 0 else tokens_a_minute > 0 and of_tokens > 0 end;
    end if;
    insert into upload_pipeline.provider_calls values (call, of_provider, of_account, of_lane, of_kind, of_user, of_document, of_attempt,
        of_pages, of_tokens, cost, of_price, moment + lease);
end $$;
-- +goose StatementEnd

insert into upload_pipeline.schema_serves values (27, 7);
