-- The earlier system's schema as its last migration left it, for tests.
create schema if not exists extensions;
create extension if not exists vector with schema extensions;
create schema if not exists auth;
create table auth.users (id uuid primary key, email text);
create schema upload_pipeline;

create table upload_pipeline.documents (
    document_id uuid primary key, user_id uuid, filename text, mime text, bytes_len bigint, file_sha256 text, parsed_sha256 text,
    raw_path text, parsed_path text, processing_status text, created_at timestamptz default now(), updated_at timestamptz default now());
create unique index uq_user_filehash on upload_pipeline.documents (user_id, file_sha256);
create index ix_documents_user on upload_pipeline.documents (user_id);

create table upload_pipeline.upload_jobs (
    job_id uuid primary key, document_id uuid references upload_pipeline.documents,
    state text default 'queued' check (state in ('queued', 'working', 'retryable', 'done', 'deadletter')),
    status text check (status in ('uploaded', 'parse_queued', 'parsed', 'parse_validated', 'chunking', 'chunks_stored', 'embedding_queued',
        'embedding_in_progress', 'embeddings_stored', 'complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'duplicate')),
    progress jsonb default '{}', retry_count int default 0, last_error jsonb, webhook_secret text, chunks_version text default 'markdown-simple@1',
    embed_model text default 'text-embedding-3-small', embed_version text default '1',
    created_at timestamptz default now(), updated_at timestamptz default now(), started_at timestamptz, finished_at timestamptz);

create table upload_pipeline.document_chunks (
    chunk_id uuid primary key default gen_random_uuid(), document_id uuid references upload_pipeline.documents,
    chunker_name text, chunker_version text, chunk_ord int, text text, chunk_sha text, embed_model text, embed_version text,
    vector_dim int check (vector_dim = 1536), embedding extensions.vector(1536) not null, embed_updated_at timestamptz,
    created_at timestamptz default now(), updated_at timestamptz default now(),
    unique (document_id, chunker_name, chunker_version, chunk_ord)) with (fillfactor = 70);

create table upload_pipeline.events (event_id uuid primary key default gen_random_uuid(), job_id uuid, document_id uuid, ts timestamptz default now(),
    type text, severity text, code text, payload jsonb, correlation_id uuid);
create table upload_pipeline.webhook_log (webhook_id text primary key, job_id uuid, processed_at timestamptz, ip_address inet, payload_hash text);
create view upload_pipeline.architecture_notes as select 'one schema'::text as note;

do $$
declare
    name text;
begin
    foreach name in array array['documents', 'upload_jobs', 'document_chunks', 'events', 'webhook_log'] loop
        execute format('alter table upload_pipeline.%I enable row level security', name);
        execute format('create policy %I on upload_pipeline.%I for all to service_role using (true) with check (true)', name || '_service', name);
        execute format('grant all on upload_pipeline.%I to service_role', name);
    end loop;
    create policy documents_owner on upload_pipeline.documents for select to authenticated using (user_id = auth.uid());
    create policy jobs_owner on upload_pipeline.upload_jobs for select to authenticated using (exists (
        select from upload_pipeline.documents d where d.document_id = upload_jobs.document_id and d.user_id = auth.uid()));
end $$;
grant usage on schema upload_pipeline to anon, authenticated, service_role;
grant select on upload_pipeline.documents, upload_pipeline.upload_jobs, upload_pipeline.architecture_notes to authenticated;

create function upload_pipeline.touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
create trigger touch before update on upload_pipeline.documents for each row execute function upload_pipeline.touch();

-- What plants a document: its file's bytes are its key, and its text is that of
-- its two chunks.
create schema planted;
create function planted.vector(seed int) returns extensions.vector language sql immutable as $$
    select (select array_agg((sin(i * (seed + 0.37)) / n.norm)::real order by i)::extensions.vector from generate_series(1, 1536) i)
    from (select sqrt(sum(sin(i * (seed + 0.37)) ^ 2)) as norm from generate_series(1, 1536) i) n
$$;
create function planted.zeros() returns extensions.vector language sql immutable as $$ select array_fill(0::real, array[1536])::extensions.vector $$;

create function planted.document(n int, owner uuid, path text, parsed text, job_status text) returns uuid language plpgsql as $$
declare
    id uuid := ('00000000-0000-5000-8000-' || lpad(n::text, 12, '0'))::uuid;
    key text := regexp_replace(regexp_replace(path, '^storage://', ''), '^(files|raw)/', '');
begin
    insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, raw_path, parsed_path, processing_status, created_at)
        values (id, owner, 'policy ' || n || '.pdf', 'application/pdf', 1, encode(sha256(convert_to(key, 'UTF8')), 'hex'), path, parsed, 'parsed',
            now() - interval '90 days' + n * interval '1 minute');
    insert into upload_pipeline.upload_jobs (job_id, document_id, status, webhook_secret, last_error, created_at)
        values (('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, id, job_status, 'planted-secret', '{"message": "planted-secret"}', now() - interval '90 days');
    return id;
end $$;

create function planted.chunk(id uuid, ord int, words text, vector extensions.vector) returns void language sql as $$
    insert into upload_pipeline.document_chunks (document_id, chunker_name, chunker_version, chunk_ord, text, chunk_sha, embed_model, embed_version, vector_dim, embedding)
    values (id, 'markdown-simple', '1', ord, words, encode(sha256(convert_to(words, 'UTF8')), 'hex'), 'text-embedding-3-small', '1', 1536, vector)
$$;
