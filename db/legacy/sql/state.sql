-- What lies under the two names: the predecessor's tables where they always
-- were, or moved aside; ours; and whether pgvector is where ours look for it.
select to_regclass('upload_pipeline.documents') is not null and to_regclass('upload_pipeline.schema_version') is null,
    to_regclass('upload_pipeline_legacy.documents') is not null,
    to_regclass('upload_pipeline.schema_version') is not null,
    coalesce((select extnamespace::regnamespace::text from pg_extension where extname = 'vector'), ''),
    (select rolsuper or rolbypassrls from pg_roles where rolname = current_user),
    coalesce((select array_agg(want) from unnest(array[
        'documents.document_id', 'documents.user_id', 'documents.filename', 'documents.file_sha256', 'documents.raw_path',
        'documents.parsed_path', 'documents.created_at', 'upload_jobs.job_id', 'upload_jobs.document_id', 'upload_jobs.status',
        'upload_jobs.created_at', 'document_chunks.document_id', 'document_chunks.chunk_ord', 'document_chunks.text',
        'document_chunks.chunk_sha', 'document_chunks.chunker_name', 'document_chunks.chunker_version',
        'document_chunks.embed_model', 'document_chunks.embedding']) want
        where not exists (select from information_schema.columns
            where table_schema = $1 and table_name || '.' || column_name = want)), '{}')
