-- The audit log: who did what to which document, from where, and how it ended.

-- +goose Up

-- audit_inbox: what happened, written by the transaction that did it, and before
-- the answer of a read. Nobody waits for anybody here. The sealer moves the
-- rows into the log; the logins of the services can add rows and take none away.
-- No column can hold a name, an address of a mail or a text.
create table upload_pipeline.audit_inbox (
    entry      bigint generated always as identity primary key,
    at         timestamptz not null default clock_timestamp(),
    service    text not null check (service ~ '^[a-z]{1,20}$'),
    actor      text not null check (actor in ('user', 'operator', 'service', 'nobody')),
    user_id    uuid,  -- the acting user, or whose account it is about
    operator   text not null default '' check (octet_length(operator) <= 64 and (operator <> '') = (actor = 'operator')),
    action     text not null check (action ~ '^[a-z_]{1,40}$'),                  -- core.AuditAction
    what       text not null default '' check (what ~ '^[A-Za-z0-9._:/-]{0,80}$'), -- a queue, a code, a number
    documents  uuid[] not null default '{}' check (cardinality(documents) <= 1000),
    network    text not null default '' check (network ~ '^[0-9a-f.:/]{0,49}$'),  -- of the client
    request_id uuid,
    outcome    text not null check (outcome in ('done', 'refused')),
    times      integer not null default 1 check (times > 0), -- of events that are counted
    check (actor <> 'user' or user_id is not null)
);

-- audit_log: the same rows, numbered without a gap and chained: each hash is
-- made of the row and of the hash before it. They are never changed, and removed
-- after six years from the beginning on, by the owner of the schema alone.
create table upload_pipeline.audit_log (
    seq        bigint primary key,
    at         timestamptz not null,
    service    text not null,
    actor      text not null,
    user_id    uuid,
    operator   text not null,
    action     text not null,
    what       text not null,
    documents  uuid[] not null,
    network    text not null,
    request_id uuid,
    outcome    text not null,
    times      integer not null,
    hash       bytea not null check (octet_length(hash) = 32)
);
create index audit_log_at on upload_pipeline.audit_log (at);
create index audit_log_user on upload_pipeline.audit_log (user_id, seq) where user_id is not null;
create index audit_log_documents on upload_pipeline.audit_log using gin (documents);

-- audit_head: both ends of the chain.
create table upload_pipeline.audit_head (
    only_row   boolean primary key default true check (only_row),
    seq        bigint not null default 0,      -- of the last row
    hash       bytea not null default sha256(''),
    first_seq  bigint not null default 1,      -- of the first row that is kept
    first_hash bytea not null default sha256(''), -- of the row before it
    sealed_at  timestamptz not null default clock_timestamp()
);
insert into upload_pipeline.audit_head default values;

-- +goose StatementBegin
-- audit_text is a row as it is hashed: its values in order, none of which can
-- hold the sign between them but the last.
create function upload_pipeline.audit_text(e upload_pipeline.audit_log) returns text language sql stable set search_path = '' as $$
    select concat_ws('|', e.seq, (extract(epoch from e.at) * 1000000)::bigint, e.service, e.actor, coalesce(e.user_id::text, ''), e.action, e.what,
        array_to_string(e.documents, ','), e.network, coalesce(e.request_id::text, ''), e.outcome, e.times, e.operator)
$$;

-- seal_audit moves up to most rows from the inbox into the log, in the order
-- of their times. One does it at a time; whoever comes second finds nothing to do.
create function upload_pipeline.seal_audit(most integer, out sealed integer, out last bigint, out last_hash bytea)
language plpgsql security definer set search_path = '' as $$
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

-- prune_audit removes up to most rows that are older than six years, from the
-- chain's beginning on, and remembers where it now begins. No service may call it.
create function upload_pipeline.prune_audit(most integer default 100000) returns bigint
language plpgsql set search_path = '' as $$
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

-- keep_audit refuses every change of the log but the removal of what is old.
create function upload_pipeline.keep_audit() returns trigger language plpgsql as $$
begin
    if tg_op <> 'DELETE' or old.at >= now() - interval '2191 days' then
        raise exception 'the audit log is append-only for six years' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;

do $$
declare
    name text;
begin
    foreach name in array array['audit_inbox', 'audit_log', 'audit_head'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('alter table upload_pipeline.%I force row level security', name);
        execute format('revoke all on upload_pipeline.%I from public, anon, authenticated, service_role, inav_app', name);
        if not exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)) then
            -- Row security holds for the owner too, who seals and prunes.
            execute format('create policy owner on upload_pipeline.%I to %I using (true) with check (true)', name, current_user);
        end if;
        execute format('create policy reads on upload_pipeline.%I for select to service_role using (true)', name);
        execute format('grant select on upload_pipeline.%I to service_role', name);
    end loop;
end $$;
-- +goose StatementEnd

create trigger keep before update or delete on upload_pipeline.audit_log
    for each row execute function upload_pipeline.keep_audit();
create trigger keep_whole before truncate on upload_pipeline.audit_log
    for each statement execute function upload_pipeline.keep_audit();
create trigger append_only before update on upload_pipeline.audit_inbox
    for each row execute function upload_pipeline.append_only();

-- The API writes of users and strangers; of operators only who holds service_role.
create policy adds on upload_pipeline.audit_inbox for insert to inav_app with check (actor in ('user', 'nobody'));
create policy adds_any on upload_pipeline.audit_inbox for insert to service_role with check (true);
grant insert on upload_pipeline.audit_inbox to inav_app, service_role;
revoke all on function upload_pipeline.seal_audit(integer), upload_pipeline.prune_audit(integer) from public, anon, authenticated, service_role, inav_app;
grant execute on function upload_pipeline.seal_audit(integer) to service_role;

insert into upload_pipeline.schema_serves values (17, 7);
