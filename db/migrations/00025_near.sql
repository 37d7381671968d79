-- A copy of each vector in half precision that lies within its row. A search
-- compares these, and only what comes near in full: the vectors themselves lie
-- outside of their rows, in four pieces each, and reading those is most of what
-- an exact search costs.

-- +goose Up

-- The table is written anew, about a minute for 100,000 chunks, and cannot be
-- read meanwhile: a search waits, and so does the step of a document.
alter table upload_pipeline.document_chunks
    add column near extensions.halfvec(1536) generated always as (embedding::extensions.halfvec(1536)) stored,
    alter column near set storage plain;

insert into upload_pipeline.schema_serves values (25, 7);
