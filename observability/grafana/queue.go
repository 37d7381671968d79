package grafana

func queue() Dashboard {
	b := newBoard("queue", "Database, queue and River", "The jobs, who works them, and the database that holds both.")
	b.variable(values("queue", "Queue", "river_job_duration_seconds_count", "queue").several())
	jobs(b)
	working(b)
	pool(b)
	postgres(b)
	standby(b)
	return b.Dashboard
}

func jobs(b *board) {
	b.row("Jobs")
	b.stacked("Jobs by state", "Jobs that have not ended well, by state. Every worker tells the same: the greatest counts.", count,
		q(`sum by (state) (max by (queue, kind, state) (river_jobs{@, queue=~"$queue"}))`, "{{state}}")).leads("QueueBacklogGrowing", "QueueNotWorked")
	b.graph("Oldest job that waits", "Time that the oldest job of a queue has been waiting to be taken.", seconds,
		q(`max by (queue) (river_oldest_available_job_age_seconds{@, queue=~"$queue"})`, "{{queue}}")).warns("QueueOldestJobTooOld", 300)
	b.graph("Given up", "Jobs that were given up and are kept to be looked at, and those that are tried again later.", count,
		q(`sum by (kind) (max by (queue, kind, state) (river_jobs{@, queue=~"$queue", state=~"discarded|retryable"}))`, "{{kind}}")).leads("JobsDiscarded")
	b.stacked("Runs by outcome", "Runs of jobs a second, by outcome.", each, q(`sum by (outcome) (rate(river_job_duration_seconds_count{@, queue=~"$queue"}[@]))`, "{{outcome}}")).leads("JobRetryRateHigh")
	b.graph("Time of a run, p95", "Within this time end 95 % of the runs of a kind.", seconds, quantile(.95, "river_job_duration_seconds", `queue=~"$queue"`, "kind", "{{kind}}")).traced()
	b.graph("Wait for a worker, p95", "Time from when a job could be taken until it was.", seconds, quantile(.95, "river_job_queue_wait_seconds", `queue=~"$queue"`, "queue", "{{queue}}"))
	b.graph("Inserted", "Jobs inserted a second, by kind.", each, q(`sum by (kind) (rate(river_jobs_inserted_total{@, queue=~"$queue"}[@]))`, "{{kind}}"))
	b.graph("Runs a job needs", "Mean of the runs until a job ended.", none,
		q(`sum by (kind) (rate(river_job_attempts_sum{@}[@])) / sum by (kind) (rate(river_job_attempts_count{@}[@]))`, "{{kind}}"))
	b.graph("Paused", "1 while a queue, or the intake, rests.", none, q(`max by (queue) (river_queue_paused{@})`, "{{queue}}")).leads("QueuePaused", "IntakePaused")
}

func working(b *board) {
	b.row("Workers")
	b.graph("Workers that are busy", "Share of a queue's slots that are working.", share,
		q(`sum by (queue) (river_workers_busy{@, queue=~"$queue"}) / sum by (queue) (river_worker_slots{@, queue=~"$queue"})`, "{{queue}}")).warns("WorkersSaturated", 1)
	b.graph("Time of a fetch, p95", "Time that taking jobs out of the table takes.", seconds, quantile(.95, "river_fetch_duration_seconds", `queue=~"$queue"`, "queue", "{{queue}}"))
	b.graph("Fetched", "Jobs taken a second.", each, q(`sum by (queue) (rate(river_fetched_jobs_total{@, queue=~"$queue"}[@]))`, "{{queue}}"))
	b.graph("Hung", "Jobs a second that do not end although they were told to.", each, q(`sum by (kind) (rate(river_jobs_hung_total{@}[@]))`, "{{kind}}")).leads("JobsHung")
	b.graph("Leader", "Processes that lead River's upkeep: 1 is right.", none, q(`sum (river_leader{@})`, "leaders")).leads("RiverLeaderMissing")
	b.bars("Since upkeep last succeeded", "Time since each round of upkeep last succeeded.", seconds, q(`time() - max by (round) (docpipe_upkeep_last_success_timestamp_seconds{@})`, "{{round}}")).leads("ReconcilerNotRunning", "UpkeepNotRunning")
}

