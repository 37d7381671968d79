-- What is embedded of a chunk besides its text: the document's name and the
-- section path, which tell passages of the same words from each other.

-- +goose Up

-- context stands above the text in what is embedded, and is never shown.
-- token_count and content_sha256 are of both. A chunk of before has none.
alter table upload_pipeline.document_chunks add column context text not null default '';

insert into upload_pipeline.schema_serves values (8, 7);
