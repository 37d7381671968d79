-- A place as it looks after half a year: 200 owners, 20,000 documents, 100,000
-- chunks, 200,000 events, 50,000 jobs. Ids count from 1 in each table, so that one
-- id is an owner, one of its documents, that document's attempt and a chunk of it.
-- Triggers rest: rows are written as they end up.

set session_replication_role = replica;
set synchronous_commit = off;

create function pg_temp.id(n bigint) returns uuid language sql immutable as
    $$ select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
create function pg_temp.owner(document bigint) returns uuid language sql immutable as
    $$ select pg_temp.id(1 + (document - 1) % 200) $$;
create function pg_temp.age(n bigint, of bigint) returns timestamptz language sql stable as
    $$ select now() - interval '180 days' * (of - n) / of $$;
create function pg_temp.digest(n bigint) returns bytea language sql immutable as
    $$ select sha256(n::text::bytea) $$;

-- Vectors of three numbers in place of 1536, which lie beside their table in any case,
-- and no copies of them in half precision: only what a search reads of a row is less.
-- (Triggers name the column: its type is changed past them.)
update pg_attribute set atttypmod = -1 where attrelid = 'upload_pipeline.document_chunks'::regclass and attname = 'embedding';
alter table upload_pipeline.document_chunks alter column near drop expression, alter column near set statistics 0,
    alter column embedding set statistics 0, alter column words set statistics 10;

insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, attempt,
        created_at, removed_at, cold_since, file_read_at)
    select pg_temp.id(n), pg_temp.owner(n), 'policy.pdf', 'application/pdf', 200000 + n, pg_temp.digest(n),
        case when n % 50 = 0 then 'cold/' else '' end || pg_temp.owner(n) || '/' || pg_temp.id(n) || '/original.pdf', 3, case when n % 20 = 0 then 2 else 1 end,
        pg_temp.age(n, 20000), case when n % 100 = 99 then now() end, case when n % 50 = 0 then pg_temp.age(n, 20000) end, pg_temp.age(n, 20000)
    from generate_series(1, 20000) n;

-- 19,000 are complete; 1 in 100 failed, some were cancelled, and the last 300 are on their way.
create temp table attempts as
    select n, a, case when n > 19700 then (array['uploaded', 'parse_queued', 'parsed', 'chunking', 'embedding_in_progress'])[1 + n % 5]
        when n % 20 = 0 and a = 1 then 'failed_parse' when n % 100 = 7 then 'failed_embedding' when n % 200 = 9 then 'cancelled'
        when n % 100 = 99 then 'deleting' else 'complete' end as status
    from generate_series(1, 20000) n, generate_series(1, case when n % 20 = 0 then 2 else 1 end) a;
insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, status_since, turn, parser, provider_job_id, parse_deadline,
        next_poll_at, webhook_at, receipt, chunks_total, chunks_embedded, created_at, updated_at, finished_at, rank)
    select pg_temp.id(n + (a - 1) * 100000), pg_temp.id(n), pg_temp.owner(n), a, status, pg_temp.age(n, 20000), 5, 'test', 'pjb-' || n || '-' || a,
        case when status = 'parse_queued' then now() + interval '1 hour' end, case when status = 'parse_queued' then now() + interval '1 minute' end,
        case when n % 2 = 0 then pg_temp.age(n, 20000) end, '{"expected": 3, "parsed": 3, "blank": [], "failed": []}', 5, 5, pg_temp.age(n, 20000), pg_temp.age(n, 20000),
        case when status in ('complete', 'failed_parse', 'failed_embedding', 'cancelled') then pg_temp.age(n, 20000) end, n
    from attempts;
insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status, at, lasted_ms)
    select pg_temp.id(n), pg_temp.id(n), pg_temp.owner(n), 1, case when e > 1 then (array['uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking', 'chunks_stored',
        'embedding_queued', 'embedding_in_progress', 'embeddings_stored'])[e - 1] end, (array['uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking', 'chunks_stored',
        'embedding_queued', 'embedding_in_progress', 'embeddings_stored', 'complete'])[e], pg_temp.age(n, 20000), 40
    from generate_series(1, 20000) n, generate_series(1, 10) e;
insert into upload_pipeline.document_pages (document_id, page_number, user_id, state, markdown)
    select pg_temp.id(n), p, pg_temp.owner(n), case when p = 3 then 'blank' else 'parsed' end, repeat('the deductible is waived after the first visit ', 12)
    from generate_series(1, 20000) n, generate_series(1, 3) p;
