package postgres

import "github.com/insurance-navigator/navigator/core"

// present is each document with its present attempt.
const present = `upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt`

// infected says that an attempt failed for malware in the document's file.
const infected = `coalesce(j.status = 'failed_parse' and j.last_error ->> 'code' = '` + string(core.CodeFileInfected) + `', false)`

// ended are the statuses in which nothing carries a document on.
const ended = `('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled')`

// auditSQL is a query for each rule that the database alone can answer: a row
// a violation, of the document, or null, and of ids, numbers and words of the
// Line. What a row says stays the same while nothing moves: there are no ages
// in it. Each is one pass over its tables.
var auditSQL = map[string]string{
	// Invariant 1: nothing accepted is lost or stuck.
	"attempts_uncounted": `select d.document_id, 'attempt ' || d.attempt || ' of ' || coalesce(a.n, 0) || ' rows'
		from upload_pipeline.documents d left join (
			select document_id, count(*) n, min(attempt) first, max(attempt) last from upload_pipeline.upload_jobs group by 1) a using (document_id)
		where (coalesce(a.n, 0), a.first, a.last) is distinct from (d.attempt::bigint, 1, d.attempt)`,
	"deadline_missing": `select d.document_id, 'parse_queued' from ` + present + `
		where j.status = 'parse_queued' and (j.parse_deadline is null or j.next_poll_at is null or j.provider_job_id is null)`,
	"document_lost": `select e.document_id, 'events remain' from (
			select document_id from upload_pipeline.events group by 1 having not bool_or(status = 'deleting')) e
		left join upload_pipeline.documents d using (document_id) where d.document_id is null`,
	"reason_missing": `select document_id, 'attempt ' || attempt || ' is ' || status from upload_pipeline.upload_jobs
		where status in ('failed_parse', 'failed_chunking', 'failed_embedding') and coalesce(last_error ->> 'code', '') = ''`,
	"upload_late": `select document_id, 'awaiting' from upload_pipeline.upload_intents
		where state = 'awaiting' and expires_at < now() - @late::interval`,
	"work_late": `select d.document_id, 'job ' || r.kind || ' is ' || r.state from river.river_job r
			join upload_pipeline.documents d on d.document_id::text = r.args ->> 'document'
		where (r.state in ('available', 'retryable', 'scheduled') and ` + dueSince + ` < now() - @late::interval)
			or (r.state = 'running' and r.attempted_at < now() - @late::interval)
		union all
		select d.document_id, 'parse_queued' from ` + present + `
		where j.status = 'parse_queued' and least(j.parse_deadline, j.next_poll_at) < now() - @late::interval`,
	"work_missing": `select d.document_id, j.status from ` + present + `
		where j.status not in ` + ended + ` and j.status <> 'parse_queued'
			and not exists (select from river.river_job r where r.state in ` + liveStates + `
				and r.args ->> 'document' = d.document_id::text and r.kind not in ('forget', 'receive', 'reembed'))`,

	// Invariant 2: nothing is there twice.
	"chunk_doubled": `select document_id, 'generation ' || generation || ', chunk ' || ordinal from upload_pipeline.document_chunks
		group by document_id, generation, ordinal having count(*) > 1`,
	"event_doubled": `select document_id, 'attempt ' || attempt || ', ' || status from upload_pipeline.events
		group by document_id, attempt, status having count(*) > 1`,
	// A result may be asked for twice, by a poll and after a callback: of those
	// the fence lets one be kept.
	"job_doubled": `select d.document_id, string_agg(r.kind, ', ' order by r.kind) from river.river_job r
			join upload_pipeline.documents d on d.document_id::text = r.args ->> 'document'
			join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
		where r.state in ` + liveStates + ` and r.kind in ('parse', 'validate', 'chunk', 'embed', 'finish')
			and r.args ->> 'attempt' = j.attempt::text and r.args ->> 'turn' = j.turn::text
		group by d.document_id having count(*) > 1`,
	"provider_job_doubled": `select (array_agg(document_id order by document_id))[1], count(*) || ' attempts' from upload_pipeline.upload_jobs
		where provider_job_id is not null group by provider_job_id having count(*) > 1`,

	// Invariant 3: statuses follow the Line.
	"attempt_left_open": `select d.document_id, 'attempt ' || j.attempt || ' is ' || j.status
		from upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt < d.attempt
		where j.status not in ` + ended,
	"chain_broken": `select document_id, 'attempt ' || attempt || ', ' || status from (
			select document_id, attempt, status, was, lag(status) over (partition by document_id, attempt order by event_id) before
			from upload_pipeline.events) e
		where was is distinct from before`,
	"end_doubled": `select document_id, 'attempt ' || attempt from upload_pipeline.events
		where status in ` + ended + ` group by document_id, attempt having count(*) > 1`,
	"move_illegal": `select document_id, 'attempt ' || attempt || ', ' || was || ' to ' || status from upload_pipeline.events
		where was is not null and not upload_pipeline.is_move(was, status)`,
	"start_illegal": `select document_id, 'attempt ' || attempt || ', ' || status from (
			select document_id, attempt, status, was, lag(attempt) over w prior, lag(status) over w before
			from upload_pipeline.events window w as (partition by document_id order by event_id)) e
		where was is null and case when attempt = 1 then status <> 'uploaded' or prior is not null
			else prior is distinct from attempt - 1 or upload_pipeline.retry_start(before) is distinct from status end`,
	"status_unlike_events": `select j.document_id, 'attempt ' || j.attempt || ' is ' || j.status || ', last event ' || coalesce(e.status, 'none')
		from upload_pipeline.upload_jobs j left join (
			select distinct on (document_id, attempt) document_id, attempt, status from upload_pipeline.events
			order by document_id, attempt, event_id desc) e using (document_id, attempt)
		where e.status is distinct from j.status`,

	// Invariant 4: complete means whole. After a swap of generations the counts
	// of an attempt are brought up by and by.
	"chunks_miscounted": `select d.document_id, coalesce(k.n, 0) || ' chunks of ' || j.chunks_total from ` + present + `
			cross join upload_pipeline.corpus c left join (
				select document_id, generation, count(*) n from upload_pipeline.document_chunks group by 1, 2) k
				on k.document_id = d.document_id and k.generation = c.live
		where j.status = 'complete' and (coalesce(k.n, 0) = 0 or (j.generation = c.live and k.n <> j.chunks_total))`,
	"model_differs": `select k.document_id, 'generation ' || k.generation from upload_pipeline.document_chunks k
			join upload_pipeline.generations g using (generation)
		where k.embed_model is not null and g.model <> '' and k.embed_model <> g.model group by k.document_id, k.generation`,
	"ordinals_torn": `select document_id, 'generation ' || generation from upload_pipeline.document_chunks
		group by document_id, generation having min(ordinal) <> 0 or max(ordinal) + 1 <> count(distinct ordinal)`,
	"page_uncovered": `select d.document_id, 'page ' || p.page_number from ` + present + `
			join upload_pipeline.document_pages p on p.document_id = d.document_id and p.state = 'parsed' cross join upload_pipeline.corpus c
		where j.status = 'complete' and not exists (select from upload_pipeline.document_chunks k
			where k.document_id = p.document_id and k.generation = c.live and p.page_number between k.page_from and k.page_to)`,
	"receipt_unbalanced": `select d.document_id, 'expected ' || coalesce(j.receipt ->> 'expected', 'nothing') from ` + present + `
			left join (select document_id, count(*) n from upload_pipeline.document_pages where state = 'parsed' group by 1) p on p.document_id = d.document_id
		where j.status = 'complete' and not coalesce((j.receipt ->> 'expected')::int > 0
			and (j.receipt ->> 'parsed')::int = coalesce(p.n, 0)
			and (j.receipt ->> 'expected')::int = (j.receipt ->> 'parsed')::int
				+ jsonb_array_length(j.receipt -> 'blank') + jsonb_array_length(j.receipt -> 'failed'), false)`,
	"vector_missing": `select d.document_id, count(*) || ' chunks' from ` + present + ` cross join upload_pipeline.corpus c
			join upload_pipeline.document_chunks k on k.document_id = d.document_id and k.generation = c.live and k.embedding is null
		where j.status = 'complete' group by d.document_id`,
	"vector_unreal": `select document_id, count(*) || ' chunks' from upload_pipeline.document_chunks
		where embedding is not null and not extensions.vector_norm(embedding) between 0.98 and 1.02 group by document_id`,

	// Invariant 5: what is deleted is gone and stays gone.
	"deleted_stirs": `select document_id, 'an event' from upload_pipeline.events
			group by 1 having max(event_id) > min(event_id) filter (where status = 'deleting')
		union all
		select d.document_id, 'it is ' || j.status from ` + present + `
		where j.status <> 'deleting' and exists (select from upload_pipeline.events e where e.document_id = d.document_id and e.status = 'deleting')`,
	"name_left": `select u.document_id, u.state from upload_pipeline.upload_intents u
			left join upload_pipeline.documents d using (document_id)
		where d.document_id is null and u.filename <> '-'
			and exists (select from upload_pipeline.events e where e.document_id = u.document_id and e.status = 'deleting')`,
	"removal_unmarked": `select d.document_id, 'it is ' || j.status from ` + present + `
		where (d.removed_at is not null) <> (j.status = 'deleting')`,
	"rows_left": `select l.document_id, l.what from (
			select document_id, 'attempts' what from upload_pipeline.upload_jobs group by 1
			union all select document_id, 'pages' from upload_pipeline.document_pages group by 1
			union all select document_id, 'chunks' from upload_pipeline.document_chunks group by 1) l
		left join upload_pipeline.documents d using (document_id) where d.document_id is null`,

	// Invariant 6: what is beside the documents agrees with them.
	"audit_log_broken": `select null::uuid, 'row ' || c.seq from (
			select l.seq, l.hash, l as entry, lag(l.hash, 1, h.first_hash) over w as former, lag(l.seq, 1, h.first_seq - 1) over w as before
			from upload_pipeline.audit_log l cross join upload_pipeline.audit_head h window w as (order by l.seq)) c
		where c.before <> c.seq - 1 or c.hash <> sha256(c.former || convert_to(upload_pipeline.audit_text(c.entry), 'UTF8'))
		union all
		select null, 'the end' from upload_pipeline.audit_head h
			left join lateral (select seq, hash from upload_pipeline.audit_log order by seq desc limit 1) l on true
		where (coalesce(l.seq, h.first_seq - 1), coalesce(l.hash, h.first_hash)) is distinct from (h.seq, h.hash)`,
	"audit_unsealed": `select null::uuid, 'entry ' || entry from upload_pipeline.audit_inbox where at < now() - @late::interval`,
	"intent_stale": `select null::uuid, storage_key from upload_pipeline.storage_intents i
		where created_at < now() - @orphan::interval and not exists (select from upload_pipeline.documents d where d.storage_key = i.storage_key)`,
	"owner_differs": `select d.document_id, l.what from (
			select document_id, user_id, 'attempts' what from upload_pipeline.upload_jobs group by 1, 2
			union all select document_id, user_id, 'pages' from upload_pipeline.document_pages group by 1, 2
			union all select document_id, user_id, 'chunks' from upload_pipeline.document_chunks group by 1, 2
			union all select document_id, user_id, 'events' from upload_pipeline.events group by 1, 2) l
		join upload_pipeline.documents d using (document_id) where l.user_id <> d.user_id`,
}

