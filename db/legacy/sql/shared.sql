-- Vectors that stand beside more than one text: no embedder made those.
select sha256(extensions.vector_send(embedding)) from legacy.document_chunks
where embedding is not null group by 1 having count(distinct text) > 1
