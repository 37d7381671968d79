-- A document's chunks. A vector is plausible if it is of unit length and looks
-- like one that was computed: few zeros, few repeats, and some spread. The
-- digest tells vectors that are equal.
select coalesce(c.chunk_ord, -1), coalesce(c.text, ''), lower(btrim(coalesce(c.chunk_sha, ''))),
    coalesce(c.chunker_name, '') || '@' || coalesce(c.chunker_version, ''), coalesce(c.embed_model, ''),
    coalesce(extensions.vector_norm(c.embedding) between 0.98 and 1.02
        and v.zeros <= 0.95 * v.n and v.distinct_values >= 0.2 * v.n and v.spread >= 1e-6, false),
    coalesce(sha256(extensions.vector_send(c.embedding)), '')
from legacy.document_chunks c
cross join lateral (select count(*) as n, count(*) filter (where x = 0) as zeros, count(distinct x) as distinct_values,
    coalesce(var_pop(x), 0) as spread from unnest(c.embedding::real[]) x) v
where c.document_id = $1 order by c.chunk_ord, c.chunker_name, c.chunker_version, c.chunk_id
