insert into upload_pipeline.documents
    (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
