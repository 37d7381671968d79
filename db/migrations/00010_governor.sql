-- What paid calls cost and how fast they may go, over all processes; and the
-- order in which the owners' documents are worked.

-- +goose Up

-- upload_jobs.rank: the document's place in every queue, the lowest first; 0 is
-- one of before. See core.RankStep.
alter table upload_pipeline.upload_jobs add column rank bigint not null default 0;
alter table upload_pipeline.upload_jobs add column lane text not null default 'interactive' check (lane in ('interactive', 'bulk'));
create index upload_jobs_live on upload_pipeline.upload_jobs (user_id)
    where status not in ('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled', 'deleting');

-- owner_ranks: where an owner's next document stands, in the milliseconds of the
-- virtual clock.
create table upload_pipeline.owner_ranks (
    user_id   uuid primary key,
    next_rank bigint not null
) with (fillfactor = 70);

-- +goose StatementBegin
-- take_rank gives an owner's next document its place. An owner without a live
-- document stands at the front, whatever he had before. The cost does not
-- depend on how many documents wait.
create function upload_pipeline.take_rank(owner uuid, cost bigint, front bigint, head_start bigint, first_few integer,
    out rank bigint, out lane text) language plpgsql as $$
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
-- +goose StatementEnd

-- costs: the ledger. One row a paid call, by what the provider bills once; it
-- holds ids alone and outlives the document and the account.
create table upload_pipeline.costs (
    cost_id     bigint generated always as identity primary key,
    provider    text not null,
    ref         text not null,   -- the provider's job, or the call's own id
    kind        text not null check (kind in ('parse', 'embed', 'reembed', 'search', 'probe')),
    user_id     uuid,            -- null: an operator's
    document_id uuid,
    attempt     integer,
    pages       integer not null default 0,
    credits     numeric not null default 0,
    tokens      bigint not null default 0,
    nanousd     bigint not null check (nanousd >= 0), -- billionths of a dollar
    price       text not null,   -- the row of the price list
    state       text not null check (state in ('estimated', 'charged', 'assumed')),
    at          timestamptz not null default now(),
    unique (provider, ref)
);
create index costs_owner on upload_pipeline.costs (user_id, at);
create index costs_document on upload_pipeline.costs (document_id) where document_id is not null;

-- spending: the sums of costs by month (UTC), kept with each row of the ledger.
-- Several rows a sum, so that steps kept at once do not wait for each other.
create table upload_pipeline.spending (
    month    date not null,
    provider text not null,
    slot     integer not null,
    nanousd  bigint not null,
    primary key (month, provider, slot)
) with (fillfactor = 50);

-- +goose StatementBegin
create function upload_pipeline.sum_cost() returns trigger language plpgsql as $$
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
-- +goose StatementEnd
create trigger sum_cost after insert or update of nanousd on upload_pipeline.costs
    for each row execute function upload_pipeline.sum_cost();

-- provider_calls: calls under way, each with its cost reserved. A row whose time
-- is over belongs to a process that died.
create table upload_pipeline.provider_calls (
    call_id     uuid primary key,
    provider    text not null,
    account     text not null, -- fingerprint of the key
    lane        text not null check (lane in ('interactive', 'bulk')),
    kind        text not null,
    user_id     uuid,
    document_id uuid,
    attempt     integer,
    pages       integer not null,
    tokens      bigint not null,
    nanousd     bigint not null,
    price       text not null,
    expires_at  timestamptz not null
);
create index provider_calls_account on upload_pipeline.provider_calls (provider, account);

-- provider_paces: the generic cell rate algorithm, a row a key and unit. full_at
-- is when the whole rate is there again.
create table upload_pipeline.provider_paces (
    provider     text not null,
    account      text not null,
    unit         text not null check (unit in ('requests', 'tokens')),
    full_at      timestamptz not null default now(),
    closed_until timestamptz not null default now(), -- the provider asked all callers to wait
    primary key (provider, account, unit)
) with (fillfactor = 50);

-- +goose StatementBegin
-- room_wait is how many seconds a bucket asks one caller to wait. Bulk calls
-- leave a tenth of it to the others.
create function upload_pipeline.room_wait(full_at timestamptz, closed_until timestamptz, moment timestamptz, need float8, rate float8, span float8, bulk boolean)
    returns float8 language sql immutable as $$
    select greatest(0, extract(epoch from closed_until - moment),
        case when rate > 0 then greatest(0, extract(epoch from full_at - moment))
            + least(need * span / rate, span * 0.9) - span * case when bulk then 0.9 else 1 end end)::float8
$$;

-- begin_call grants one paid call or says why not: 'spent', or 'wait' with the
-- seconds. All that it compares is read under the locks that order it: two calls
-- never take the same room.
create function upload_pipeline.begin_call(call uuid, of_provider text, of_account text, of_lane text, of_kind text, of_user uuid, of_document uuid,
    of_attempt integer, of_pages integer, of_tokens bigint, cost bigint, of_price text,
    requests float8, span float8, tokens_a_minute float8, most_calls integer, most_jobs integer, lease interval, budget bigint,
    out verdict text, out wait float8) language plpgsql as $$
declare
    bulk     boolean := of_lane = 'bulk';
    moment   timestamptz;
    under    integer;
    held     integer;
    this     upload_pipeline.provider_paces;
    by_token upload_pipeline.provider_paces;
