-- Every document, the oldest first: of two with one content the older stays.
select d.document_id, coalesce(d.user_id, '00000000-0000-0000-0000-000000000000'), coalesce(d.filename, ''),
    lower(btrim(coalesce(d.file_sha256, ''))), coalesce(d.raw_path, ''), coalesce(d.parsed_path, ''), coalesce(d.created_at, now())
from legacy.documents d order by d.created_at nulls last, d.document_id