insert into upload_pipeline.document_chunks (chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to, token_count, content_sha256, chunker,
        embedding, embed_model, embedded_at)
    select pg_temp.id(n), pg_temp.id(1 + (n - 1) % 20000), pg_temp.owner(1 + (n - 1) % 20000), (n - 1) / 20000, 'the deductible is ' || n, '{Costs}', 1, 2, 200, pg_temp.digest(n),
        'test@1', case when n % 100 <> 3 then v end, case when n % 100 <> 3 then 'm' end, case when n % 100 <> 3 then now() end
    from generate_series(1, 100000) n, (select '[1,0,0]'::extensions.vector) unit (v);
insert into upload_pipeline.webhook_log (webhook_id, dedupe, job_id, document_id, event_id, event_type, provider_job_id, body_sha256, body_bytes, outcome, received_at)
    select pg_temp.id(n), 'evt-' || n, pg_temp.id(n), pg_temp.id(n), 'evt-' || n, 'parse.success', 'pjb-' || n || '-1', pg_temp.digest(n), 300, 'accepted', pg_temp.age(n, 20000)
    from generate_series(1, 20000) n;
insert into upload_pipeline.costs (provider, ref, kind, user_id, document_id, attempt, pages, nanousd, price, state, at)
    select case when k = 1 then 'llamaparse' else 'openai' end, 'ref-' || n || '-' || k, case when k = 1 then 'parse' else 'embed' end, pg_temp.owner(n), pg_temp.id(n), 1, 3, 1000,
        '2026', 'charged', pg_temp.age(n, 20000) from generate_series(1, 20000) n, generate_series(1, 2) k;
insert into upload_pipeline.audit_log (seq, at, service, actor, user_id, operator, action, what, documents, network, outcome, times, hash)
    select n, pg_temp.age(n, 60000), 'api', 'user', pg_temp.owner(n), '', 'read', '', array[pg_temp.id(1 + n % 20000)], '203.0.113.0/24', 'done', 1, pg_temp.digest(n)
    from generate_series(1, 60000) n;
update upload_pipeline.audit_head set seq = 60000;
insert into upload_pipeline.audit_inbox (service, actor, user_id, action, documents, outcome)
    select 'api', 'user', pg_temp.id(1 + n % 200), 'read', array[pg_temp.id(n)], 'done' from generate_series(1, 200) n;
insert into upload_pipeline.deletions (document_id, user_id, requested_at, done_at, residual)
    select pg_temp.id(n), pg_temp.owner(n), pg_temp.age(n, 20000), now(), '{}' from generate_series(99, 20000, 100) n;
insert into upload_pipeline.upload_intents (document_id, job_id, user_id, filename, mime, bytes_len, storage_key, state, created_at, expires_at, address_until)
    select pg_temp.id(n), pg_temp.id(n), pg_temp.owner(n), 'policy.pdf', 'application/pdf', 1000, 'key-' || n, case when n > 4900 then 'awaiting' else 'arrived' end,
        pg_temp.age(n, 5000), pg_temp.age(n, 5000) + interval '1 day', pg_temp.age(n, 5000) + interval '1 hour' from generate_series(1, 5000) n;
insert into upload_pipeline.storage_intents (storage_key, user_id, created_at)
    select 'intent-' || n, pg_temp.id(1 + n % 200), now() - interval '1 minute' * n from generate_series(1, 200) n;
insert into upload_pipeline.idempotency_keys (key_hash, fingerprint, resource, answer, expires_at)
    select pg_temp.digest(n), pg_temp.digest(n), pg_temp.id(n), '{}', now() + interval '8 days' + interval '1 day' * n / 20000 from generate_series(1, 20000) n;
insert into upload_pipeline.api_keys (key_id, user_id, name, hint, key_sha256, scopes, expires_at)
    select pg_temp.id(n), pg_temp.id(1 + n % 200), 'key', 'nav_1234', pg_temp.digest(n), '{search}', now() + interval '90 days' from generate_series(1, 300) n;
insert into upload_pipeline.instances (instance_id, service, environment, storage_env, database_id, providers, settings_hash, build, schema_version)
    select pg_temp.id(n), (array['api', 'worker', 'webhook'])[1 + n % 3], 'test', 'test', 'd', 'p', 'h', 'b', 24 from generate_series(1, 12) n;
insert into upload_pipeline.holds (document_id, user_id, reason, operator)
    select pg_temp.id(n * 1000), pg_temp.owner(n * 1000), 'CASE-' || n, 'grace' from generate_series(1, 20) n;
