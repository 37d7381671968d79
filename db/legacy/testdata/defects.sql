-- A document of each kind, sound and not. Person a has an account, as has b.
insert into auth.users (id) values ('aaaaaaaa-0000-4000-8000-000000000001'), ('bbbbbbbb-0000-4000-8000-000000000002');
do $$
declare
    a constant uuid := 'aaaaaaaa-0000-4000-8000-000000000001';
    b constant uuid := 'bbbbbbbb-0000-4000-8000-000000000002';
    ua constant text := 'user/' || a;
    d uuid;
    n int;
begin
    -- 1: sound. 2: the other spelling. Both with real vectors.
    for n in 1..2 loop
        d := planted.document(n, a, case n when 1 then 'files/' else 'storage://files/' end || ua || '/raw/' || n || '.pdf',
            'storage://files/' || ua || '/parsed/' || n || '.md', 'complete');
        perform planted.chunk(d, 0, 'Plan ' || n, planted.vector(10 * n)), planted.chunk(d, 1, 'Copay ' || n, planted.vector(10 * n + 1));
    end loop;
    -- 3: a placeholder of zeros. 4: another model. 5: text changed since. 6 and 7: one vector beside two texts.
    d := planted.document(3, a, 'files/' || ua || '/raw/3.pdf', 'files/' || ua || '/parsed/3.md', 'embeddings_stored');
    perform planted.chunk(d, 0, 'Plan 3', planted.vector(30)), planted.chunk(d, 1, 'Copay 3', planted.zeros());
    d := planted.document(4, a, 'files/' || ua || '/raw/4.pdf', 'files/' || ua || '/parsed/4.md', 'complete');
    perform planted.chunk(d, 0, 'Plan 4', planted.vector(40)), planted.chunk(d, 1, 'Copay 4', planted.vector(41));
    update upload_pipeline.document_chunks set embed_model = 'mock' where document_id = d and chunk_ord = 0;
    d := planted.document(5, a, 'files/' || ua || '/raw/5.pdf', 'files/' || ua || '/parsed/5.md', 'complete');
    perform planted.chunk(d, 0, 'Plan 5', planted.vector(50)), planted.chunk(d, 1, 'Copay 5', planted.vector(51));
    update upload_pipeline.document_chunks set chunk_sha = repeat('0', 64) where document_id = d and chunk_ord = 1;
    for n in 6..7 loop
        d := planted.document(n, b, 'files/user/' || b || '/raw/' || n || '.pdf', 'files/user/' || b || '/parsed/' || n || '.md', 'complete');
        perform planted.chunk(d, 0, 'Plan ' || n, planted.vector(60)), planted.chunk(d, 1, 'Copay ' || n, planted.vector(n));
    end loop;
    -- 8: several pages. 9: a gap in the chunks. 10: no parsed text. 11: no status.
    d := planted.document(8, a, 'files/' || ua || '/raw/8-pages.pdf', 'files/' || ua || '/parsed/8.md', 'complete');
    perform planted.chunk(d, 0, 'Plan 8', planted.vector(80)), planted.chunk(d, 1, 'Copay 8', planted.vector(81));
    d := planted.document(9, a, 'files/' || ua || '/raw/9.pdf', 'files/' || ua || '/parsed/9.md', 'complete');
    perform planted.chunk(d, 1, 'Copay 9', planted.vector(90));
    d := planted.document(10, a, 'files/' || ua || '/raw/10.pdf', null, 'complete');
    perform planted.chunk(d, 0, 'Plan 10', planted.vector(100));
    perform planted.document(11, a, 'files/' || ua || '/raw/11.pdf', null, null);
    -- 12: a status outside the CHECK. 13: two jobs that both say they are at work. 14: failed twice. 15: no job at all.
    alter table upload_pipeline.upload_jobs drop constraint upload_jobs_status_check;
    perform planted.document(12, a, 'files/' || ua || '/raw/12.pdf', null, 'failed_unknown');
    d := planted.document(13, a, 'files/' || ua || '/raw/13.pdf', null, 'parse_queued');
    insert into upload_pipeline.upload_jobs (job_id, document_id, status) values ('00000000-0000-4000-8000-000000001313', d, 'chunking');
    d := planted.document(14, a, 'storage://raw/' || a || '/14.pdf', null, 'failed_parse');
    insert into upload_pipeline.upload_jobs (job_id, document_id, status) values ('00000000-0000-4000-8000-000000001414', d, 'failed_parse');
    d := planted.document(15, a, 'files/' || ua || '/raw/15.pdf', null, 'uploaded');
    delete from upload_pipeline.upload_jobs where document_id = d;
    -- 16: a chunk too long to embed.
    d := planted.document(16, a, 'files/' || ua || '/raw/16.pdf', 'files/' || ua || '/parsed/16.md', 'complete');
    perform planted.chunk(d, 0, 'Plan 16', planted.vector(160)), planted.chunk(d, 1, 'Copay 16', planted.vector(161));
    -- 21 to 30: what is left. No owner, an owner without account, no digest, a strange path, another's path, no object, other bytes,
    -- a locked file, the content of 1 again, and its digest in capitals.
    perform planted.document(21, null, 'files/' || ua || '/raw/21.pdf', null, 'complete');
    perform planted.document(22, 'cccccccc-0000-4000-8000-000000000003', 'files/user/cccccccc-0000-4000-8000-000000000003/raw/22.pdf', null, 'complete');
    perform planted.document(23, a, 'files/' || ua || '/raw/23.pdf', null, 'complete');
    update upload_pipeline.documents set file_sha256 = null where document_id::text like '%23';
    perform planted.document(24, a, '../etc/passwd', null, 'complete');
    perform planted.document(25, a, 'files/user/' || b || '/raw/25.pdf', null, 'complete');
    perform planted.document(26, a, 'files/' || ua || '/raw/26-missing.pdf', null, 'complete');
    perform planted.document(27, a, 'files/' || ua || '/raw/27-changed.pdf', null, 'complete');
    perform planted.document(28, a, 'files/' || ua || '/raw/28-locked.pdf', null, 'complete');
    drop index upload_pipeline.uq_user_filehash;
    d := planted.document(29, a, 'files/' || ua || '/raw/1.pdf', null, 'duplicate');
    d := planted.document(30, a, 'files/' || ua || '/raw/1.pdf', null, 'complete');
    update upload_pipeline.documents set file_sha256 = upper(file_sha256) where document_id = d;
    -- Orphans: a job and a chunk of no document.
    alter table upload_pipeline.upload_jobs drop constraint upload_jobs_document_id_fkey;
    alter table upload_pipeline.document_chunks drop constraint document_chunks_document_id_fkey;
    insert into upload_pipeline.upload_jobs (job_id, document_id, status) values (gen_random_uuid(), gen_random_uuid(), 'uploaded');
    perform planted.chunk(gen_random_uuid(), 0, 'nobody''s', planted.vector(99));
end $$;
