-- Generations: the corpus is cut and embedded anew beside the one that is
-- searched, and then swapped. Nothing is rewritten: the chunks of before are
-- generation 1 by the column's default. One unique index is built anew, under
-- a lock of seconds a million chunks.

-- +goose Up

-- generations: the ways in which the corpus was cut and embedded. Vectors of
-- two generations are never compared.
create table upload_pipeline.generations (
    generation    integer primary key check (generation >= 1),
    chunker       text not null,  -- name@version:settings; empty until a worker tells
    chunk_tokens  integer not null check (chunk_tokens >= 0),
    chunk_overlap integer not null check (chunk_overlap >= 0),
    model         text not null,  -- empty until a worker tells
    dimensions    integer not null default 1536 check (dimensions = 1536),
    quoted_tokens bigint,         -- before the start: what would be paid for
    price         numeric not null default 0 check (price >= 0), -- USD for a million tokens, as quoted
    spent_tokens  bigint not null default 0,
    created_at    timestamptz not null default now(),
    removed_at    timestamptz     -- its chunks are gone
);
insert into upload_pipeline.generations (generation, chunker, chunk_tokens, chunk_overlap, model)
    select 1, coalesce(c.chunker, ''), coalesce(substring(c.chunker from ':([0-9]{1,6})/')::int, 0),
        coalesce(substring(c.chunker from '/([0-9]{1,6})')::int, 0), coalesce(c.embed_model, '')
    from (values (1)) one left join
        (select chunker, embed_model from upload_pipeline.document_chunks where embedding is not null limit 1) c on true;

-- corpus: one row that points at the generations in use. All searches see
-- live, building is beside it, former is kept for a rollback; the chunks of any
-- other generation may be removed. A swap is one update of this row.
create table upload_pipeline.corpus (
    only_row   boolean primary key default true check (only_row),
    live       integer not null references upload_pipeline.generations,
    building   integer references upload_pipeline.generations check (building <> live),
    former     integer references upload_pipeline.generations check (former <> live and former <> building),
    paused     boolean not null default false,
    closing    boolean not null default false, -- few documents lack: those that end now are carried first
    swapped_at timestamptz
);
insert into upload_pipeline.corpus (live) values (1);

-- corpus_log: what was done to the corpus, by whom; append-only.
create table upload_pipeline.corpus_log (
    entry    bigint generated always as identity primary key,
    at       timestamptz not null default clock_timestamp(),
    actor    text not null default session_user,
    what     text not null check (what in ('start', 'cancel', 'pause', 'resume', 'swap', 'rollback', 'retire')),
    live     integer not null, -- after it
    building integer,
    former   integer
);

-- reembed_faults: documents that cannot be carried as they are, and why.
create table upload_pipeline.reembed_faults (
    document_id uuid primary key references upload_pipeline.documents on delete cascade,
    generation  integer not null,
    code        text not null,
    times       integer not null default 1,
    at          timestamptz not null default now()
);

alter table upload_pipeline.document_chunks add column generation integer not null default 1;
alter table upload_pipeline.document_chunks drop constraint document_chunks_document_id_chunker_ordinal_key;
alter table upload_pipeline.document_chunks add unique (document_id, generation, chunker, ordinal);
-- The generation that the attempt's chunks were made for.
alter table upload_pipeline.upload_jobs add column generation integer not null default 1;
grant select (generation) on upload_pipeline.upload_jobs to inav_app;

-- +goose StatementBegin
-- live_generation is the generation to search with a vector of the model; with
-- null, of any. It raises an error where the corpus is under another model:
-- the query has to be embedded anew. Call it once a statement.
create function upload_pipeline.live_generation(wanted text) returns integer language plpgsql stable as $$
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