// filesSQL is every key of the storage that is known. A document that is being
// deleted, or had malware in it, may have its file, and need not.
const filesSQL = `select d.storage_key, case when j.status = 'deleting' or ` + infected + ` then 'expected' else 'owned' end,
		d.document_id, d.bytes_len, d.file_sha256 from ` + present + `
	union all
	select storage_key, 'expected', '00000000-0000-0000-0000-000000000000', 0, null from upload_pipeline.storage_intents
	union all
	select storage_key, 'expected', '00000000-0000-0000-0000-000000000000', 0, null from upload_pipeline.upload_intents
	where state <> 'arrived' and (state = 'awaiting' or removed_at is null or removed_at <= address_until)`

const fatesSQL = `select w.id, e.born, exists (select from upload_pipeline.documents d where d.document_id = w.id), e.deleted
	from (select distinct unnest($1::uuid[]) id) w cross join lateral (
		select count(*) > 0 born, coalesce(bool_or(status = 'deleting'), false) deleted
		from upload_pipeline.events where document_id = w.id) e
	where e.born`

// attemptsSQL knows an erased attempt by its events.
const attemptsSQL = `select w.id, coalesce(j.document_id, e.document_id), coalesce(j.status, ''), coalesce(j.provider_job_id, ''),
		j.job_id is null or d.removed_at is not null,
		exists (select from river.river_job r where r.state in ` + liveStates + ` and r.kind in ('forget', 'purge')
			and r.args ->> 'document' = coalesce(j.document_id, e.document_id)::text), coalesce(j.lost_jobs, 0)
	from (select distinct unnest($1::uuid[]) id) w
	left join upload_pipeline.upload_jobs j on j.job_id = w.id left join upload_pipeline.documents d on d.document_id = j.document_id
	left join (select job_id, min(document_id::text)::uuid document_id from upload_pipeline.events where job_id = any ($1) group by 1) e
		on e.job_id = w.id
	where coalesce(j.document_id, e.document_id) is not null`

const waitingsSQL = `select d.document_id, j.job_id, j.provider_job_id from ` + present + `
	where j.status = 'parse_queued' and j.provider_job_id not like '` + core.StandbyJob + `%'`