func pool(b *board) {
	b.row("Connections")
	b.graph("Pool in use", "Share of a process' connections that are in use.", share,
		q(`pgxpool_acquired_conns{@} / pgxpool_max_conns{@}`, "{{job}} {{pool}}")).warns("DbPoolPressure", .8).warns("DbPoolExhausted", .95)
	b.graph("Waits for a connection", "Connections a second that had to be waited for, and waits that were given up.", each,
		q(`sum by (job, pool) (rate(pgxpool_empty_acquires_total{@}[@]))`, "{{job}} {{pool}} waited"),
		q(`sum by (job, pool) (rate(pgxpool_canceled_acquires_total{@}[@]))`, "{{job}} {{pool}} given up")).leads("DbPoolAcquireCanceled")
	b.graph("Time to get one", "Mean time that taking a connection takes.", seconds,
		q(`sum by (job, pool) (rate(pgxpool_acquire_wait_seconds_total{@}[@])) / sum by (job, pool) (rate(pgxpool_acquires_total{@}[@]))`, "{{job}} {{pool}}"))
	b.stacked("Connections", "Connections by what they do.", count, q(`sum by (job, pool) (pgxpool_acquired_conns{@})`, "{{job}} {{pool}} in use"), q(`sum by (job, pool) (pgxpool_idle_conns{@})`, "{{job}} {{pool}} at rest"))
	b.graph("Opened and closed", "Connections a second that were opened, and closed for a reason.", each, q(`sum by (job) (rate(pgxpool_new_conns_total{@}[@]))`, "{{job}} opened"),
		q(`sum by (job, reason) (rate(pgxpool_destroyed_conns_total{@}[@]))`, "{{job}} {{reason}}"))
	b.bars("Look at the database", "Time of the last look at how everything stands.", seconds, q(`max by (job, collector) (docpipe_collector_duration_seconds{@})`, "{{job}} {{collector}}")).leads("CollectorFailing")
}

func postgres(b *board) {
	b.row("Database")
	b.graph("Time of an operation, p95", "Within this time end 95 % of the operations on the database.", seconds, quantile(.95, "db_client_operation_duration_seconds", "", "operation", "{{operation}}")).leads("DatabaseOperationsSlow")
	b.stacked("Operations", "Operations a second, by outcome.", each, q(`sum by (outcome) (rate(db_client_operation_duration_seconds_count{@}[@]))`, "{{outcome}}"))
	b.graph("Longest transaction", "Age of the longest transaction of each state: it keeps dead rows alive.", seconds, q(`max by (state) (pg_stat_activity_max_tx_duration{@})`, "{{state}}"))
	b.graph("Oldest snapshot", "Time for which the oldest snapshot is held: rows that died since stay, and the queue gets slower.", seconds,
		q(`max by (holder) (docpipe_xmin_age_seconds{@})`, "{{holder}}")).warns("SnapshotHeld", 60).warns("SnapshotHeldLong", 300)
	b.graph("The server's connections", "Connections of the server, by state.", count, q(`sum by (state) (pg_stat_activity_count{@})`, "{{state}}"))
	b.graph("Transactions", "Transactions a second that were kept, and rolled back.", each, q(`sum (rate(pg_stat_database_xact_commit{@}[@]))`, "kept"), q(`sum (rate(pg_stat_database_xact_rollback{@}[@]))`, "rolled back"))
	b.graph("Size", "Bytes of each database.", size, q(`max by (datname) (pg_database_size_bytes{@})`, "{{datname}}"))
}

func standby(b *board) {
	b.row("Read replica")
	b.graph("Behind", "Time that the replica is behind, where there is one; what is further behind than DATABASE_REPLICA_MAX_LAG is left alone.", seconds,
		q(`max by (instance) (docpipe_replica_lag_seconds{@})`, "{{instance}}")).leads("ReplicaNotRead")
	b.graph("Read from", "1 while a process reads at the replica.", none, q(`min by (instance) (docpipe_replica_ready{@})`, "{{instance}}")).leads("ReplicaNotRead")
	b.stacked("Where reads went", "Reads that may go to the replica a second: there, or to the primary, for the replica was behind, ahead, unready, or failed.", each,
		q(`sum by (result) (rate(docpipe_replica_reads_total{@}[@]))`, "{{result}}")).leads("ReplicaNotRead")
	b.graph("Reads at the replica", "Share of the reads that may go to the replica and went there.", share,
		q(`sum (rate(docpipe_replica_reads_total{@, result="replica"}[@])) / sum (rate(docpipe_replica_reads_total{@}[@]))`, "there"))
}
