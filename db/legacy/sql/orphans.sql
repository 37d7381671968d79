-- What belongs to no document, and what is left where it lies.
select (select count(*) from legacy.upload_jobs j where not exists (select from legacy.documents d where d.document_id = j.document_id)),
    (select count(*) from legacy.document_chunks c where not exists (select from legacy.documents d where d.document_id = c.document_id))
