package plans_test

// excuse says why statements may read a large table from end to end: those that
// hold one of the words.
type excuse struct {
	why   string
	words []string
}

var excuses = []excuse{
	{"a rule of navigator verify looks at every row: on-call asks for it, and each has two minutes", []string{
		"', last event ' || coalesce(e.status, 'none')",
		"not upload_pipeline.is_move(was, status)",
		"'events remain'",
		"j.attempt < d.attempt where j.status not in",
		"having count(*) > 1",
		"not extensions.vector_norm(embedding) between 0.98 and 1.02",
		"k.embedding is null where j.status = 'complete'",
		"'an event' from upload_pipeline.events",
		"'expected ' || coalesce(j.receipt ->> 'expected', 'nothing')",
		"lag(status) over (partition by document_id, attempt order by event_id) before",
		"' of ' || coalesce(a.n, 0) || ' rows'",
		"j.status <> 'parse_queued' and not exists (select from river.river_job r",
		"'attempts' what from upload_pipeline.upload_jobs",
		"coalesce(k.n, 0) || ' chunks of ' || j.chunks_total",
		"select d.document_id, 'page ' || p.page_number",
		"(d.removed_at is not null) <> (j.status = 'deleting')",
		"k.embed_model <> g.model",
		"select l.actor, l.user_id, l.seq, array_agg(d.document_id)",
	}},
	{"the census counts the documents of every status; it has two seconds, and is left out when they are over", []string{"as w (status, place)"}},
	{"operators ask what the month cost, by owner", []string{"select user_id, count(distinct document_id), sum(nanousd)::bigint"}},
	{"a round of the archive, once a day and only where there is one, looks which files rest", []string{
		"greatest(d.created_at, d.file_read_at, j.status_since) < now() - $1::interval"}},
}

// either are statements whose plan may turn: both ways are by a key, the table is
// a small one, or it is a round of retention, which reads sessions and tokens
// once a day whichever comes first.
var either = []string{
	"delete from upload_pipeline.api_keys where user_id = $1 and key_id = $2",
	"update upload_pipeline.upload_intents set state = $3, last_error = null",
	"update upload_pipeline.deletions x set done_at = clock_timestamp()",
	"select count(*) from upload_pipeline.storage_intents where storage_key = any ($1)",
	"from local_auth.sessions t where not exists (select from local_auth.refresh_tokens r",
}
