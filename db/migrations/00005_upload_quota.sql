-- The daily quota counts a document's very first event. Events outlive the
-- document and cannot be changed, so that deleting gives nothing back; a later
-- attempt and a duplicate have no such event.

-- +goose Up
create index events_uploads on upload_pipeline.events (user_id, at) where attempt = 1 and was is null;

-- The API counts in the transaction that adds, as itself; the events of others
-- stay out of its sight.
create policy owner_counts on upload_pipeline.events for select to inav_app using (user_id = upload_pipeline.acting_user());
grant select (user_id, attempt, was, at) on upload_pipeline.events to inav_app;

insert into upload_pipeline.schema_serves values (5, 1);
