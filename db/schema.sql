-- The schemas upload_pipeline and local_auth as the migrations leave them.
-- Generated: go run ./db/schemadump -write
-- The reasons stand in db/migrations. A superuser migrated; it is written "owner" here.

CREATE SCHEMA local_auth;

CREATE SCHEMA upload_pipeline;

CREATE FUNCTION upload_pipeline.acting_user() RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
declare
    acting uuid := (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
begin
    if acting is null then
        raise exception 'no user is set for this transaction' using errcode = 'insufficient_privilege';
    end if;
    return acting;
end $$;

CREATE FUNCTION upload_pipeline.acts_as(VARIADIC wanted text[]) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select exists (select user_id from upload_pipeline.role_grants
        where user_id = upload_pipeline.acting_user() and role = any (wanted))
$$;

CREATE FUNCTION upload_pipeline.append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% are append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

CREATE TABLE upload_pipeline.audit_log (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    service text NOT NULL,
    actor text NOT NULL,
    user_id uuid,
    operator text NOT NULL,
    action text NOT NULL,
    what text NOT NULL,
    documents uuid[] NOT NULL,
    network text NOT NULL,
    request_id uuid,
    outcome text NOT NULL,
    times integer NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_log_hash_check CHECK ((octet_length(hash) = 32))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05');

ALTER TABLE ONLY upload_pipeline.audit_log FORCE ROW LEVEL SECURITY;

CREATE FUNCTION upload_pipeline.audit_text(e upload_pipeline.audit_log) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select concat_ws('|', e.seq, (extract(epoch from e.at) * 1000000)::bigint, e.service, e.actor, coalesce(e.user_id::text, ''), e.action, e.what,
        array_to_string(e.documents, ','), e.network, coalesce(e.request_id::text, ''), e.outcome, e.times, e.operator)
$$;

CREATE FUNCTION upload_pipeline.begin_call(call uuid, of_provider text, of_account text, of_lane text, of_kind text, of_user uuid, of_document uuid, of_attempt integer, of_pages integer, of_tokens bigint, cost bigint, of_price text, requests double precision, span double precision, tokens_a_minute double precision, most_calls integer, most_jobs integer, lease interval, budget bigint, OUT verdict text, OUT wait double precision) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION upload_pipeline.chunk_words(headings text[], body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select pg_catalog.to_tsvector('pg_catalog.english', upload_pipeline.plain_words(pg_catalog.array_to_string(headings, ' ') operator(pg_catalog.||) ' ' operator(pg_catalog.||) body))
$$;

CREATE FUNCTION upload_pipeline.end_call(call uuid, of_provider text, of_account text, of_kind text, of_user uuid, of_document uuid, of_attempt integer, of_pages integer, of_tokens bigint, cost bigint, of_price text, of_ref text, of_state text, closed_for double precision, span double precision, requests_left double precision, tokens_left double precision) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    delete from upload_pipeline.provider_calls where call_id = call;
    if of_state <> '' then
        insert into upload_pipeline.costs as c (provider, ref, kind, user_id, document_id, attempt, pages, tokens, nanousd, price, state)
            values (of_provider, of_ref, of_kind, of_user, of_document, of_attempt, of_pages, of_tokens, cost, of_price, of_state)
            on conflict (provider, ref) do update set tokens = excluded.tokens, pages = excluded.pages, nanousd = excluded.nanousd, state = excluded.state
            where c.state = 'assumed' and excluded.state <> 'assumed'; -- it ended after its lease
    end if;
    if closed_for > 0 then
        update upload_pipeline.provider_paces p set closed_until = greatest(p.closed_until, clock_timestamp() + make_interval(secs => closed_for))
            where p.provider = of_provider and p.account = of_account and p.unit = 'requests';
    end if;
    if requests_left >= 0 then
        update upload_pipeline.provider_paces p set full_at = greatest(p.full_at, clock_timestamp() + make_interval(secs => span * (1 - requests_left)))
            where p.provider = of_provider and p.account = of_account and p.unit = 'requests'
            and p.full_at < clock_timestamp() + make_interval(secs => span * (1 - requests_left));
        update upload_pipeline.provider_paces p set full_at = greatest(p.full_at, clock_timestamp() + make_interval(secs => 60 * (1 - tokens_left)))
            where p.provider = of_provider and p.account = of_account and p.unit = 'tokens'
            and p.full_at < clock_timestamp() + make_interval(secs => 60 * (1 - tokens_left));
    end if;
end $$;

CREATE FUNCTION upload_pipeline.guard_corpus() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    left_behind bigint;
begin
    if new.live <> old.live then
        if new.live is distinct from old.building or new.former is distinct from old.live then
            raise exception 'only the generation that was built can go live' using errcode = 'check_violation';
        end if;
        select count(*) into left_behind from upload_pipeline.lacking(new.live);
        if left_behind > 0 then
            raise exception 'not whole: % documents lack the generation', left_behind using errcode = 'check_violation';
        end if;
        new.swapped_at := clock_timestamp();
    end if;
    if new.building is null or new.building is distinct from old.building then
        new.paused := false;
        new.closing := false;
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.guard_hold() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'DELETE' then
        if old.lifted_at is null or old.lifted_at >= now() - interval '2191 days' then
            raise exception 'holds are kept for six years after they were lifted' using errcode = 'insufficient_privilege';
        end if;
        return old;
    end if;
    if old.lifted_at is not null or new.lifted_at is null
        or (new.hold_id, new.document_id, new.user_id, new.reason, new.operator, new.set_at)
        is distinct from (old.hold_id, old.document_id, old.user_id, old.reason, old.operator, old.set_at) then
        raise exception 'a hold can only be lifted, once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.guard_intent() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if (new.document_id, new.job_id, new.user_id, new.storage_key) is distinct from (old.document_id, old.job_id, old.user_id, old.storage_key) then
        raise exception 'an upload cannot change hands' using errcode = 'check_violation';
    end if;
    if new.state <> old.state and old.state <> 'awaiting' and new.state <> 'removed' then
        raise exception 'no move from % to %', old.state, new.state using errcode = 'check_violation';
    end if;
    if new.state <> old.state then
        new.updated_at := clock_timestamp();
    end if;
    if new.state = 'removed' then
        new.filename := '-';
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.guard_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION upload_pipeline.held(wanted uuid, owner uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select exists (select document_id from upload_pipeline.holds
        where user_id = owner and lifted_at is null and (document_id is null or document_id = wanted))
$$;

CREATE FUNCTION upload_pipeline.is_move(was text, becomes text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when becomes = 'deleting' then was <> 'deleting'
        when becomes = 'cancelled' then was in ('uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking',
            'chunks_stored', 'embedding_queued', 'embedding_in_progress', 'embeddings_stored')
        else (was, becomes) in (
            ('uploaded', 'parse_queued'), ('uploaded', 'failed_parse'),
            ('parse_queued', 'parsed'), ('parse_queued', 'failed_parse'),
            ('parsed', 'parse_validated'), ('parsed', 'failed_parse'),
            ('parse_validated', 'chunking'), ('parse_validated', 'failed_chunking'),
            ('chunking', 'chunks_stored'), ('chunking', 'failed_chunking'),
            ('chunks_stored', 'embedding_queued'), ('chunks_stored', 'failed_chunking'),
            ('embedding_queued', 'embedding_in_progress'), ('embedding_queued', 'failed_embedding'),
            ('embedding_in_progress', 'embeddings_stored'), ('embedding_in_progress', 'failed_embedding'),
            ('embeddings_stored', 'complete'), ('embeddings_stored', 'failed_embedding'))
        end
$$;

CREATE FUNCTION upload_pipeline.job_fault(attempt integer, lane text, providers_ms bigint, status text, traceparent text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when attempt < 1 then 'attempt'
        when lane not in ('interactive', 'bulk') then 'lane'
        when providers_ms < 0 then 'providers_ms'
        when status <> all (upload_pipeline.statuses()) then 'status'
        when octet_length(traceparent) <> 55 then 'traceparent'
        end
$$;

CREATE FUNCTION upload_pipeline.keep_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op <> 'DELETE' or old.at >= now() - interval '2191 days' then
        raise exception 'the audit log is append-only for six years' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;

CREATE FUNCTION upload_pipeline.keep_events() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if not exists (select document_id from upload_pipeline.deletions
        where document_id = old.document_id and done_at < now() - interval '2191 days') then
        raise exception 'events are append-only until six years after the deletion' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;

CREATE FUNCTION upload_pipeline.keep_whole() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' then
        if old.embedding is not null and new.embedding is null then
            raise exception 'a vector cannot be taken away' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if exists (select from upload_pipeline.corpus where old.generation in (live, building, former))
        and exists (select from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
        where j.document_id = old.document_id and j.attempt = d.attempt and j.status = 'complete') then
        raise exception 'the chunks of a complete document cannot be deleted' using errcode = 'check_violation';
    end if;
    return old;
end $$;

CREATE FUNCTION upload_pipeline.lacking(wanted integer) RETURNS TABLE(document_id uuid, attempt integer)
    LANGUAGE sql STABLE
    AS $$
    select d.document_id, d.attempt
    from upload_pipeline.documents d
    join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt and j.status = 'complete'
    where d.removed_at is null and (
        not exists (select from upload_pipeline.document_chunks c where c.document_id = d.document_id and c.generation = wanted)
        or exists (select from upload_pipeline.document_chunks c
            where c.document_id = d.document_id and c.generation = wanted and c.embedding is null))
$$;

CREATE FUNCTION upload_pipeline.live_generation(wanted text) RETURNS integer
    LANGUAGE plpgsql STABLE
    AS $$
declare
    found_live integer;
begin
    select c.live into found_live from upload_pipeline.corpus c join upload_pipeline.generations g on g.generation = c.live
        where wanted is null or g.model in ('', wanted);
    if found_live is null then
        raise exception 'the corpus is embedded under another model' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return found_live;
end $$;

CREATE FUNCTION upload_pipeline.one_model() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if not exists (select from upload_pipeline.generations where generation = new.generation and model in ('', new.embed_model)) then
        raise exception 'a vector of another model than its generation' using errcode = 'check_violation';
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.other_place(key text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    select case when key like 'cold/%' then substr(key, 6) else 'cold/' || key end
$$;

CREATE FUNCTION upload_pipeline.outdate_binaries() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update upload_pipeline.schema_serves set oldest_binary = 7 where version >= 7 and oldest_binary < 7;
    return null;
end $$;

CREATE FUNCTION upload_pipeline.plain_words(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select pg_catalog.translate(pg_catalog.regexp_replace(body, '(\d),(?=\d{3})', '\1', 'g'), '-_/|', '    ')
$$;

CREATE FUNCTION upload_pipeline.prune_audit(most integer DEFAULT 100000) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    until bigint;
    cut   bytea;
begin
    perform from upload_pipeline.audit_head for update;
    select max(o.seq) into until from (select l.seq, bool_and(l.at < now() - interval '2191 days') over (order by l.seq) as old
        from (select seq, at from upload_pipeline.audit_log order by seq limit most) l) o where o.old;
    if until is null then
        return 0;
    end if;
    select hash into cut from upload_pipeline.audit_log where seq = until;
    delete from upload_pipeline.audit_log where seq <= until;
    update upload_pipeline.audit_head set first_seq = until + 1, first_hash = cut;
    return until;
end $$;

CREATE FUNCTION upload_pipeline.record_corpus() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into upload_pipeline.corpus_log (what, live, building, former)
        select case
            when new.live <> old.live then 'swap'
            when new.building is not null and new.building = old.former then 'rollback'
            when new.building is not null and old.building is null then 'start'
            when new.building is null and old.building is not null then 'cancel'
            when new.former is null and old.former is not null then 'retire'
            when new.paused then 'pause'
            else 'resume' end, new.live, new.building, new.former;
    return null;
end $$;

CREATE FUNCTION upload_pipeline.record_deletion() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into upload_pipeline.deletions (document_id, user_id) values (new.document_id, new.user_id) on conflict do nothing;
    return null;
end $$;

CREATE FUNCTION upload_pipeline.record_move() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION upload_pipeline.refuse_closed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('account:' || new.user_id::text, 0));
    if exists (select account_id from upload_pipeline.closed_accounts where account_id = new.user_id) then
        raise exception 'the account is being deleted' using errcode = 'IN410';
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.refuse_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if exists (select document_id from upload_pipeline.deletions where document_id = new.document_id and user_id = new.user_id) then
        raise exception 'the document was deleted' using errcode = 'check_violation';
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.refuse_held() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if upload_pipeline.held(new.document_id, new.user_id) then
        raise exception 'the document is held' using errcode = 'IN423';
    end if;
    return new;
end $$;

CREATE FUNCTION upload_pipeline.require_covered(wanted uuid, in_generation integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    missing bigint;
begin
    select count(*) into missing from (
        select page_number from upload_pipeline.document_pages where document_id = wanted and state = 'parsed'
        except
        select generate_series(page_from, page_to) from upload_pipeline.document_chunks
            where document_id = wanted and generation = in_generation) m;
    if missing > 0 or not exists (select from upload_pipeline.document_chunks where document_id = wanted and generation = in_generation) then
        raise exception 'not whole: % pages without a chunk', missing using errcode = 'check_violation';
    end if;
end $$;

CREATE TABLE upload_pipeline.upload_jobs (
    job_id uuid NOT NULL,
    document_id uuid NOT NULL,
    user_id uuid NOT NULL,
    attempt integer NOT NULL,
    status text NOT NULL,
    status_since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    turn integer DEFAULT 0 NOT NULL,
    runs integer DEFAULT 0 NOT NULL,
    parser text,
    provider_job_id text,
    provider_file_id text,
    parse_deadline timestamp with time zone,
    next_poll_at timestamp with time zone,
    polls integer DEFAULT 0 NOT NULL,
    webhook_at timestamp with time zone,
    receipt jsonb,
    chunks_total integer DEFAULT 0 NOT NULL,
    chunks_embedded integer DEFAULT 0 NOT NULL,
    parse_credits numeric DEFAULT 0 NOT NULL,
    embed_tokens bigint DEFAULT 0 NOT NULL,
    cost_microusd bigint DEFAULT 0 NOT NULL,
    timings jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_error jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    generation integer DEFAULT 1 NOT NULL,
    lost_jobs smallint DEFAULT 0 NOT NULL,
    rank bigint DEFAULT 0 NOT NULL,
    lane text DEFAULT 'interactive'::text NOT NULL,
    standby boolean DEFAULT false NOT NULL,
    traceparent text,
    providers_ms bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE ONLY upload_pipeline.upload_jobs FORCE ROW LEVEL SECURITY;

CREATE FUNCTION upload_pipeline.require_whole(job upload_pipeline.upload_jobs) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    current integer;
    chunks  bigint;
    bare    bigint;
begin
    select live into current from upload_pipeline.corpus for share;
    if job.generation <> current then
        raise exception 'the live generation is %, the chunks are of %', current, job.generation
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    select count(*), count(*) filter (where embedding is null) into chunks, bare
        from upload_pipeline.document_chunks where document_id = job.document_id and generation = current;
    if chunks = 0 or bare > 0 or chunks <> job.chunks_total then
        raise exception 'not whole: % chunks of %, % without a vector', chunks, job.chunks_total, bare using errcode = 'check_violation';
    end if;
    perform upload_pipeline.require_covered(job.document_id, current);
    if job.receipt is null or (job.receipt ->> 'expected')::int <= 0 or (job.receipt ->> 'expected')::int <>
        (job.receipt ->> 'parsed')::int + jsonb_array_length(job.receipt -> 'blank') + jsonb_array_length(job.receipt -> 'failed') then
        raise exception 'not whole: the page receipt is missing or does not balance' using errcode = 'check_violation';
    end if;
    if (job.receipt ->> 'parsed')::int <> (select count(*) from upload_pipeline.document_pages
        where document_id = job.document_id and state = 'parsed') then
        raise exception 'not whole: the pages kept are not those of the receipt' using errcode = 'check_violation';
    end if;
end $$;

CREATE FUNCTION upload_pipeline.retry_start(ended text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case ended
        when 'failed_parse' then 'uploaded'
        when 'cancelled' then 'uploaded'
        when 'failed_chunking' then 'parse_validated'
        when 'failed_embedding' then 'embedding_queued'
        end
$$;

CREATE FUNCTION upload_pipeline.room_wait(full_at timestamp with time zone, closed_until timestamp with time zone, moment timestamp with time zone, need double precision, rate double precision, span double precision, bulk boolean) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$
    select greatest(0, extract(epoch from closed_until - moment),
        case when rate > 0 then greatest(0, extract(epoch from full_at - moment))
            + least(need * span / rate, span * 0.9) - span * case when bulk then 0.9 else 1 end end)::float8
$$;

CREATE FUNCTION upload_pipeline.seal_audit(most integer, OUT sealed integer, OUT last bigint, OUT last_hash bytea) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    e upload_pipeline.audit_inbox;
    r upload_pipeline.audit_log;
    begun bigint;
begin
    sealed := 0;
    select h.seq, h.hash into last, last_hash from upload_pipeline.audit_head h for update skip locked;
    if not found then
        select h.seq, h.hash into last, last_hash from upload_pipeline.audit_head h;
        return;
    end if;
    begun := last;
    for e in select * from upload_pipeline.audit_inbox i order by i.at, i.entry limit most loop
        last := last + 1;
        r := (last, e.at, e.service, e.actor, e.user_id, e.operator, e.action, e.what, e.documents, e.network, e.request_id, e.outcome, e.times, null);
        r.hash := sha256(last_hash || convert_to(upload_pipeline.audit_text(r), 'UTF8'));
        insert into upload_pipeline.audit_log select (r).*;
        delete from upload_pipeline.audit_inbox i where i.entry = e.entry;
        last_hash := r.hash;
    end loop;
    sealed := last - begun;
    if sealed > 0 then
        update upload_pipeline.audit_head h set seq = last, hash = last_hash, sealed_at = clock_timestamp();
    end if;
end $$;

CREATE FUNCTION upload_pipeline.shown_key() RETURNS bytea
    LANGUAGE sql STABLE
    AS $$select decode(nullif(current_setting('navigator.key_sha256', true), ''), 'hex')$$;

CREATE FUNCTION upload_pipeline.stands(held bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    if held is distinct from 1 then
        raise exception 'the step is another''s by now' using errcode = 'IN409';
    end if;
end $$;

CREATE FUNCTION upload_pipeline.statuses() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select array['uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking', 'chunks_stored', 'embedding_queued',
        'embedding_in_progress', 'embeddings_stored', 'complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled', 'deleting']
$$;

CREATE FUNCTION upload_pipeline.sum_cost() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    added bigint := new.nanousd - case when tg_op = 'UPDATE' then old.nanousd else 0 end;
begin
    if added <> 0 then
        insert into upload_pipeline.spending as s values ((new.at at time zone 'UTC')::date - extract(day from new.at at time zone 'UTC')::int + 1,
                new.provider, pg_backend_pid() % 16, added)
            on conflict (month, provider, slot) do update set nanousd = s.nanousd + excluded.nanousd;
    end if;
    return null;
end $$;

CREATE FUNCTION upload_pipeline.take_rank(owner uuid, cost bigint, front bigint, head_start bigint, first_few integer, OUT rank bigint, OUT lane text) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
    ahead integer;
begin
    select count(*) into ahead from (select from upload_pipeline.upload_jobs j where j.user_id = owner
        and j.status not in ('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled', 'deleting')
        limit first_few) live;
    insert into upload_pipeline.owner_ranks as r values (owner, front + cost)
        on conflict (user_id) do update set next_rank = cost + case when ahead = 0 then front else greatest(r.next_rank, front) end
        returning r.next_rank - cost into rank;
    lane := case when ahead < first_few then 'interactive' else 'bulk' end;
    if lane = 'interactive' then
        rank := rank - head_start;
    end if;
end $$;

CREATE TABLE local_auth.accounts (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    consent_version text NOT NULL,
    consent_timestamp text NOT NULL,
    email_confirmed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    last_sign_in_at timestamp with time zone,
    CONSTRAINT accounts_email_form CHECK (((email = btrim(email)) AND ((octet_length(email) >= 3) AND (octet_length(email) <= 254)))),
    CONSTRAINT accounts_password_hashed CHECK ((password_hash ~~ '$argon2id$%'::text))
);

ALTER TABLE ONLY local_auth.accounts FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT identities_issuer_check CHECK (((octet_length(issuer) >= 1) AND (octet_length(issuer) <= 512))),
    CONSTRAINT identities_subject_check CHECK (((octet_length(subject) >= 1) AND (octet_length(subject) <= 255)))
);

ALTER TABLE ONLY local_auth.identities FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.mail_links (
    token_hash bytea NOT NULL,
    mail_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT mail_links_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

ALTER TABLE ONLY local_auth.mail_links FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.mails (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    redirect text NOT NULL,
    challenge text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT mails_challenge_check CHECK ((challenge ~ '^([A-Za-z0-9_-]{43})?$'::text)),
    CONSTRAINT mails_kind_check CHECK ((kind = ANY (ARRAY['confirm'::text, 'recover'::text, 'taken'::text]))),
    CONSTRAINT mails_redirect_check CHECK ((octet_length(redirect) <= 2048))
);

ALTER TABLE ONLY local_auth.mails FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.refresh_tokens (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    parent_hash bytea,
    child_salt bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT refresh_tokens_hash_length CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT refresh_tokens_salt_when_used CHECK (((child_salt IS NULL) OR (used_at IS NOT NULL)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='500');

ALTER TABLE ONLY local_auth.refresh_tokens FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.sessions (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    refreshed_at timestamp with time zone,
    method text DEFAULT 'password'::text NOT NULL,
    client text DEFAULT ''::text NOT NULL,
    CONSTRAINT sessions_client_check CHECK ((octet_length(client) <= 200)),
    CONSTRAINT sessions_method_check CHECK ((method = ANY (ARRAY['password'::text, 'recovery'::text, 'oauth'::text])))
)
WITH (fillfactor='90');

ALTER TABLE ONLY local_auth.sessions FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.site_codes (
    code_sha256 bytea NOT NULL,
    account_id uuid NOT NULL,
    challenge text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT site_codes_challenge_check CHECK ((octet_length(challenge) = 43)),
    CONSTRAINT site_codes_code_sha256_check CHECK ((octet_length(code_sha256) = 32))
);

ALTER TABLE ONLY local_auth.site_codes FORCE ROW LEVEL SECURITY;

CREATE TABLE local_auth.site_flows (
    state_sha256 bytea NOT NULL,
    site text NOT NULL,
    redirect_to text NOT NULL,
    challenge text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT site_flows_challenge_check CHECK ((octet_length(challenge) = 43)),
    CONSTRAINT site_flows_state_sha256_check CHECK ((octet_length(state_sha256) = 32))
);

ALTER TABLE ONLY local_auth.site_flows FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.api_keys (
    key_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    hint text NOT NULL,
    key_sha256 bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT api_keys_check CHECK (((expires_at > created_at) AND (expires_at <= (created_at + '366 days'::interval)))),
    CONSTRAINT api_keys_hint_check CHECK (((octet_length(hint) >= 8) AND (octet_length(hint) <= 16))),
    CONSTRAINT api_keys_key_sha256_check CHECK ((octet_length(key_sha256) = 32)),
    CONSTRAINT api_keys_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 256))),
    CONSTRAINT api_keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['documents:read'::text, 'documents:write'::text, 'documents:delete'::text, 'search'::text])))
);

ALTER TABLE ONLY upload_pipeline.api_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.audit_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    hash bytea DEFAULT sha256('\x'::bytea) NOT NULL,
    first_seq bigint DEFAULT 1 NOT NULL,
    first_hash bytea DEFAULT sha256('\x'::bytea) NOT NULL,
    sealed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_head_only_row_check CHECK (only_row)
);

ALTER TABLE ONLY upload_pipeline.audit_head FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.audit_inbox (
    entry bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    service text NOT NULL,
    actor text NOT NULL,
    user_id uuid,
    operator text DEFAULT ''::text NOT NULL,
    action text NOT NULL,
    what text DEFAULT ''::text NOT NULL,
    documents uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    request_id uuid,
    outcome text NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    CONSTRAINT audit_inbox_action_check CHECK ((action ~ '^[a-z_]{1,40}$'::text)),
    CONSTRAINT audit_inbox_actor_check CHECK ((actor = ANY (ARRAY['user'::text, 'operator'::text, 'service'::text, 'nobody'::text]))),
    CONSTRAINT audit_inbox_check CHECK (((octet_length(operator) <= 64) AND ((operator <> ''::text) = (actor = 'operator'::text)))),
    CONSTRAINT audit_inbox_check1 CHECK (((actor <> 'user'::text) OR (user_id IS NOT NULL))),
    CONSTRAINT audit_inbox_documents_check CHECK ((cardinality(documents) <= 1000)),
    CONSTRAINT audit_inbox_network_check CHECK ((network ~ '^[0-9a-f.:/]{0,49}$'::text)),
    CONSTRAINT audit_inbox_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text]))),
    CONSTRAINT audit_inbox_service_check CHECK ((service ~ '^[a-z]{1,20}$'::text)),
    CONSTRAINT audit_inbox_times_check CHECK ((times > 0)),
    CONSTRAINT audit_inbox_what_check CHECK ((what ~ '^[A-Za-z0-9._:/-]{0,80}$'::text))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');

ALTER TABLE ONLY upload_pipeline.audit_inbox FORCE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.audit_inbox ALTER COLUMN entry ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME upload_pipeline.audit_inbox_entry_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload_pipeline.closed_accounts (
    account_id uuid NOT NULL,
    closed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY upload_pipeline.closed_accounts FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.corpus (
    only_row boolean DEFAULT true NOT NULL,
    live integer NOT NULL,
    building integer,
    former integer,
    paused boolean DEFAULT false NOT NULL,
    closing boolean DEFAULT false NOT NULL,
    swapped_at timestamp with time zone,
    CONSTRAINT corpus_check CHECK ((building <> live)),
    CONSTRAINT corpus_check1 CHECK (((former <> live) AND (former <> building))),
    CONSTRAINT corpus_only_row_check CHECK (only_row)
);

ALTER TABLE ONLY upload_pipeline.corpus FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.corpus_log (
    entry bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text DEFAULT SESSION_USER NOT NULL,
    what text NOT NULL,
    live integer NOT NULL,
    building integer,
    former integer,
    CONSTRAINT corpus_log_what_check CHECK ((what = ANY (ARRAY['start'::text, 'cancel'::text, 'pause'::text, 'resume'::text, 'swap'::text, 'rollback'::text, 'retire'::text])))
);

ALTER TABLE ONLY upload_pipeline.corpus_log FORCE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.corpus_log ALTER COLUMN entry ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME upload_pipeline.corpus_log_entry_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload_pipeline.costs (
    cost_id bigint NOT NULL,
    provider text NOT NULL,
    ref text NOT NULL,
    kind text NOT NULL,
    user_id uuid,
    document_id uuid,
    attempt integer,
    pages integer DEFAULT 0 NOT NULL,
    credits numeric DEFAULT 0 NOT NULL,
    tokens bigint DEFAULT 0 NOT NULL,
    nanousd bigint NOT NULL,
    price text NOT NULL,
    state text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT costs_kind_check CHECK ((kind = ANY (ARRAY['parse'::text, 'embed'::text, 'reembed'::text, 'search'::text, 'probe'::text]))),
    CONSTRAINT costs_nanousd_check CHECK ((nanousd >= 0)),
    CONSTRAINT costs_state_check CHECK ((state = ANY (ARRAY['estimated'::text, 'charged'::text, 'assumed'::text])))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05');

ALTER TABLE ONLY upload_pipeline.costs FORCE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.costs ALTER COLUMN cost_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME upload_pipeline.costs_cost_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload_pipeline.deletions (
    document_id uuid NOT NULL,
    user_id uuid NOT NULL,
    reason text DEFAULT 'owner'::text NOT NULL,
    requested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    done_at timestamp with time zone,
    residual jsonb,
    CONSTRAINT deletions_check CHECK (((done_at IS NULL) = (residual IS NULL))),
    CONSTRAINT deletions_check1 CHECK ((done_at >= requested_at)),
    CONSTRAINT deletions_reason_check CHECK ((reason = ANY (ARRAY['owner'::text, 'retention'::text])))
);

ALTER TABLE ONLY upload_pipeline.deletions FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.document_chunks (
    chunk_id uuid NOT NULL,
    document_id uuid NOT NULL,
    user_id uuid NOT NULL,
    ordinal integer NOT NULL,
    text text NOT NULL,
    headings text[] NOT NULL,
    page_from integer NOT NULL,
    page_to integer NOT NULL,
    token_count integer NOT NULL,
    content_sha256 bytea NOT NULL,
    chunker text NOT NULL,
    embedding extensions.vector(1536),
    embed_model text,
    embedded_at timestamp with time zone,
    words tsvector GENERATED ALWAYS AS (upload_pipeline.chunk_words(headings, text)) STORED NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    context text DEFAULT ''::text NOT NULL,
    near extensions.halfvec(1536) GENERATED ALWAYS AS ((embedding)::extensions.halfvec(1536)) STORED,
    CONSTRAINT document_chunks_check CHECK ((page_to >= page_from)),
    CONSTRAINT document_chunks_check1 CHECK ((((embedding IS NULL) = (embed_model IS NULL)) AND ((embedding IS NULL) = (embedded_at IS NULL)))),
    CONSTRAINT document_chunks_content_sha256_check CHECK ((octet_length(content_sha256) = 32)),
    CONSTRAINT document_chunks_ordinal_check CHECK ((ordinal >= 0)),
    CONSTRAINT document_chunks_page_from_check CHECK ((page_from >= 1)),
    CONSTRAINT document_chunks_text_check CHECK ((text <> ''::text)),
    CONSTRAINT document_chunks_token_count_check CHECK ((token_count > 0)),
    CONSTRAINT embedding_is_real CHECK (((embedding IS NULL) OR ((extensions.vector_norm(embedding) >= (0.98)::double precision) AND (extensions.vector_norm(embedding) <= (1.02)::double precision))))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000', autovacuum_analyze_scale_factor='0.02');
ALTER TABLE ONLY upload_pipeline.document_chunks ALTER COLUMN text SET COMPRESSION lz4;
ALTER TABLE ONLY upload_pipeline.document_chunks ALTER COLUMN words SET STORAGE MAIN;
ALTER TABLE ONLY upload_pipeline.document_chunks ALTER COLUMN near SET STORAGE PLAIN;

ALTER TABLE ONLY upload_pipeline.document_chunks FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.document_pages (
    document_id uuid NOT NULL,
    page_number integer NOT NULL,
    user_id uuid NOT NULL,
    state text NOT NULL,
    markdown text NOT NULL,
    error_code text,
    CONSTRAINT document_pages_check CHECK (((error_code IS NOT NULL) = (state = 'failed'::text))),
    CONSTRAINT document_pages_page_number_check CHECK ((page_number >= 1)),
    CONSTRAINT document_pages_state_check CHECK ((state = ANY (ARRAY['parsed'::text, 'blank'::text, 'failed'::text])))
);
ALTER TABLE ONLY upload_pipeline.document_pages ALTER COLUMN markdown SET COMPRESSION lz4;

ALTER TABLE ONLY upload_pipeline.document_pages FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.documents (
    document_id uuid NOT NULL,
    user_id uuid NOT NULL,
    filename text NOT NULL,
    mime text NOT NULL,
    bytes_len bigint NOT NULL,
    file_sha256 bytea NOT NULL,
    storage_key text NOT NULL,
    page_count integer NOT NULL,
    policy_id text,
    attempt integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    removed_at timestamp with time zone,
    cold_since timestamp with time zone,
    file_read_at timestamp with time zone,
    marks text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT documents_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT documents_bytes_len_check CHECK ((bytes_len > 0)),
    CONSTRAINT documents_cold CHECK (((cold_since IS NOT NULL) = (storage_key ~~ 'cold/%'::text))),
    CONSTRAINT documents_file_sha256_check CHECK ((octet_length(file_sha256) = 32)),
    CONSTRAINT documents_filename_check CHECK (((octet_length(filename) >= 1) AND (octet_length(filename) <= 255))),
    CONSTRAINT documents_marks_check CHECK ((cardinality(marks) <= 64)),
    CONSTRAINT documents_page_count_check CHECK ((page_count >= 0)),
    CONSTRAINT documents_policy_id_check CHECK ((octet_length(policy_id) <= 255))
)
WITH (fillfactor='90', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY upload_pipeline.documents FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.ended_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id uuid NOT NULL,
    session_id uuid,
    keep_id uuid,
    ended_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ended_sessions_check CHECK (((session_id IS NULL) OR (keep_id IS NULL)))
);

ALTER TABLE ONLY upload_pipeline.ended_sessions FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.events (
    event_id bigint NOT NULL,
    document_id uuid NOT NULL,
    job_id uuid NOT NULL,
    user_id uuid NOT NULL,
    attempt integer NOT NULL,
    was text,
    status text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lasted_ms bigint,
    code text
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05');

ALTER TABLE ONLY upload_pipeline.events FORCE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME upload_pipeline.events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload_pipeline.generations (
    generation integer NOT NULL,
    chunker text NOT NULL,
    chunk_tokens integer NOT NULL,
    chunk_overlap integer NOT NULL,
    model text NOT NULL,
    dimensions integer DEFAULT 1536 NOT NULL,
    quoted_tokens bigint,
    price numeric DEFAULT 0 NOT NULL,
    spent_tokens bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT generations_chunk_overlap_check CHECK ((chunk_overlap >= 0)),
    CONSTRAINT generations_chunk_tokens_check CHECK ((chunk_tokens >= 0)),
    CONSTRAINT generations_dimensions_check CHECK ((dimensions = 1536)),
    CONSTRAINT generations_generation_check CHECK ((generation >= 1)),
    CONSTRAINT generations_price_check CHECK ((price >= (0)::numeric))
);

ALTER TABLE ONLY upload_pipeline.generations FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.holds (
    hold_id uuid DEFAULT gen_random_uuid() NOT NULL,
    document_id uuid,
    user_id uuid NOT NULL,
    reason text NOT NULL,
    operator text NOT NULL,
    set_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lifted_at timestamp with time zone,
    lifted_by text,
    CONSTRAINT holds_check CHECK (((lifted_at IS NULL) = (lifted_by IS NULL))),
    CONSTRAINT holds_lifted_by_check CHECK (((octet_length(lifted_by) >= 1) AND (octet_length(lifted_by) <= 64))),
    CONSTRAINT holds_operator_check CHECK (((octet_length(operator) >= 1) AND (octet_length(operator) <= 64))),
    CONSTRAINT holds_reason_check CHECK ((reason ~ '^[A-Za-z0-9._/-]{1,64}$'::text))
);

ALTER TABLE ONLY upload_pipeline.holds FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.idempotency_keys (
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    resource uuid NOT NULL,
    run integer DEFAULT 1 NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL,
    leased_until timestamp with time zone,
    answer bytea,
    expires_at timestamp with time zone NOT NULL,
    claim uuid,
    CONSTRAINT idempotency_keys_answer_size CHECK ((octet_length(answer) <= 4194304)),
    CONSTRAINT idempotency_keys_hashes CHECK (((octet_length(key_hash) = 32) AND (octet_length(fingerprint) = 32))),
    CONSTRAINT idempotency_keys_state CHECK (((answer IS NULL) OR (leased_until IS NULL)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='500');

ALTER TABLE ONLY upload_pipeline.idempotency_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.identity (
    database_id uuid DEFAULT gen_random_uuid() NOT NULL,
    only_row boolean DEFAULT true NOT NULL,
    CONSTRAINT identity_only_row_check CHECK (only_row)
);

ALTER TABLE ONLY upload_pipeline.identity FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.instances (
    instance_id uuid NOT NULL,
    service text NOT NULL,
    environment text NOT NULL,
    storage_env text NOT NULL,
    database_id text NOT NULL,
    providers text NOT NULL,
    settings_hash text NOT NULL,
    build text NOT NULL,
    schema_version bigint NOT NULL,
    state jsonb DEFAULT '{}'::jsonb NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_threshold='50', autovacuum_vacuum_scale_factor='0');

ALTER TABLE ONLY upload_pipeline.instances FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.operations_log (
    entry bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    login text DEFAULT SESSION_USER NOT NULL,
    operator text NOT NULL,
    action text NOT NULL,
    what text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    document_id uuid,
    attempt integer,
    counts jsonb,
    CONSTRAINT operations_log_action_check CHECK ((action = ANY (ARRAY['pause'::text, 'resume'::text, 'retry'::text, 'hold'::text, 'lift'::text, 'archive'::text, 'unarchive'::text, 'retain'::text, 'role_granted'::text, 'role_revoked'::text, 'read'::text]))),
    CONSTRAINT operations_log_operator_check CHECK (((octet_length(operator) >= 1) AND (octet_length(operator) <= 64))),
    CONSTRAINT operations_log_reason_check CHECK ((octet_length(reason) <= 200)),
    CONSTRAINT operations_log_what_check CHECK (((octet_length(what) >= 1) AND (octet_length(what) <= 80)))
);

ALTER TABLE ONLY upload_pipeline.operations_log FORCE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.operations_log ALTER COLUMN entry ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME upload_pipeline.operations_log_entry_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload_pipeline.owner_ranks (
    user_id uuid NOT NULL,
    next_rank bigint NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE ONLY upload_pipeline.owner_ranks FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.pauses (
    what text NOT NULL,
    paused_at timestamp with time zone DEFAULT now() NOT NULL,
    operator text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT pauses_operator_check CHECK (((octet_length(operator) >= 1) AND (octet_length(operator) <= 64))),
    CONSTRAINT pauses_reason_check CHECK ((octet_length(reason) <= 200)),
    CONSTRAINT pauses_what_check CHECK (((what = 'intake'::text) OR (what ~ '^queue:[a-z0-9_-]{1,64}$'::text)))
);

ALTER TABLE ONLY upload_pipeline.pauses FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.provider_calls (
    call_id uuid NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    user_id uuid,
    document_id uuid,
    attempt integer,
    pages integer NOT NULL,
    tokens bigint NOT NULL,
    nanousd bigint NOT NULL,
    price text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT provider_calls_lane_check CHECK ((lane = ANY (ARRAY['interactive'::text, 'bulk'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE ONLY upload_pipeline.provider_calls FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.provider_paces (
    provider text NOT NULL,
    account text NOT NULL,
    unit text NOT NULL,
    full_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_until timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_paces_unit_check CHECK ((unit = ANY (ARRAY['requests'::text, 'tokens'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='100');

ALTER TABLE ONLY upload_pipeline.provider_paces FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.reembed_faults (
    document_id uuid NOT NULL,
    generation integer NOT NULL,
    code text NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY upload_pipeline.reembed_faults FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.role_grants (
    user_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    operator text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT role_grants_operator_check CHECK (((octet_length(operator) >= 1) AND (octet_length(operator) <= 64))),
    CONSTRAINT role_grants_reason_check CHECK ((octet_length(reason) <= 200)),
    CONSTRAINT role_grants_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'oncall'::text])))
);

ALTER TABLE ONLY upload_pipeline.role_grants FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.schema_serves (
    version bigint NOT NULL,
    oldest_binary bigint NOT NULL,
    CONSTRAINT schema_serves_check CHECK ((oldest_binary <= version))
);

ALTER TABLE ONLY upload_pipeline.schema_serves FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.schema_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY upload_pipeline.schema_version FORCE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.schema_version ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME upload_pipeline.schema_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE upload_pipeline.sign_in_tries (
    key bytea NOT NULL,
    tries integer NOT NULL,
    began_at timestamp with time zone NOT NULL,
    held_until timestamp with time zone,
    trusted_at timestamp with time zone,
    CONSTRAINT sign_in_tries_key_check CHECK ((octet_length(key) = 32)),
    CONSTRAINT sign_in_tries_tries_check CHECK ((tries >= 0))
);

ALTER TABLE ONLY upload_pipeline.sign_in_tries FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.spending (
    month date NOT NULL,
    provider text NOT NULL,
    slot integer NOT NULL,
    nanousd bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='100');

ALTER TABLE ONLY upload_pipeline.spending FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.storage_intents (
    storage_key text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    moving_until timestamp with time zone
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE ONLY upload_pipeline.storage_intents FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.upload_intents (
    document_id uuid NOT NULL,
    job_id uuid NOT NULL,
    user_id uuid NOT NULL,
    filename text NOT NULL,
    mime text NOT NULL,
    bytes_len bigint NOT NULL,
    storage_key text NOT NULL,
    state text DEFAULT 'awaiting'::text NOT NULL,
    last_error jsonb,
    existing_id uuid,
    looked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address_until timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT upload_intents_bytes_len_check CHECK ((bytes_len > 0)),
    CONSTRAINT upload_intents_check CHECK (((last_error IS NOT NULL) = (state = ANY (ARRAY['failed'::text, 'expired'::text])))),
    CONSTRAINT upload_intents_check1 CHECK (((existing_id IS NOT NULL) = (state = 'duplicate'::text))),
    CONSTRAINT upload_intents_filename_check CHECK (((octet_length(filename) >= 1) AND (octet_length(filename) <= 255))),
    CONSTRAINT upload_intents_state_check CHECK ((state = ANY (ARRAY['awaiting'::text, 'arrived'::text, 'failed'::text, 'expired'::text, 'duplicate'::text, 'cancelled'::text, 'removed'::text])))
);

ALTER TABLE ONLY upload_pipeline.upload_intents FORCE ROW LEVEL SECURITY;

CREATE TABLE upload_pipeline.webhook_log (
    webhook_id uuid NOT NULL,
    dedupe text NOT NULL,
    job_id uuid,
    document_id uuid,
    event_id text,
    event_type text,
    provider_job_id text,
    body_sha256 bytea NOT NULL,
    body_bytes integer NOT NULL,
    outcome text NOT NULL,
    deliveries integer DEFAULT 1 NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_log_event_id_check CHECK ((octet_length(event_id) <= 255)),
    CONSTRAINT webhook_log_event_type_check CHECK ((octet_length(event_type) <= 255)),
    CONSTRAINT webhook_log_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'ignored'::text, 'unknown'::text]))),
    CONSTRAINT webhook_log_provider_job_id_check CHECK ((octet_length(provider_job_id) <= 255))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05');

ALTER TABLE ONLY upload_pipeline.webhook_log FORCE ROW LEVEL SECURITY;

ALTER TABLE ONLY local_auth.accounts
    ADD CONSTRAINT accounts_email_key UNIQUE (email);

ALTER TABLE ONLY local_auth.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY local_auth.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (issuer, subject);

ALTER TABLE ONLY local_auth.mail_links
    ADD CONSTRAINT mail_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY local_auth.mails
    ADD CONSTRAINT mails_pkey PRIMARY KEY (id);

ALTER TABLE ONLY local_auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_one_child UNIQUE (parent_hash);

ALTER TABLE ONLY local_auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY local_auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY local_auth.site_codes
    ADD CONSTRAINT site_codes_pkey PRIMARY KEY (code_sha256);

ALTER TABLE ONLY local_auth.site_flows
    ADD CONSTRAINT site_flows_pkey PRIMARY KEY (state_sha256);

ALTER TABLE ONLY upload_pipeline.api_keys
    ADD CONSTRAINT api_keys_key_sha256_key UNIQUE (key_sha256);

ALTER TABLE ONLY upload_pipeline.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY upload_pipeline.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY upload_pipeline.audit_inbox
    ADD CONSTRAINT audit_inbox_pkey PRIMARY KEY (entry);

ALTER TABLE ONLY upload_pipeline.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY upload_pipeline.closed_accounts
    ADD CONSTRAINT closed_accounts_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY upload_pipeline.corpus_log
    ADD CONSTRAINT corpus_log_pkey PRIMARY KEY (entry);

ALTER TABLE ONLY upload_pipeline.corpus
    ADD CONSTRAINT corpus_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY upload_pipeline.costs
    ADD CONSTRAINT costs_pkey PRIMARY KEY (cost_id);

ALTER TABLE ONLY upload_pipeline.costs
    ADD CONSTRAINT costs_provider_ref_key UNIQUE (provider, ref);

ALTER TABLE ONLY upload_pipeline.deletions
    ADD CONSTRAINT deletions_pkey PRIMARY KEY (document_id);

ALTER TABLE ONLY upload_pipeline.document_chunks
    ADD CONSTRAINT document_chunks_document_id_generation_chunker_ordinal_key UNIQUE (document_id, generation, chunker, ordinal);

ALTER TABLE ONLY upload_pipeline.document_chunks
    ADD CONSTRAINT document_chunks_pkey PRIMARY KEY (chunk_id);

ALTER TABLE ONLY upload_pipeline.document_pages
    ADD CONSTRAINT document_pages_pkey PRIMARY KEY (document_id, page_number);

ALTER TABLE ONLY upload_pipeline.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (document_id);

ALTER TABLE ONLY upload_pipeline.documents
    ADD CONSTRAINT documents_storage_key_key UNIQUE (storage_key);

ALTER TABLE ONLY upload_pipeline.ended_sessions
    ADD CONSTRAINT ended_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upload_pipeline.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY upload_pipeline.generations
    ADD CONSTRAINT generations_pkey PRIMARY KEY (generation);

ALTER TABLE ONLY upload_pipeline.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (hold_id);

ALTER TABLE ONLY upload_pipeline.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key_hash);

ALTER TABLE ONLY upload_pipeline.identity
    ADD CONSTRAINT identity_only_row_key UNIQUE (only_row);

ALTER TABLE ONLY upload_pipeline.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (database_id);

ALTER TABLE ONLY upload_pipeline.instances
    ADD CONSTRAINT instances_pkey PRIMARY KEY (instance_id);

ALTER TABLE ONLY upload_pipeline.operations_log
    ADD CONSTRAINT operations_log_pkey PRIMARY KEY (entry);

ALTER TABLE ONLY upload_pipeline.owner_ranks
    ADD CONSTRAINT owner_ranks_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY upload_pipeline.pauses
    ADD CONSTRAINT pauses_pkey PRIMARY KEY (what);

ALTER TABLE ONLY upload_pipeline.provider_calls
    ADD CONSTRAINT provider_calls_pkey PRIMARY KEY (call_id);

ALTER TABLE ONLY upload_pipeline.provider_paces
    ADD CONSTRAINT provider_paces_pkey PRIMARY KEY (provider, account, unit);

ALTER TABLE ONLY upload_pipeline.reembed_faults
    ADD CONSTRAINT reembed_faults_pkey PRIMARY KEY (document_id);

ALTER TABLE ONLY upload_pipeline.role_grants
    ADD CONSTRAINT role_grants_pkey PRIMARY KEY (user_id, role);

ALTER TABLE ONLY upload_pipeline.schema_serves
    ADD CONSTRAINT schema_serves_pkey PRIMARY KEY (version);

ALTER TABLE ONLY upload_pipeline.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upload_pipeline.sign_in_tries
    ADD CONSTRAINT sign_in_tries_pkey PRIMARY KEY (key);

ALTER TABLE ONLY upload_pipeline.spending
    ADD CONSTRAINT spending_pkey PRIMARY KEY (month, provider, slot);

ALTER TABLE ONLY upload_pipeline.storage_intents
    ADD CONSTRAINT storage_intents_pkey PRIMARY KEY (storage_key);

ALTER TABLE ONLY upload_pipeline.upload_intents
    ADD CONSTRAINT upload_intents_job_id_key UNIQUE (job_id);

ALTER TABLE ONLY upload_pipeline.upload_intents
    ADD CONSTRAINT upload_intents_pkey PRIMARY KEY (document_id);

ALTER TABLE ONLY upload_pipeline.upload_intents
    ADD CONSTRAINT upload_intents_storage_key_key UNIQUE (storage_key);

ALTER TABLE ONLY upload_pipeline.upload_jobs
    ADD CONSTRAINT upload_jobs_document_id_attempt_key UNIQUE (document_id, attempt);

ALTER TABLE ONLY upload_pipeline.upload_jobs
    ADD CONSTRAINT upload_jobs_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY upload_pipeline.webhook_log
    ADD CONSTRAINT webhook_log_dedupe_key UNIQUE (dedupe);

ALTER TABLE ONLY upload_pipeline.webhook_log
    ADD CONSTRAINT webhook_log_pkey PRIMARY KEY (webhook_id);

CREATE INDEX accounts_unconfirmed ON local_auth.accounts USING btree (updated_at) WHERE ((email_confirmed_at IS NULL) AND (last_sign_in_at IS NULL));

CREATE INDEX identities_account_id_idx ON local_auth.identities USING btree (account_id);

CREATE INDEX mail_links_mail_id_idx ON local_auth.mail_links USING btree (mail_id);

CREATE INDEX mails_account_id_idx ON local_auth.mails USING btree (account_id, kind);

CREATE INDEX mails_due ON local_auth.mails USING btree (due_at) WHERE (sent_at IS NULL);

CREATE INDEX refresh_tokens_expires_at_idx ON local_auth.refresh_tokens USING btree (expires_at);

CREATE UNIQUE INDEX refresh_tokens_one_live ON local_auth.refresh_tokens USING btree (session_id) WHERE (used_at IS NULL);

CREATE INDEX refresh_tokens_session_id_idx ON local_auth.refresh_tokens USING btree (session_id);

CREATE INDEX sessions_account_id_idx ON local_auth.sessions USING btree (account_id);

CREATE INDEX site_codes_account_id_idx ON local_auth.site_codes USING btree (account_id);

CREATE INDEX site_codes_expires_at_idx ON local_auth.site_codes USING btree (expires_at);

CREATE INDEX site_flows_expires_at_idx ON local_auth.site_flows USING btree (expires_at);

CREATE INDEX api_keys_owner ON upload_pipeline.api_keys USING btree (user_id, created_at DESC);

CREATE INDEX audit_log_at ON upload_pipeline.audit_log USING btree (at);

CREATE INDEX audit_log_documents ON upload_pipeline.audit_log USING gin (documents);

CREATE INDEX audit_log_user ON upload_pipeline.audit_log USING btree (user_id, seq) WHERE (user_id IS NOT NULL);

CREATE INDEX costs_document ON upload_pipeline.costs USING btree (document_id) WHERE (document_id IS NOT NULL);

CREATE INDEX costs_owner ON upload_pipeline.costs USING btree (user_id, at);

CREATE INDEX deletions_done ON upload_pipeline.deletions USING btree (done_at);

CREATE INDEX document_chunks_content ON upload_pipeline.document_chunks USING btree (user_id, content_sha256) WHERE (embedding IS NOT NULL);

CREATE INDEX document_chunks_owner ON upload_pipeline.document_chunks USING btree (user_id, document_id);

CREATE INDEX document_chunks_pending ON upload_pipeline.document_chunks USING btree (document_id, ordinal) WHERE (embedding IS NULL);

CREATE INDEX documents_cold_since ON upload_pipeline.documents USING btree (cold_since) WHERE (cold_since IS NOT NULL);

CREATE UNIQUE INDEX documents_content ON upload_pipeline.documents USING btree (user_id, file_sha256) WHERE (removed_at IS NULL);

CREATE INDEX documents_newest ON upload_pipeline.documents USING btree (created_at DESC, document_id);

CREATE INDEX documents_owner ON upload_pipeline.documents USING btree (user_id, created_at DESC, document_id);

CREATE INDEX ended_sessions_account ON upload_pipeline.ended_sessions USING btree (account_id, session_id);

CREATE INDEX ended_sessions_age ON upload_pipeline.ended_sessions USING btree (ended_at);

CREATE INDEX events_document ON upload_pipeline.events USING btree (document_id, event_id);

CREATE INDEX events_uploads ON upload_pipeline.events USING btree (user_id, at) WHERE ((attempt = 1) AND (was IS NULL));

CREATE UNIQUE INDEX holds_document ON upload_pipeline.holds USING btree (document_id) WHERE ((lifted_at IS NULL) AND (document_id IS NOT NULL));

CREATE UNIQUE INDEX holds_owner ON upload_pipeline.holds USING btree (user_id) WHERE ((lifted_at IS NULL) AND (document_id IS NULL));

CREATE INDEX holds_standing ON upload_pipeline.holds USING btree (user_id) WHERE (lifted_at IS NULL);

CREATE INDEX idempotency_keys_expires_at_idx ON upload_pipeline.idempotency_keys USING btree (expires_at);

CREATE INDEX operations_log_at ON upload_pipeline.operations_log USING btree (at);

CREATE INDEX provider_calls_account ON upload_pipeline.provider_calls USING btree (provider, account);

CREATE INDEX sign_in_tries_age ON upload_pipeline.sign_in_tries USING btree (GREATEST(began_at, held_until, trusted_at));

CREATE INDEX storage_intents_age ON upload_pipeline.storage_intents USING btree (created_at);

CREATE INDEX upload_intents_closed ON upload_pipeline.upload_intents USING btree (removed_at NULLS FIRST) WHERE (state <> ALL (ARRAY['awaiting'::text, 'arrived'::text]));

CREATE INDEX upload_intents_looked ON upload_pipeline.upload_intents USING btree (looked_at NULLS FIRST) WHERE (state = 'awaiting'::text);

CREATE INDEX upload_intents_open ON upload_pipeline.upload_intents USING btree (user_id) WHERE (state = 'awaiting'::text);

CREATE INDEX upload_jobs_failed ON upload_pipeline.upload_jobs USING btree (finished_at) WHERE (status = ANY (ARRAY['failed_parse'::text, 'failed_chunking'::text, 'failed_embedding'::text]));

CREATE INDEX upload_jobs_live ON upload_pipeline.upload_jobs USING btree (user_id) WHERE (status <> ALL (ARRAY['complete'::text, 'failed_parse'::text, 'failed_chunking'::text, 'failed_embedding'::text, 'cancelled'::text, 'deleting'::text]));

CREATE INDEX upload_jobs_provider ON upload_pipeline.upload_jobs USING btree (provider_job_id) WHERE (provider_job_id IS NOT NULL);

CREATE INDEX upload_jobs_underway ON upload_pipeline.upload_jobs USING btree (status_since) WHERE (status <> ALL (ARRAY['complete'::text, 'failed_parse'::text, 'failed_chunking'::text, 'failed_embedding'::text, 'cancelled'::text]));

CREATE INDEX upload_jobs_waiting ON upload_pipeline.upload_jobs USING btree (next_poll_at) WHERE (status = 'parse_queued'::text);

CREATE INDEX webhook_log_document ON upload_pipeline.webhook_log USING btree (document_id) WHERE (document_id IS NOT NULL);

CREATE INDEX webhook_log_received ON upload_pipeline.webhook_log USING btree (received_at);

CREATE TRIGGER append_only BEFORE UPDATE ON upload_pipeline.audit_inbox FOR EACH ROW EXECUTE FUNCTION upload_pipeline.append_only();

CREATE TRIGGER append_only BEFORE UPDATE ON upload_pipeline.events FOR EACH ROW EXECUTE FUNCTION upload_pipeline.append_only();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON upload_pipeline.operations_log FOR EACH ROW EXECUTE FUNCTION upload_pipeline.append_only();

CREATE TRIGGER guard BEFORE UPDATE ON upload_pipeline.corpus FOR EACH ROW EXECUTE FUNCTION upload_pipeline.guard_corpus();

CREATE TRIGGER guard BEFORE DELETE OR UPDATE ON upload_pipeline.holds FOR EACH ROW EXECUTE FUNCTION upload_pipeline.guard_hold();

CREATE TRIGGER guard BEFORE UPDATE ON upload_pipeline.upload_intents FOR EACH ROW EXECUTE FUNCTION upload_pipeline.guard_intent();

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON upload_pipeline.upload_jobs FOR EACH ROW EXECUTE FUNCTION upload_pipeline.guard_job();

CREATE TRIGGER keep BEFORE DELETE OR UPDATE ON upload_pipeline.audit_log FOR EACH ROW EXECUTE FUNCTION upload_pipeline.keep_audit();

CREATE TRIGGER keep_events BEFORE DELETE ON upload_pipeline.events FOR EACH ROW EXECUTE FUNCTION upload_pipeline.keep_events();

CREATE TRIGGER keep_vector AFTER UPDATE OF embedding ON upload_pipeline.document_chunks FOR EACH ROW EXECUTE FUNCTION upload_pipeline.keep_whole();

CREATE TRIGGER keep_whole BEFORE TRUNCATE ON upload_pipeline.audit_log FOR EACH STATEMENT EXECUTE FUNCTION upload_pipeline.keep_audit();

CREATE TRIGGER keep_whole BEFORE DELETE ON upload_pipeline.document_chunks FOR EACH ROW EXECUTE FUNCTION upload_pipeline.keep_whole();

CREATE TRIGGER one_model AFTER INSERT OR UPDATE OF embedding ON upload_pipeline.document_chunks FOR EACH ROW WHEN ((new.embedding IS NOT NULL)) EXECUTE FUNCTION upload_pipeline.one_model();

CREATE TRIGGER outdate AFTER INSERT ON upload_pipeline.generations FOR EACH ROW WHEN ((new.generation > 1)) EXECUTE FUNCTION upload_pipeline.outdate_binaries();

CREATE TRIGGER record AFTER UPDATE ON upload_pipeline.corpus FOR EACH ROW WHEN (((((old.live IS DISTINCT FROM new.live) OR (old.building IS DISTINCT FROM new.building)) OR (old.former IS DISTINCT FROM new.former)) OR (old.paused IS DISTINCT FROM new.paused))) EXECUTE FUNCTION upload_pipeline.record_corpus();

CREATE TRIGGER record_deletion AFTER UPDATE OF state ON upload_pipeline.upload_intents FOR EACH ROW WHEN (((new.state = 'removed'::text) AND (old.state <> 'removed'::text))) EXECUTE FUNCTION upload_pipeline.record_deletion();

CREATE TRIGGER record_insert AFTER INSERT ON upload_pipeline.upload_jobs FOR EACH ROW EXECUTE FUNCTION upload_pipeline.record_move();

CREATE TRIGGER record_update AFTER UPDATE OF status ON upload_pipeline.upload_jobs FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION upload_pipeline.record_move();

CREATE TRIGGER refuse_closed BEFORE INSERT ON upload_pipeline.api_keys FOR EACH ROW EXECUTE FUNCTION upload_pipeline.refuse_closed();

CREATE TRIGGER refuse_closed BEFORE INSERT ON upload_pipeline.documents FOR EACH ROW EXECUTE FUNCTION upload_pipeline.refuse_closed();

CREATE TRIGGER refuse_closed BEFORE INSERT ON upload_pipeline.upload_intents FOR EACH ROW EXECUTE FUNCTION upload_pipeline.refuse_closed();

CREATE TRIGGER refuse_deleted BEFORE INSERT ON upload_pipeline.documents FOR EACH ROW EXECUTE FUNCTION upload_pipeline.refuse_deleted();

CREATE TRIGGER refuse_held BEFORE UPDATE OF state ON upload_pipeline.upload_intents FOR EACH ROW WHEN (((new.state = 'removed'::text) AND (old.state <> ALL (ARRAY['removed'::text, 'arrived'::text])))) EXECUTE FUNCTION upload_pipeline.refuse_held();

CREATE TRIGGER refuse_held BEFORE UPDATE OF status ON upload_pipeline.upload_jobs FOR EACH ROW WHEN (((new.status = 'deleting'::text) AND (old.status <> 'deleting'::text))) EXECUTE FUNCTION upload_pipeline.refuse_held();

CREATE TRIGGER sum_cost AFTER INSERT OR UPDATE OF nanousd ON upload_pipeline.costs FOR EACH ROW EXECUTE FUNCTION upload_pipeline.sum_cost();

ALTER TABLE ONLY local_auth.identities
    ADD CONSTRAINT identities_account_id_fkey FOREIGN KEY (account_id) REFERENCES local_auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY local_auth.mail_links
    ADD CONSTRAINT mail_links_mail_id_fkey FOREIGN KEY (mail_id) REFERENCES local_auth.mails(id) ON DELETE CASCADE;

ALTER TABLE ONLY local_auth.mails
    ADD CONSTRAINT mails_account_id_fkey FOREIGN KEY (account_id) REFERENCES local_auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY local_auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES local_auth.sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY local_auth.sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES local_auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY local_auth.site_codes
    ADD CONSTRAINT site_codes_account_id_fkey FOREIGN KEY (account_id) REFERENCES local_auth.accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY upload_pipeline.corpus
    ADD CONSTRAINT corpus_building_fkey FOREIGN KEY (building) REFERENCES upload_pipeline.generations(generation);

ALTER TABLE ONLY upload_pipeline.corpus
    ADD CONSTRAINT corpus_former_fkey FOREIGN KEY (former) REFERENCES upload_pipeline.generations(generation);

ALTER TABLE ONLY upload_pipeline.corpus
    ADD CONSTRAINT corpus_live_fkey FOREIGN KEY (live) REFERENCES upload_pipeline.generations(generation);

ALTER TABLE ONLY upload_pipeline.document_chunks
    ADD CONSTRAINT document_chunks_document_id_fkey FOREIGN KEY (document_id) REFERENCES upload_pipeline.documents(document_id);

ALTER TABLE ONLY upload_pipeline.document_pages
    ADD CONSTRAINT document_pages_document_id_fkey FOREIGN KEY (document_id) REFERENCES upload_pipeline.documents(document_id);

ALTER TABLE ONLY upload_pipeline.reembed_faults
    ADD CONSTRAINT reembed_faults_document_id_fkey FOREIGN KEY (document_id) REFERENCES upload_pipeline.documents(document_id) ON DELETE CASCADE;

ALTER TABLE ONLY upload_pipeline.upload_jobs
    ADD CONSTRAINT upload_jobs_document_id_fkey FOREIGN KEY (document_id) REFERENCES upload_pipeline.documents(document_id);

ALTER TABLE local_auth.accounts ENABLE ROW LEVEL SECURITY;

CREATE POLICY accounts_app ON local_auth.accounts TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY accounts_service ON local_auth.accounts TO service_role USING (true) WITH CHECK (true);

CREATE POLICY app ON local_auth.identities TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY app ON local_auth.site_codes TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY app ON local_auth.site_flows TO inav_app USING (true) WITH CHECK (true);

ALTER TABLE local_auth.identities ENABLE ROW LEVEL SECURITY;

ALTER TABLE local_auth.mail_links ENABLE ROW LEVEL SECURITY;

CREATE POLICY mail_links_app ON local_auth.mail_links TO inav_app USING (true) WITH CHECK (true);

ALTER TABLE local_auth.mails ENABLE ROW LEVEL SECURITY;

CREATE POLICY mails_app ON local_auth.mails TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY mails_service ON local_auth.mails TO service_role USING (true) WITH CHECK (true);

ALTER TABLE local_auth.refresh_tokens ENABLE ROW LEVEL SECURITY;

CREATE POLICY refresh_tokens_app ON local_auth.refresh_tokens TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY refresh_tokens_service ON local_auth.refresh_tokens TO service_role USING (true) WITH CHECK (true);

ALTER TABLE local_auth.sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY sessions_app ON local_auth.sessions TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY sessions_service ON local_auth.sessions TO service_role USING (true) WITH CHECK (true);

ALTER TABLE local_auth.site_codes ENABLE ROW LEVEL SECURITY;

ALTER TABLE local_auth.site_flows ENABLE ROW LEVEL SECURITY;

CREATE POLICY adds ON upload_pipeline.audit_inbox FOR INSERT TO inav_app WITH CHECK ((actor = ANY (ARRAY['user'::text, 'nobody'::text])));

CREATE POLICY adds_any ON upload_pipeline.audit_inbox FOR INSERT TO service_role WITH CHECK (true);

CREATE POLICY admin_reads ON upload_pipeline.operations_log FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text]) AS acts_as));

ALTER TABLE upload_pipeline.api_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY app ON upload_pipeline.ended_sessions TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY app ON upload_pipeline.sign_in_tries TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY asks ON upload_pipeline.costs FOR INSERT TO inav_app WITH CHECK (((kind = 'search'::text) AND (user_id = upload_pipeline.acting_user())));

CREATE POLICY asks ON upload_pipeline.provider_calls FOR INSERT TO inav_app WITH CHECK (((kind = 'search'::text) AND (user_id = upload_pipeline.acting_user())));

ALTER TABLE upload_pipeline.audit_head ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.audit_inbox ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.audit_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY bearer_is_noted ON upload_pipeline.api_keys FOR UPDATE TO inav_app USING ((key_sha256 = upload_pipeline.shown_key()));

ALTER TABLE upload_pipeline.closed_accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.corpus ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.corpus_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY corrects ON upload_pipeline.costs FOR UPDATE TO inav_app USING (((kind = 'search'::text) AND (user_id = upload_pipeline.acting_user()))) WITH CHECK (((kind = 'search'::text) AND (user_id = upload_pipeline.acting_user())));

ALTER TABLE upload_pipeline.costs ENABLE ROW LEVEL SECURITY;

CREATE POLICY counts ON upload_pipeline.provider_calls FOR SELECT TO inav_app USING ((upload_pipeline.acting_user() IS NOT NULL));

ALTER TABLE upload_pipeline.deletions ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.document_chunks ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.document_pages ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.documents ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.ended_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.events ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.generations ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.holds ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_app ON upload_pipeline.idempotency_keys TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY idempotency_keys_sweep ON upload_pipeline.idempotency_keys TO service_role USING (true);

ALTER TABLE upload_pipeline.identity ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.instances ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.operations_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY operator_is_noted ON upload_pipeline.operations_log FOR INSERT TO inav_operator WITH CHECK (((operator = (upload_pipeline.acting_user())::text) AND (action = 'read'::text) AND upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text])));

CREATE POLICY operator_reads ON upload_pipeline.document_chunks FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.document_pages FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.documents FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.events FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.holds FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.instances FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.pauses FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.upload_jobs FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY operator_reads ON upload_pipeline.webhook_log FOR SELECT TO inav_operator USING (( SELECT upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text]) AS acts_as));

CREATE POLICY own_roles ON upload_pipeline.role_grants FOR SELECT TO inav_app, inav_operator USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner ON upload_pipeline.closed_accounts TO inav_app USING ((account_id = upload_pipeline.acting_user())) WITH CHECK ((account_id = upload_pipeline.acting_user()));

CREATE POLICY owner_adds ON upload_pipeline.api_keys FOR INSERT TO inav_app WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_adds ON upload_pipeline.deletions FOR INSERT TO inav_app WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_adds ON upload_pipeline.documents FOR INSERT TO inav_app WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_adds ON upload_pipeline.events FOR INSERT TO inav_app WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_adds ON upload_pipeline.upload_jobs FOR INSERT TO inav_app WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_changes ON upload_pipeline.documents FOR UPDATE TO inav_app USING ((user_id = upload_pipeline.acting_user())) WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_changes ON upload_pipeline.upload_jobs FOR UPDATE TO inav_app USING ((user_id = upload_pipeline.acting_user())) WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_counts ON upload_pipeline.events FOR SELECT TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_finds ON upload_pipeline.deletions FOR SELECT TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_finds ON upload_pipeline.documents FOR SELECT TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_finds ON upload_pipeline.holds FOR SELECT TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_finds ON upload_pipeline.upload_jobs FOR SELECT TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_intends ON upload_pipeline.storage_intents TO inav_app USING ((user_id = upload_pipeline.acting_user())) WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_intends ON upload_pipeline.upload_intents TO inav_app USING ((user_id = upload_pipeline.acting_user())) WITH CHECK ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_or_bearer_finds ON upload_pipeline.api_keys FOR SELECT TO inav_app USING (
CASE
    WHEN (upload_pipeline.shown_key() IS NULL) THEN (user_id = upload_pipeline.acting_user())
    ELSE (key_sha256 = upload_pipeline.shown_key())
END);

ALTER TABLE upload_pipeline.owner_ranks ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_reads ON upload_pipeline.costs FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY owner_reads ON upload_pipeline.document_chunks FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY owner_reads ON upload_pipeline.document_pages FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY owner_reads ON upload_pipeline.documents FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY owner_reads ON upload_pipeline.events FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY owner_reads ON upload_pipeline.upload_jobs FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY owner_resigns ON upload_pipeline.role_grants FOR DELETE TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_revokes ON upload_pipeline.api_keys FOR DELETE TO inav_app USING ((user_id = upload_pipeline.acting_user()));

CREATE POLICY owner_stands ON upload_pipeline.owner_ranks TO inav_app USING ((user_id = upload_pipeline.acting_user())) WITH CHECK ((user_id = upload_pipeline.acting_user()));

ALTER TABLE upload_pipeline.pauses ENABLE ROW LEVEL SECURITY;

CREATE POLICY process ON upload_pipeline.identity FOR SELECT TO inav_app USING (true);

CREATE POLICY process ON upload_pipeline.instances TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY process ON upload_pipeline.pauses FOR SELECT TO inav_app USING (true);

CREATE POLICY process ON upload_pipeline.provider_paces TO inav_app USING (true) WITH CHECK (true);

CREATE POLICY process ON upload_pipeline.schema_serves FOR SELECT TO inav_app USING (true);

CREATE POLICY process ON upload_pipeline.schema_version TO inav_app, owner, service_role USING (true) WITH CHECK (true);

CREATE POLICY process ON upload_pipeline.spending TO inav_app USING (true) WITH CHECK (true);

ALTER TABLE upload_pipeline.provider_calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.provider_paces ENABLE ROW LEVEL SECURITY;

CREATE POLICY reader_adds ON upload_pipeline.audit_inbox FOR INSERT TO inav_operator WITH CHECK (((actor = 'user'::text) AND (user_id = upload_pipeline.acting_user()) AND (action = 'read'::text) AND upload_pipeline.acts_as(VARIADIC ARRAY['admin'::text, 'oncall'::text])));

CREATE POLICY reads ON upload_pipeline.audit_head FOR SELECT TO service_role USING (true);

CREATE POLICY reads ON upload_pipeline.audit_inbox FOR SELECT TO service_role USING (true);

CREATE POLICY reads ON upload_pipeline.audit_log FOR SELECT TO service_role USING (true);

ALTER TABLE upload_pipeline.reembed_faults ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.role_grants ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.schema_serves ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.schema_version ENABLE ROW LEVEL SECURITY;

CREATE POLICY search ON upload_pipeline.corpus FOR SELECT TO authenticated, inav_app USING (true);

CREATE POLICY search ON upload_pipeline.generations FOR SELECT TO authenticated, inav_app USING (true);

CREATE POLICY service ON upload_pipeline.api_keys TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.closed_accounts TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.corpus TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.corpus_log TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.costs TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.deletions TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.document_chunks TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.document_pages TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.documents TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.ended_sessions TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.events TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.generations TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.holds TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.identity TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.instances TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.operations_log TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.owner_ranks TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.pauses TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.provider_calls TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.provider_paces TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.reembed_faults TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.role_grants TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.schema_serves TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.sign_in_tries TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.spending TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.storage_intents TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.upload_intents TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.upload_jobs TO service_role USING (true) WITH CHECK (true);

CREATE POLICY service ON upload_pipeline.webhook_log TO service_role USING (true) WITH CHECK (true);

CREATE POLICY settles ON upload_pipeline.costs FOR SELECT TO inav_app USING (((kind = 'search'::text) AND (user_id = upload_pipeline.acting_user())));

CREATE POLICY settles ON upload_pipeline.provider_calls FOR DELETE TO inav_app USING (((kind = 'search'::text) AND (user_id = upload_pipeline.acting_user())));

ALTER TABLE upload_pipeline.sign_in_tries ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.spending ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.storage_intents ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.upload_intents ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.upload_jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE upload_pipeline.webhook_log ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA local_auth TO inav_app;
GRANT USAGE ON SCHEMA local_auth TO service_role;

GRANT USAGE ON SCHEMA upload_pipeline TO inav_app;
GRANT USAGE ON SCHEMA upload_pipeline TO authenticated;
GRANT USAGE ON SCHEMA upload_pipeline TO service_role;
GRANT USAGE ON SCHEMA upload_pipeline TO inav_operator;

GRANT SELECT ON TABLE upload_pipeline.audit_log TO service_role;

REVOKE ALL ON FUNCTION upload_pipeline.prune_audit(most integer) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.upload_jobs TO service_role;
GRANT SELECT ON TABLE upload_pipeline.upload_jobs TO authenticated;
GRANT INSERT ON TABLE upload_pipeline.upload_jobs TO inav_app;

GRANT SELECT(job_id) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(job_id) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(document_id) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(document_id) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(user_id) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(user_id) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(attempt) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(attempt) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(status),UPDATE(status) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(status) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(status_since) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(turn) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(runs) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(parser) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(parser) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(parse_deadline) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(next_poll_at) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(polls) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(webhook_at) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(receipt) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(receipt) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(chunks_total) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(chunks_total) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(chunks_embedded) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(chunks_embedded) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(timings) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(last_error) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(created_at) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(updated_at) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(finished_at) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(generation) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(generation) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

GRANT SELECT(rank) ON TABLE upload_pipeline.upload_jobs TO inav_app;

GRANT SELECT(lane) ON TABLE upload_pipeline.upload_jobs TO inav_app;

GRANT SELECT(standby) ON TABLE upload_pipeline.upload_jobs TO inav_app;
GRANT SELECT(standby) ON TABLE upload_pipeline.upload_jobs TO inav_operator;

REVOKE ALL ON FUNCTION upload_pipeline.seal_audit(most integer, OUT sealed integer, OUT last bigint, OUT last_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION upload_pipeline.seal_audit(most integer, OUT sealed integer, OUT last bigint, OUT last_hash bytea) TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.accounts TO inav_app;
GRANT DELETE ON TABLE local_auth.accounts TO service_role;

GRANT SELECT(id) ON TABLE local_auth.accounts TO service_role;

GRANT SELECT(email_confirmed_at) ON TABLE local_auth.accounts TO service_role;

GRANT SELECT(updated_at) ON TABLE local_auth.accounts TO service_role;

GRANT SELECT(last_sign_in_at) ON TABLE local_auth.accounts TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.identities TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.mail_links TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.mails TO inav_app;
GRANT DELETE ON TABLE local_auth.mails TO service_role;

GRANT SELECT(id) ON TABLE local_auth.mails TO service_role;

GRANT SELECT(created_at) ON TABLE local_auth.mails TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.refresh_tokens TO inav_app;

GRANT SELECT(session_id) ON TABLE local_auth.refresh_tokens TO service_role;

GRANT SELECT(expires_at) ON TABLE local_auth.refresh_tokens TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.sessions TO inav_app;
GRANT SELECT,DELETE ON TABLE local_auth.sessions TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.site_codes TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE local_auth.site_flows TO inav_app;

GRANT SELECT,INSERT,DELETE ON TABLE upload_pipeline.api_keys TO inav_app;
GRANT DELETE ON TABLE upload_pipeline.api_keys TO service_role;

GRANT SELECT(key_id) ON TABLE upload_pipeline.api_keys TO service_role;

GRANT SELECT(user_id) ON TABLE upload_pipeline.api_keys TO service_role;

GRANT UPDATE(last_used_at) ON TABLE upload_pipeline.api_keys TO inav_app;

GRANT SELECT ON TABLE upload_pipeline.audit_head TO service_role;

GRANT SELECT,INSERT ON TABLE upload_pipeline.audit_inbox TO service_role;
GRANT INSERT ON TABLE upload_pipeline.audit_inbox TO inav_app;
GRANT INSERT ON TABLE upload_pipeline.audit_inbox TO inav_operator;

GRANT SELECT,INSERT ON TABLE upload_pipeline.closed_accounts TO inav_app;
GRANT SELECT,INSERT ON TABLE upload_pipeline.closed_accounts TO service_role;

GRANT SELECT,UPDATE ON TABLE upload_pipeline.corpus TO service_role;

GRANT SELECT(live) ON TABLE upload_pipeline.corpus TO authenticated;
GRANT SELECT(live) ON TABLE upload_pipeline.corpus TO inav_app;

GRANT SELECT,INSERT ON TABLE upload_pipeline.corpus_log TO service_role;

GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.costs TO service_role;
GRANT SELECT ON TABLE upload_pipeline.costs TO authenticated;
GRANT INSERT ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT(provider) ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT(ref) ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT(pages),UPDATE(pages) ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT(tokens),UPDATE(tokens) ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT(nanousd),UPDATE(nanousd) ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT(state),UPDATE(state) ON TABLE upload_pipeline.costs TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.deletions TO service_role;
GRANT SELECT,INSERT ON TABLE upload_pipeline.deletions TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.document_chunks TO service_role;
GRANT SELECT ON TABLE upload_pipeline.document_chunks TO authenticated;

GRANT SELECT(document_id) ON TABLE upload_pipeline.document_chunks TO inav_operator;

GRANT SELECT(ordinal) ON TABLE upload_pipeline.document_chunks TO inav_operator;

GRANT SELECT(embed_model) ON TABLE upload_pipeline.document_chunks TO inav_operator;

GRANT SELECT(generation) ON TABLE upload_pipeline.document_chunks TO inav_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.document_pages TO service_role;
GRANT SELECT ON TABLE upload_pipeline.document_pages TO authenticated;

GRANT SELECT(document_id) ON TABLE upload_pipeline.document_pages TO inav_operator;

GRANT SELECT(page_number) ON TABLE upload_pipeline.document_pages TO inav_operator;

GRANT SELECT(state) ON TABLE upload_pipeline.document_pages TO inav_operator;

GRANT SELECT(error_code) ON TABLE upload_pipeline.document_pages TO inav_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.documents TO service_role;
GRANT SELECT ON TABLE upload_pipeline.documents TO authenticated;
GRANT INSERT ON TABLE upload_pipeline.documents TO inav_app;

GRANT SELECT(document_id) ON TABLE upload_pipeline.documents TO inav_app;
GRANT SELECT(document_id) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(user_id) ON TABLE upload_pipeline.documents TO inav_app;
GRANT SELECT(user_id) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(mime) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(bytes_len) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(page_count) ON TABLE upload_pipeline.documents TO inav_app;
GRANT SELECT(page_count) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(attempt),UPDATE(attempt) ON TABLE upload_pipeline.documents TO inav_app;
GRANT SELECT(attempt) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(created_at) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(removed_at),UPDATE(removed_at) ON TABLE upload_pipeline.documents TO inav_app;
GRANT SELECT(removed_at) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT(cold_since) ON TABLE upload_pipeline.documents TO inav_app;

GRANT SELECT(file_read_at),UPDATE(file_read_at) ON TABLE upload_pipeline.documents TO inav_app;

GRANT SELECT(marks) ON TABLE upload_pipeline.documents TO inav_operator;

GRANT SELECT,INSERT ON TABLE upload_pipeline.ended_sessions TO inav_app;
GRANT SELECT,DELETE ON TABLE upload_pipeline.ended_sessions TO service_role;

GRANT SELECT,INSERT,DELETE ON TABLE upload_pipeline.events TO service_role;
GRANT SELECT ON TABLE upload_pipeline.events TO authenticated;
GRANT INSERT ON TABLE upload_pipeline.events TO inav_app;
GRANT SELECT ON TABLE upload_pipeline.events TO inav_operator;

GRANT SELECT(user_id) ON TABLE upload_pipeline.events TO inav_app;

GRANT SELECT(attempt) ON TABLE upload_pipeline.events TO inav_app;

GRANT SELECT(was) ON TABLE upload_pipeline.events TO inav_app;

GRANT SELECT(at) ON TABLE upload_pipeline.events TO inav_app;

GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.generations TO service_role;

GRANT SELECT(generation) ON TABLE upload_pipeline.generations TO authenticated;
GRANT SELECT(generation) ON TABLE upload_pipeline.generations TO inav_app;

GRANT SELECT(model) ON TABLE upload_pipeline.generations TO authenticated;
GRANT SELECT(model) ON TABLE upload_pipeline.generations TO inav_app;

GRANT SELECT,INSERT,DELETE ON TABLE upload_pipeline.holds TO service_role;

GRANT SELECT(document_id) ON TABLE upload_pipeline.holds TO inav_app;
GRANT SELECT(document_id) ON TABLE upload_pipeline.holds TO inav_operator;

GRANT SELECT(user_id) ON TABLE upload_pipeline.holds TO inav_app;
GRANT SELECT(user_id) ON TABLE upload_pipeline.holds TO inav_operator;

GRANT UPDATE(lifted_at) ON TABLE upload_pipeline.holds TO service_role;
GRANT SELECT(lifted_at) ON TABLE upload_pipeline.holds TO inav_app;
GRANT SELECT(lifted_at) ON TABLE upload_pipeline.holds TO inav_operator;

GRANT UPDATE(lifted_by) ON TABLE upload_pipeline.holds TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.idempotency_keys TO inav_app;
GRANT DELETE ON TABLE upload_pipeline.idempotency_keys TO service_role;

GRANT SELECT(key_hash) ON TABLE upload_pipeline.idempotency_keys TO service_role;

GRANT SELECT(expires_at) ON TABLE upload_pipeline.idempotency_keys TO service_role;

GRANT SELECT ON TABLE upload_pipeline.identity TO service_role;
GRANT SELECT ON TABLE upload_pipeline.identity TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.instances TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.instances TO inav_app;

GRANT SELECT(instance_id) ON TABLE upload_pipeline.instances TO inav_operator;

GRANT SELECT(service) ON TABLE upload_pipeline.instances TO inav_operator;

GRANT SELECT(seen_at) ON TABLE upload_pipeline.instances TO inav_operator;

GRANT SELECT,INSERT ON TABLE upload_pipeline.operations_log TO service_role;
GRANT SELECT,INSERT ON TABLE upload_pipeline.operations_log TO inav_operator;

GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.owner_ranks TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.owner_ranks TO inav_app;

GRANT SELECT,INSERT,DELETE ON TABLE upload_pipeline.pauses TO service_role;
GRANT SELECT ON TABLE upload_pipeline.pauses TO inav_operator;

GRANT SELECT(what) ON TABLE upload_pipeline.pauses TO inav_app;

GRANT SELECT(paused_at) ON TABLE upload_pipeline.pauses TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.provider_calls TO service_role;
GRANT INSERT,DELETE ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT(call_id) ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT(provider) ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT(account) ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT(kind) ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT(nanousd) ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT(expires_at) ON TABLE upload_pipeline.provider_calls TO inav_app;

GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.provider_paces TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.provider_paces TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.reembed_faults TO service_role;

GRANT DELETE ON TABLE upload_pipeline.role_grants TO inav_app;
GRANT SELECT,INSERT,DELETE ON TABLE upload_pipeline.role_grants TO service_role;

GRANT SELECT(user_id) ON TABLE upload_pipeline.role_grants TO inav_app;
GRANT SELECT(user_id) ON TABLE upload_pipeline.role_grants TO inav_operator;

GRANT SELECT(role) ON TABLE upload_pipeline.role_grants TO inav_app;
GRANT SELECT(role) ON TABLE upload_pipeline.role_grants TO inav_operator;

GRANT SELECT ON TABLE upload_pipeline.schema_serves TO service_role;
GRANT SELECT ON TABLE upload_pipeline.schema_serves TO inav_app;

GRANT UPDATE(oldest_binary) ON TABLE upload_pipeline.schema_serves TO service_role;

GRANT SELECT ON TABLE upload_pipeline.schema_version TO inav_app;
GRANT SELECT ON TABLE upload_pipeline.schema_version TO service_role;

GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.sign_in_tries TO inav_app;
GRANT SELECT,DELETE ON TABLE upload_pipeline.sign_in_tries TO service_role;

GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.spending TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE upload_pipeline.spending TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.storage_intents TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE upload_pipeline.storage_intents TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.upload_intents TO service_role;
GRANT SELECT,INSERT ON TABLE upload_pipeline.upload_intents TO inav_app;

GRANT UPDATE(state) ON TABLE upload_pipeline.upload_intents TO inav_app;

GRANT UPDATE(last_error) ON TABLE upload_pipeline.upload_intents TO inav_app;

GRANT UPDATE(existing_id) ON TABLE upload_pipeline.upload_intents TO inav_app;

GRANT UPDATE(looked_at) ON TABLE upload_pipeline.upload_intents TO inav_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE upload_pipeline.webhook_log TO service_role;

GRANT SELECT(document_id) ON TABLE upload_pipeline.webhook_log TO inav_operator;

GRANT SELECT(event_type) ON TABLE upload_pipeline.webhook_log TO inav_operator;

GRANT SELECT(outcome) ON TABLE upload_pipeline.webhook_log TO inav_operator;

GRANT SELECT(deliveries) ON TABLE upload_pipeline.webhook_log TO inav_operator;

GRANT SELECT(received_at) ON TABLE upload_pipeline.webhook_log TO inav_operator;