-- lacking lists the complete documents that are not whole in a generation.
create function upload_pipeline.lacking(wanted integer) returns table (document_id uuid, attempt integer)
    language sql stable as $$
    select d.document_id, d.attempt
    from upload_pipeline.documents d
    join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt and j.status = 'complete'
    where d.removed_at is null and (
        not exists (select from upload_pipeline.document_chunks c where c.document_id = d.document_id and c.generation = wanted)
        or exists (select from upload_pipeline.document_chunks c
            where c.document_id = d.document_id and c.generation = wanted and c.embedding is null))
$$;

-- require_covered proves that every parsed page is in a chunk of the generation.
create function upload_pipeline.require_covered(wanted uuid, in_generation integer) returns void language plpgsql as $$
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

-- require_whole is the completion gate, now of the live generation: the receipt
-- balances, every parsed page is in a chunk, there is a chunk, and each has a
-- real vector. The lock orders it with a swap: either the swap sees the
-- document complete, or the document sees the new generation.
create or replace function upload_pipeline.require_whole(job upload_pipeline.upload_jobs) returns void language plpgsql as $$
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

-- keep_whole holds a complete document complete in every generation in use.
create or replace function upload_pipeline.keep_whole() returns trigger language plpgsql as $$
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

-- one_model refuses a vector of another model than its generation's. Afterwards:
-- a trigger before an update would make it compute the words anew.
create function upload_pipeline.one_model() returns trigger language plpgsql as $$
begin
    if not exists (select from upload_pipeline.generations where generation = new.generation and model in ('', new.embed_model)) then
        raise exception 'a vector of another model than its generation' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- guard_corpus lets live move only to the generation that was built, and only
-- when no complete document lacks it. It runs with the row locked.
create function upload_pipeline.guard_corpus() returns trigger language plpgsql as $$
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

-- record_corpus writes the log.
create function upload_pipeline.record_corpus() returns trigger language plpgsql as $$
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

-- outdate_binaries: one that does not know generations can serve the first
-- alone. A later migration says 7 or more.
create function upload_pipeline.outdate_binaries() returns trigger language plpgsql as $$
begin
    update upload_pipeline.schema_serves set oldest_binary = 7 where version >= 7 and oldest_binary < 7;
    return null;
end $$;
-- +goose StatementEnd

create trigger one_model after insert or update of embedding on upload_pipeline.document_chunks
    for each row when (new.embedding is not null) execute function upload_pipeline.one_model();
create trigger guard before update on upload_pipeline.corpus for each row execute function upload_pipeline.guard_corpus();
create trigger record after update on upload_pipeline.corpus for each row
    when ((old.live, old.building, old.former, old.paused) is distinct from (new.live, new.building, new.former, new.paused))
    execute function upload_pipeline.record_corpus();
create trigger outdate after insert on upload_pipeline.generations
    for each row when (new.generation > 1) execute function upload_pipeline.outdate_binaries();

-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['generations', 'corpus', 'corpus_log', 'reembed_faults'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('alter table upload_pipeline.%I force row level security', name);
        execute format('revoke all on upload_pipeline.%I from public, anon, authenticated, service_role', name);
        execute format('create policy service on upload_pipeline.%I to service_role using (true) with check (true)', name);
    end loop;
end $$;
-- +goose StatementEnd

-- A search needs to know the live generation and its model, and no more.
create policy search on upload_pipeline.corpus for select to authenticated, inav_app using (true);
create policy search on upload_pipeline.generations for select to authenticated, inav_app using (true);
grant select (live) on upload_pipeline.corpus to authenticated, inav_app;
grant select (generation, model) on upload_pipeline.generations to authenticated, inav_app;

grant select, update on upload_pipeline.corpus to service_role;
grant select, insert, update on upload_pipeline.generations to service_role;
grant select, insert on upload_pipeline.corpus_log to service_role;
grant select, insert, update, delete on upload_pipeline.reembed_faults to service_role;
grant update (oldest_binary) on upload_pipeline.schema_serves to service_role;

-- Old binaries serve it until a second generation is made.
insert into upload_pipeline.schema_serves values (7, 1);