begin
    insert into upload_pipeline.provider_paces (provider, account, unit)
        select of_provider, of_account, u from unnest(array['requests', 'tokens']) u
        where not exists (select from upload_pipeline.provider_paces p where p.provider = of_provider and p.account = of_account and p.unit = u)
        on conflict do nothing;
    select * into this from upload_pipeline.provider_paces p
        where p.provider = of_provider and p.account = of_account and p.unit = 'requests' for update;
    moment := clock_timestamp();
    if budget > 0 then
        perform pg_advisory_xact_lock(hashtextextended('upload_pipeline.budget', 0));
        if (select coalesce(sum(nanousd), 0) from upload_pipeline.spending where month = date_trunc('month', moment at time zone 'UTC')::date)
            + (select coalesce(sum(nanousd), 0) from upload_pipeline.provider_calls) + cost > budget then
            verdict := 'spent';
            return;
        end if;
    end if;
    verdict := 'wait';
    select count(*) into under from upload_pipeline.provider_calls c
        where c.provider = of_provider and c.account = of_account and c.expires_at > moment;
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
    wait := greatest(upload_pipeline.room_wait(this.full_at, this.closed_until, moment, 1, requests, span, bulk),
        upload_pipeline.room_wait(by_token.full_at, by_token.closed_until, moment, of_tokens, tokens_a_minute, 60, bulk));
    if wait > 0 then
        return;
    end if;
    verdict := 'go';
    if requests > 0 then
        update upload_pipeline.provider_paces p set full_at = greatest(p.full_at, moment) + make_interval(secs => span / requests)
            where p.provider = of_provider and p.account = of_account and p.unit = 'requests';
    end if;
    if tokens_a_minute > 0 and of_tokens > 0 then
        update upload_pipeline.provider_paces p set full_at = greatest(p.full_at, moment) + make_interval(secs => of_tokens * 60 / tokens_a_minute)
            where p.provider = of_provider and p.account = of_account and p.unit = 'tokens';
    end if;
    insert into upload_pipeline.provider_calls values (call, of_provider, of_account, of_lane, of_kind, of_user, of_document, of_attempt,
        of_pages, of_tokens, cost, of_price, moment + lease);
end $$;

-- end_call settles a call: the reservation goes and the cost comes, in one. What
-- the provider said of its limits is taken over for every caller of the key.
create function upload_pipeline.end_call(call uuid, of_provider text, of_account text, of_kind text, of_user uuid, of_document uuid,
    of_attempt integer, of_pages integer, of_tokens bigint, cost bigint, of_price text, of_ref text, of_state text,
    closed_for float8, span float8, requests_left float8, tokens_left float8) returns void language plpgsql as $$
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
-- +goose StatementEnd

-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['owner_ranks', 'costs', 'spending', 'provider_calls', 'provider_paces'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('alter table upload_pipeline.%I force row level security', name);
        execute format('revoke all on upload_pipeline.%I from public, anon, authenticated, service_role', name);
        execute format('create policy service on upload_pipeline.%I to service_role using (true) with check (true)', name);
    end loop;
end $$;
-- +goose StatementEnd

grant select, insert, update on upload_pipeline.owner_ranks, upload_pipeline.costs, upload_pipeline.spending, upload_pipeline.provider_paces to service_role;
grant select, insert, update, delete on upload_pipeline.provider_calls to service_role; -- update: for the lock

-- An owner reads what his documents and questions have cost.
create policy owner_reads on upload_pipeline.costs for select to authenticated using (user_id = (select auth.uid()));
grant select on upload_pipeline.costs to authenticated;

-- The API ranks its user's documents.
create policy owner_stands on upload_pipeline.owner_ranks to inav_app
    using (user_id = upload_pipeline.acting_user()) with check (user_id = upload_pipeline.acting_user());
grant select, insert, update on upload_pipeline.owner_ranks to inav_app;
grant select (rank, lane) on upload_pipeline.upload_jobs to inav_app;
grant select (page_count) on upload_pipeline.documents to inav_app;

-- The API pays for its user's questions alone. It sees sums and how many calls
-- are under way, and of no other owner more than that.
create policy asks on upload_pipeline.costs for insert to inav_app with check (kind = 'search' and user_id = upload_pipeline.acting_user());
create policy settles on upload_pipeline.costs for select to inav_app using (kind = 'search' and user_id = upload_pipeline.acting_user());
create policy corrects on upload_pipeline.costs for update to inav_app
    using (kind = 'search' and user_id = upload_pipeline.acting_user()) with check (kind = 'search' and user_id = upload_pipeline.acting_user());
grant insert, select (provider, ref, state, tokens, pages, nanousd), update (tokens, pages, nanousd, state) on upload_pipeline.costs to inav_app;
create policy counts on upload_pipeline.provider_calls for select to inav_app using (upload_pipeline.acting_user() is not null);
create policy asks on upload_pipeline.provider_calls for insert to inav_app with check (kind = 'search' and user_id = upload_pipeline.acting_user());
create policy settles on upload_pipeline.provider_calls for delete to inav_app using (kind = 'search' and user_id = upload_pipeline.acting_user());
grant insert, delete, select (call_id, provider, account, kind, nanousd, expires_at) on upload_pipeline.provider_calls to inav_app;
create policy process on upload_pipeline.spending to inav_app using (true) with check (true);
grant select, insert, update on upload_pipeline.spending to inav_app;
create policy process on upload_pipeline.provider_paces to inav_app using (true) with check (true);
grant select, insert, update on upload_pipeline.provider_paces to inav_app;

alter table upload_pipeline.provider_calls set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
insert into upload_pipeline.schema_serves values (10, 7);
