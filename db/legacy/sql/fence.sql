-- Closes the schema moved aside to everyone but its owner. What is taken away
-- is written down first, so that a way back has it all. It may run again.
set local lock_timeout = '10s';

-- aside: the statements that give back what this file takes, in order.
create table if not exists upload_pipeline_legacy.aside (n bigint generated always as identity primary key, statement text not null);

-- adopted: what became of each document. One that was left may be adopted by a
-- later run; one that was adopted never is again, whatever its owner did since.
create table if not exists upload_pipeline_legacy.adopted (
    document_id uuid primary key,
    outcome     text not null, -- complete, embed, chunk or parse; or left
    reason      text,          -- of one that was left
    at          timestamptz not null default now(),
    check ((reason is not null) = (outcome = 'left'))
);

do $$
declare
    one record;
begin
    for one in select format('create policy %I on %I.%I as %s for %s to %s%s%s', policyname, schemaname, tablename, permissive, cmd,
            (select string_agg(case role when 'public' then role::text else quote_ident(role) end, ', ') from unnest(roles) role),
            coalesce(' using (' || qual || ')', ''), coalesce(' with check (' || with_check || ')', '')) as give,
            format('drop policy %I on %I.%I', policyname, schemaname, tablename) as take
        from pg_policies where schemaname = 'upload_pipeline_legacy'
    loop
        insert into upload_pipeline_legacy.aside (statement) values (one.give);
        execute one.take;
    end loop;
    for one in select format('grant %s on %s to %s', a.privilege_type, o.what, o.who) as give,
            format('revoke %s on %s from %s', a.privilege_type, o.what, o.who) as take
        from (
            select c.relacl as acl, c.relowner as owner, format('table upload_pipeline_legacy.%I', c.relname) as what
                from pg_class c where c.relnamespace = 'upload_pipeline_legacy'::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
            union all
            select nspacl, nspowner, 'schema upload_pipeline_legacy' from pg_namespace where nspname = 'upload_pipeline_legacy'
            union all
            select p.proacl, p.proowner, format('function %s', p.oid::regprocedure)
                from pg_proc p where p.pronamespace = 'upload_pipeline_legacy'::regnamespace and p.proacl is not null
        ) t cross join lateral aclexplode(t.acl) a
        cross join lateral (select t.what, case a.grantee when 0 then 'public' else a.grantee::regrole::text end as who) o
        where a.grantee <> t.owner
    loop
        insert into upload_pipeline_legacy.aside (statement) values (one.give);
        execute one.take;
    end loop;
    -- Whoever is granted something by mistake later still sees no row.
    for one in select relname from pg_class where relnamespace = 'upload_pipeline_legacy'::regnamespace and relkind in ('r', 'p') loop
        execute format('alter table upload_pipeline_legacy.%I enable row level security', one.relname);
    end loop;
end $$;
