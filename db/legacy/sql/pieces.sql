-- The chunks as they are, under ids of our own, with the vectors that are real.
insert into upload_pipeline.document_chunks (chunk_id, document_id, user_id, ordinal, text, headings, page_from, page_to,
    token_count, content_sha256, chunker, embedding, embed_model, embedded_at)
select p.id, $1, $2, p.ordinal, c.text, '{}', p.page_from, p.page_to, p.tokens, sha256(convert_to(c.text, 'UTF8')), $3,
    case when p.real then c.embedding end, case when p.real then c.embed_model end, case when p.real then now() end
from unnest($4::uuid[], $5::int[], $6::int[], $7::boolean[], $8::int[], $9::int[]) p (id, ordinal, tokens, real, page_from, page_to)
join legacy.document_chunks c on c.document_id = $1 and c.chunk_ord = p.ordinal
