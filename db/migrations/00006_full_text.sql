-- Full text of the chunks, for search by words beside search by vectors.

-- +goose Up

-- plain_words is a text as both sides of a search read it: an amount is one
-- number ("$1,500" is 1500), and the parts of a hyphenated code or of a table's
-- row are words of their own ("NWM-PPO-2025").
-- +goose StatementBegin
create function upload_pipeline.plain_words(body text) returns text language sql immutable parallel safe as $$
    select pg_catalog.translate(pg_catalog.regexp_replace(body, '(\d),(?=\d{3})', '\1', 'g'), '-_/|', '    ')
$$;

-- chunk_words is the lexemes of a chunk and of its section's headings: words
-- are stemmed, stop words left out, codes and figures kept as they are.
create function upload_pipeline.chunk_words(headings text[], body text) returns tsvector language sql immutable parallel safe as $$
    select pg_catalog.to_tsvector('pg_catalog.english', upload_pipeline.plain_words(pg_catalog.array_to_string(headings, ' ') operator(pg_catalog.||) ' ' operator(pg_catalog.||) body))
$$;
-- +goose StatementEnd

alter table upload_pipeline.document_chunks
    add column words tsvector not null generated always as (upload_pipeline.chunk_words(headings, text)) stored;

-- A search reads the words of all chunks of one owner, so they lie in the row.
-- There is no GIN index: "@@" is not leakproof, so that row-level security keeps
-- it from ever being used for an owner.
alter table upload_pipeline.document_chunks alter column words set storage main;

-- A trigger before an update would make every update compute the words anew,
-- the one that brings the vector too. What keep_whole refuses it refuses as well
-- afterwards.
drop trigger keep_whole on upload_pipeline.document_chunks;
create trigger keep_whole before delete on upload_pipeline.document_chunks
    for each row execute function upload_pipeline.keep_whole();
create trigger keep_vector after update of embedding on upload_pipeline.document_chunks
    for each row execute function upload_pipeline.keep_whole();

insert into upload_pipeline.schema_serves values (6, 1);