insert into upload_pipeline.operations_log (operator, action, what, document_id, attempt)
    select 'grace', 'retry', 'document', pg_temp.id(n), 1 from generate_series(1, 500) n;
insert into upload_pipeline.owner_ranks select pg_temp.id(n), n from generate_series(1, 200) n;
insert into upload_pipeline.provider_calls (call_id, provider, account, lane, kind, user_id, document_id, attempt, pages, tokens, nanousd, price, expires_at)
    select pg_temp.id(n), 'openai', 'main', 'interactive', 'embed', pg_temp.owner(n), pg_temp.id(n), 1, 0, 100, 100, '2026', now() + interval '5 minutes'
    from generate_series(1, 50) n;
insert into upload_pipeline.spending select date_trunc('month', now())::date, 'openai', n, 1000 from generate_series(1, 16) n;
insert into upload_pipeline.ended_sessions (account_id, session_id, ended_at)
    select pg_temp.id(1 + n % 5000), pg_temp.id(n), now() - interval '1 minute' * n from generate_series(1, 1000) n;
insert into upload_pipeline.sign_in_tries (key, tries, began_at) select pg_temp.digest(n), 1, now() - interval '1 second' * n from generate_series(1, 2000) n;

insert into local_auth.accounts (id, email, name, password_hash, consent_version, consent_timestamp, email_confirmed_at, created_at, last_sign_in_at)
    select pg_temp.id(n), n || '@example.com', 'Ada', '$argon2id$x', '1', '2026', now(), pg_temp.age(n, 5000), now() from generate_series(1, 5000) n;
insert into local_auth.sessions (id, account_id, created_at, refreshed_at)
    select pg_temp.id(n), pg_temp.id(1 + (n - 1) % 5000), pg_temp.age(n, 20000), pg_temp.age(n, 20000) from generate_series(1, 20000) n;
insert into local_auth.refresh_tokens (token_hash, session_id, parent_hash, created_at, used_at, expires_at)
    select pg_temp.digest(n), pg_temp.id(1 + (n - 1) % 20000), case when n > 20000 then pg_temp.digest(n - 20000) end, pg_temp.age(n, 40000),
        case when n <= 20000 then now() end, now() + interval '30 days' * n / 40000 from generate_series(1, 40000) n;
insert into local_auth.mails (id, account_id, kind, redirect, challenge, created_at, due_at, sent_at)
    select pg_temp.id(n), pg_temp.id(n), 'confirm', '', '', pg_temp.age(n, 5000), pg_temp.age(n, 5000), case when n < 4990 then now() end from generate_series(1, 5000) n;
insert into local_auth.mail_links select pg_temp.digest(n), pg_temp.id(n), now() + interval '1 hour' from generate_series(4000, 5000) n;
insert into local_auth.identities (issuer, subject, account_id) select 'https://accounts.example', n::text, pg_temp.id(n) from generate_series(1, 1000) n;

insert into river.river_job (state, attempt, max_attempts, attempted_at, created_at, finalized_at, scheduled_at, priority, args, attempted_by, kind, metadata, queue)
    select state::river.river_job_state, case when state in ('available', 'scheduled') then 0 else 1 end, 8, case when state not in ('available', 'scheduled') then at end, at,
        case when state in ('completed', 'cancelled', 'discarded') then at end, case when state = 'scheduled' then now() + interval '1 hour' else at end, 1,
        jsonb_build_object('document', pg_temp.id(1 + (n - 1) % 20000), 'attempt', 1, 'turn', n % 5), array[pg_temp.id(1 + n % 4)::text], queue, '{}', queue
    from (select n, now() - interval '1 day' * (50000 - n) / 50000 as at, (array['parse', 'chunk', 'embed', 'receive', 'finish'])[1 + n % 5] as queue,
        case when n > 49984 then 'running' when n > 48000 then 'available' when n % 500 = 1 then 'retryable' when n % 500 = 2 then 'discarded'
            when n % 100 = 3 then 'scheduled' else 'completed' end as state from generate_series(1, 50000) n) j;

reset session_replication_role;

-- What the statistics say is settled here: all rows are looked at, and nobody
-- looks again.
do $$
declare
    t record;
begin
    for t in select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname in ('upload_pipeline', 'local_auth', 'river')
    loop
        execute format('alter table %s set (autovacuum_enabled = false)', t.name);
    end loop;
end $$;
