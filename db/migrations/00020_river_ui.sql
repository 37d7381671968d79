-- The login of River UI, which shows operators the queue.

-- +goose Up

-- inav_riverui reads River's own tables and nothing else: no table of documents
-- or people is granted to it, and jobs carry ids alone. It changes nothing, so
-- that what is done to a job is done by the tool, which writes down who did it.
-- db.grantRiver grants the reading after each migration of River's.
-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'inav_riverui') then
        create role inav_riverui login noinherit nobypassrls;
        alter role inav_riverui set default_transaction_read_only = on;
        alter role inav_riverui set statement_timeout = '10s';
        alter role inav_riverui set idle_in_transaction_session_timeout = '30s';
    end if;
end $$;
-- +goose StatementEnd

insert into upload_pipeline.schema_serves values (20, 7);
