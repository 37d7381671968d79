-- Answers of requests that came with an Idempotency-Key.

-- +goose Up

-- idempotency_keys: one row a user's key. Nothing in it can be read without
-- the key, which only the client has: key_hash is a SHA-256 over the user and
-- the key, fingerprint an HMAC of the request, answer is sealed, both under
-- secrets derived from the key.
--
-- A row is in one of three states: running (a lease, no answer), answered (an
-- answer, no lease), or released in doubt (neither): then the run may have had
-- its effect, and the same request is granted another with the same resource.
create table upload_pipeline.idempotency_keys (
    key_hash     bytea primary key,
    fingerprint  bytea not null,
    resource     uuid not null,          -- reserved as the id of what the request makes
    run          integer not null default 1, -- the fence: an earlier run writes no answer
    claimed_at   timestamptz not null default now(),
    leased_until timestamptz,
    answer       bytea,
    expires_at   timestamptz not null,
    constraint idempotency_keys_hashes check (octet_length(key_hash) = 32 and octet_length(fingerprint) = 32),
    constraint idempotency_keys_state check (answer is null or leased_until is null),
    constraint idempotency_keys_answer_size check (octet_length(answer) <= 4194304)
);
create index idempotency_keys_expires_at_idx on upload_pipeline.idempotency_keys (expires_at);

alter table upload_pipeline.idempotency_keys enable row level security;
alter table upload_pipeline.idempotency_keys force row level security;

-- A key of a request without a user has no owner to filter by, and the rows
-- name none: the hash is the right to a row.
create policy idempotency_keys_app on upload_pipeline.idempotency_keys for all to inav_app using (true) with check (true);
create policy idempotency_keys_sweep on upload_pipeline.idempotency_keys for all to service_role using (true);

revoke all on upload_pipeline.idempotency_keys from public, anon, authenticated, service_role;
grant select, insert, update, delete on upload_pipeline.idempotency_keys to inav_app;
-- The worker's sweep needs no more.
grant select (key_hash, expires_at), delete on upload_pipeline.idempotency_keys to service_role;

insert into upload_pipeline.schema_serves values (3, 1);
