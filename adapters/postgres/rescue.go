package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Rescued is a job that was taken from a run that is lost.
type Rescued struct {
	Job      int64
	Kind     string
	Document core.ID // zero for a round of upkeep
	Run      int     // that was lost, from 1
	Dead     bool    // its process is
	Missed   bool    // it was never begun; where neither is, it overran its time
	After    time.Duration
}

// Missed are jobs that were fetched for a process, which does not have them in
// hand: the answer to the fetch was lost. The zero value is none.
type Missed struct {
	Process core.ID
	Jobs    []int64
}

// fetchGrace is how long a process may not know of a job that it has by its row.
// An answer that took longer does not come: its connection counts as broken.
const fetchGrace = deadAfter

// uuidForm is the name of a process that has a heartbeat; of others, of an
// older release, the time of a run alone is judged.
const uuidForm = `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`

// lastRunner is the process that has, or had, the job r.
const lastRunner = `r.attempted_by[array_upper(r.attempted_by, 1)]`

// processLives says of the job r whether who runs it had a heartbeat within $1.
const processLives = `exists (select from upload_pipeline.instances i
	where i.instance_id::text = ` + lastRunner + ` and i.seen_at > now() - $1::interval)`

// missed says of the job r whether it is one of the jobs $5 that the process $6
// has by their rows alone, for longer than $7. What was fetched anew is not.
const missed = `coalesce(r.id = any($5::bigint[]) and ` + lastRunner + ` = $6 and r.attempted_at < now() - $7::interval, false)`

// Running lists the jobs that the process has by their rows, for so long that
// it must know of them.
func (s *Store) Running(ctx context.Context, process core.ID) (jobs []int64, err error) {
	rows, err := s.pool.Query(ctx, `select r.id from river.river_job r
		where r.state = 'running' and `+lastRunner+` = $1 and r.attempted_at < now() - $2::interval`, process.String(), fetchGrace)
	if err != nil {
		return nil, trouble(err)
	}
	jobs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return jobs, trouble(err)
}

// Rescue makes up to limit jobs available again whose run is lost: its process
// has had no heartbeat for dead, or missed them, or it takes longer than its kind
// may. The lost run counts as a try, unless it was never begun: that says nothing
// against the document. Should it still be at work after all, the fence lets
// nothing of it be kept. Time is the database's throughout. It may run in every
// process at once: what one looks at, the others skip.
func (s *Store) Rescue(ctx context.Context, dead time.Duration, longest map[string]time.Duration, own Missed, limit int) (rescued []Rescued, err error) {
	kinds, times := make([]string, 0, len(longest)), make([]time.Duration, 0, len(longest))
	for kind, d := range longest {
		kinds, times = append(kinds, kind), append(times, d)
	}
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `with lost as (
				select r.id, not `+processLives+` as dead, `+missed+` as missed from river.river_job r
				left join unnest($2::text[], $3::interval[]) as may (kind, longest) on may.kind = r.kind
				where r.state = 'running' and (r.attempted_at < now() - may.longest
					or (r.attempted_at < now() - $1::interval and `+lastRunner+` ~ '`+uuidForm+`' and not `+processLives+`)
					or `+missed+`)
				order by r.id limit $4 for update of r skip locked)
			update river.river_job r set
				state = case when r.metadata ? 'cancel_attempted_at' then 'cancelled' else 'available' end::river.river_job_state,
				finalized_at = case when r.metadata ? 'cancel_attempted_at' then now() end,
				scheduled_at = now(), max_attempts = greatest(r.max_attempts + lost.missed::int, r.attempt + 1),
				errors = array_append(r.errors, jsonb_build_object('at', now(), 'attempt', r.attempt, 'error', 'lost with its run', 'trace', '')),
				metadata = r.metadata || jsonb_build_object('navigator:lost', coalesce((r.metadata ->> 'navigator:lost')::int, 0) + (not lost.missed)::int)
			from lost where r.id = lost.id
			returning r.id, r.kind, (r.args ->> 'document')::uuid, r.attempt, lost.dead, lost.missed, extract(epoch from now() - r.attempted_at)::float8`,
			dead, kinds, times, limit, own.Jobs, own.Process.String(), fetchGrace)
		if err != nil {
			return err
		}
		rescued, err = pgx.CollectRows(rows, scanRescued)
		return err
	})
	return rescued, err
}

func scanRescued(row pgx.CollectableRow) (r Rescued, err error) {
	var document *core.ID
	var after float64
	err = row.Scan(&r.Job, &r.Kind, &document, &r.Run, &r.Dead, &r.Missed, &after)
	if document != nil {
		r.Document = *document
	}
	r.After = time.Duration(after * float64(time.Second))
	return r, err
}
