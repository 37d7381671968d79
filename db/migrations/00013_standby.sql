-- The standby: a document that another parser read, because the one it was
-- meant for was away, says so.

-- +goose Up

alter table upload_pipeline.upload_jobs add column standby boolean not null default false;

-- An attempt that goes on with the text of the one before takes over who read it.
grant select (parser, standby) on upload_pipeline.upload_jobs to inav_app;

-- +goose StatementBegin
-- record_move writes one event a move. Its code is why an attempt failed, or
-- that the text which has come is the standby's.
create or replace function upload_pipeline.record_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        update upload_pipeline.documents set attempt = new.attempt
            where document_id = new.document_id and attempt = new.attempt - 1;
        if not found then
            raise exception 'attempt % is not the next one', new.attempt using errcode = 'check_violation';
        end if;
        insert into upload_pipeline.events (document_id, job_id, user_id, attempt, status)
            values (new.document_id, new.job_id, new.user_id, new.attempt, new.status);
        return null;
    end if;
    if new.status = 'deleting' then
        update upload_pipeline.documents set removed_at = now() where document_id = new.document_id;
    end if;
    insert into upload_pipeline.events (document_id, job_id, user_id, attempt, was, status, lasted_ms, code)
        values (new.document_id, new.job_id, new.user_id, new.attempt, old.status, new.status,
            round(extract(epoch from new.status_since - old.status_since) * 1000)::bigint,
            case when new.status like 'failed_%' then new.last_error ->> 'code'
                when new.status = 'parsed' and new.standby then 'read_by_standby' end);
    return null;
end $$;
-- +goose StatementEnd

insert into upload_pipeline.schema_serves values (13, 7);
