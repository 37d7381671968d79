-- A step of the line goes to the database in one message, so that what it finds
-- cannot be looked at in between: stands ends the transaction instead.

-- +goose Up

-- +goose StatementBegin
-- stands ends the transaction with IN409 unless the statement before found the
-- one row that the step, or the job, still holds.
create function upload_pipeline.stands(held bigint) returns void language plpgsql as $$
begin
    if held is distinct from 1 then
        raise exception 'the step is another''s by now' using errcode = 'IN409';
    end if;
end $$;
-- +goose StatementEnd

insert into upload_pipeline.schema_serves values (26, 7);
