-- Marks: what whoever reads a document, or hands its text to a program, should
-- know of it. Those of the file are found at the door, those of the text when
-- it is validated. They are words of ours and tell no content.

-- +goose Up

alter table upload_pipeline.documents add column marks text[] not null default '{}' check (cardinality(marks) <= 64);

insert into upload_pipeline.schema_serves values (15, 7);
