package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// lookTime bounds one look: metrics are never a load of their own.
const lookTime = "2s"

// Census reads how the deployment stands, within one transaction of at most
// two seconds a statement. Stuck counts the documents that are longer in a
// status than after, or than the parser was given.
func (o *Operations) Census(ctx context.Context, after time.Duration) (s ports.Census, err error) {
	look := pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	err = o.pool.InTx(ctx, look, func(tx pgx.Tx) (err error) {
		if _, err = tx.Exec(ctx, `select set_config('statement_timeout', $1, true)`, lookTime); err != nil {
			return err
		}
		if s.Documents, err = standingDocuments(ctx, tx, after); err != nil {
			return err
		}
		if s.Jobs, err = standingJobs(ctx, tx); err != nil {
			return err
		}
		if err = standingCallbacks(ctx, tx, &s); err != nil {
			return err
		}
		if err = standingProcesses(ctx, tx, &s); err != nil {
			return err
		}
		s.Snapshots, err = o.snapshots.read(ctx, tx)
		return err
	})
	return s, trouble(err)
}

func standingCallbacks(ctx context.Context, tx pgx.Tx, s *ports.Census) error {
	var oldest float64
	err := tx.QueryRow(ctx, `select count(*), coalesce(extract(epoch from now() - min(status_since)), 0)::float8
		from upload_pipeline.upload_jobs where status = 'parse_queued' and webhook_at is null and provider_job_id is not null`).Scan(&s.Callbacks, &oldest)
	s.OldestCallback = time.Duration(oldest * float64(time.Second))
	return err
}

func standingDocuments(ctx context.Context, tx pgx.Tx, after time.Duration) ([]ports.DocumentStanding, error) {
	rows, err := tx.Query(ctx, `select w.status, count(j.job_id), coalesce(extract(epoch from now() - min(j.status_since)), 0)::float8,
			count(j.job_id) filter (where not w.status = any ($3) and greatest(j.status_since + $2::interval, j.parse_deadline) < now())
		from unnest($1::text[]) with ordinality as w (status, place)
		left join (upload_pipeline.upload_jobs j join upload_pipeline.documents d on d.document_id = j.document_id and d.attempt = j.attempt)
			on j.status = w.status
		group by w.status, w.place order by w.place`, words(core.Statuses()), after, words(ends()))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d ports.DocumentStanding, err error) {
		var oldest float64
		err = row.Scan(&d.Status, &d.Count, &oldest, &d.Stuck)
		d.Oldest = time.Duration(oldest * float64(time.Second))
		return d, err
	})
}

// ends is the statuses that an attempt ends in.
func ends() (list []core.Status) {
	for _, s := range core.Statuses() {
		if s.Terminal() {
			list = append(list, s)
		}
	}
	return list
}

func words(statuses []core.Status) []string {
	list := make([]string, len(statuses))
	for i, s := range statuses {
		list[i] = string(s)
	}
	return list
}

func standingJobs(ctx context.Context, tx pgx.Tx) ([]ports.JobStanding, error) {
	rows, err := tx.Query(ctx, `select r.queue, r.kind, r.state::text, count(*),
			coalesce(extract(epoch from now() - min(`+dueSince+`) filter (where r.state = 'available' and r.scheduled_at <= now())), 0)::float8
		from river.river_job r where r.state in `+liveStates+` group by r.queue, r.kind, r.state
		union all
		select r.queue, r.kind, r.state::text, count(*), 0 from river.river_job r
			where r.state = 'discarded' and r.finalized_at > now() - interval '7 days' group by r.queue, r.kind, r.state`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (j ports.JobStanding, err error) {
		var oldest float64
		err = row.Scan(&j.Queue, &j.Kind, &j.State, &j.Count, &oldest)
		j.Oldest = time.Duration(oldest * float64(time.Second))
		return j, err
	})
}

func standingProcesses(ctx context.Context, tx pgx.Tx, s *ports.Census) error {
	s.Processes, s.Heartbeats, s.Paused = map[string]int{}, map[string]time.Duration{}, map[string]bool{}
	rows, err := tx.Query(ctx, `select service, count(*) filter (where seen_at > now() - $1::interval), extract(epoch from now() - max(seen_at))::float8
		from upload_pipeline.instances where seen_at > now() - interval '1 day' group by service`, Alive)
	if err != nil {
		return err
	}
	var service, what string
	var n int
	var age float64
	_, err = pgx.ForEachRow(rows, []any{&service, &n, &age}, func() error {
		s.Heartbeats[service] = time.Duration(age * float64(time.Second))
		if n > 0 {
			s.Processes[service] = n
		}
		return nil
	})
	if err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, `select what from upload_pipeline.pauses`); err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&what}, func() error { s.Paused[strings.TrimPrefix(what, core.PauseQueue(""))] = true; return nil })
	if err != nil {
		return err
	}
	return tx.QueryRow(ctx, `select coalesce(max(leader_id) filter (where expires_at > now()), '') from river.river_leader`).Scan(&s.Leader)
}
