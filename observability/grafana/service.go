package grafana

// service is a board of one service, by its job of the scraper.
func service(name, title, description string, own func(*board)) Dashboard {
	b := newBoard(name, title, description)
	jobs := values("job", "Job", "docpipe_build_info", "job")
	jobs.Regex = "/^" + name + "$/"
	b.variable(jobs)
	b.row("Processes")
	b.number("Answering", "Processes that answer the scraper.", count, q(`sum (up{@, job="$job"})`, "up")).leads("ServiceDown")
	b.number("By heartbeat", "Living processes by their heartbeat in the database.", count, q(`max (docpipe_processes{@, service=~"`+name+`|dev"})`, "alive"))
	b.number("Heartbeat", "Age of the oldest heartbeat of a living process.", seconds, q(`max (docpipe_heartbeat_age_seconds{@, service=~"`+name+`|dev"})`, "age")).warns("HeartbeatStale", 60)
	b.number("Running since", "Time since the youngest process started.", seconds, q(`time() - max (process_start_time_seconds{@, job="$job"})`, "up for")).leads("ProcessRestarting")
	b.number("Clock", "The process' clock less the database's.", seconds, q(`max (docpipe_clock_skew_seconds{@})`, "ahead")).warns("ClockSkew", 2)
	b.number("Builds", "Processes by what they are built of.", count, q(`count by (revision) (docpipe_build_info{@, job="$job"})`, "{{revision}}"))
	own(b)
	b.row("Resources")
	b.graph("CPU", "Cores in use, by process.", none, q(`rate(process_cpu_seconds_total{@, job="$job"}[@])`, "{{instance}}"))
	b.graph("Memory", "Resident bytes, and bytes of Go's heap, by process.", size, q(`process_resident_memory_bytes{@, job="$job"}`, "{{instance}} resident"), q(`go_memstats_heap_inuse_bytes{@, job="$job"}`, "{{instance}} heap"))
	b.graph("Goroutines", "Goroutines by process: a count that only grows is a leak.", count, q(`go_goroutines{@, job="$job"}`, "{{instance}}"))
	b.graph("Open files", "Share of the open files that the system allows.", share, q(`process_open_fds{@, job="$job"} / process_max_fds{@, job="$job"}`, "{{instance}}")).warns("FileDescriptorsLow", .8)
	b.graph("Pauses for garbage", "Share of the time that everything stood still for collecting garbage.", share, q(`rate(go_gc_duration_seconds_sum{@, job="$job"}[@])`, "{{instance}}"))
	b.graph("Pool in use", "Share of the connections that are in use.", share, q(`pgxpool_acquired_conns{@, job="$job"} / pgxpool_max_conns{@, job="$job"}`, "{{instance}} {{pool}}")).
		warns("DbPoolPressure", .8).warns("DbPoolExhausted", .95)
	b.row("Log")
	b.stacked("Lines by level", "Lines a second, by level.", each, q(`sum by (level) (rate(log_messages_total{@, job="$job"}[@]))`, "{{level}}")).leads("ErrorsLogged")
	b.logLines("Warnings and errors", "What the service says is wrong.", `{@, service_name=~"`+name+`|dev", level=~"warn|error"}`)
	return b.Dashboard
}

func api() Dashboard {
	return service("api", "Service: API", "The door of people and machines: accounts, uploads, reading, search.", func(b *board) {
		b.row("Requests")
		b.stacked("Requests", "Requests a second, by route.", requests, q(`sum by (route) (rate(`+answers+`_count{@, job="$job"}[@]))`, "{{route}}"))
		b.graph("Share that failed", "Share of answers 5xx.", share, errorShare(`, job="$job"`, "", "failed")).warns("HighErrorRate", .05).warns("RollbackErrorRate", .1)
		b.graph("Time of an answer", "Within these times end half and 95 % of the answers.", seconds, quantile(.5, answers, `job="$job"`, "", "p50"), quantile(.95, answers, `job="$job"`, "", "p95")).traced()
		b.graph("In flight", "Requests that are being answered.", count, q(`sum (http_server_requests_in_flight{@, job="$job"})`, "in flight"))
		b.stacked("Refused", "Requests a second that were refused, by reason.", requests, q(`sum by (reason) (rate(http_server_requests_rejected_total{@, job="$job"}[@]))`, "{{reason}}"))
		b.stacked("Sign-ins", "Proofs of who somebody is, a second, by way and outcome.", each, q(`sum by (method, outcome) (rate(auth_attempts_total{@, job="$job"}[@]))`, "{{method}} {{outcome}}")).leads("AuthFailureSpike")
	})
}

func worker() Dashboard {
	return service("worker", "Service: worker", "Who works the queue: liveness is progress.", func(b *board) {
		b.row("Work")
		b.stacked("Runs", "Runs of jobs a second, by kind.", each, q(`sum by (kind) (rate(river_job_duration_seconds_count{@, job="$job"}[@]))`, "{{kind}}"))
		b.stacked("Outcomes", "Runs a second, by outcome.", each, q(`sum by (outcome) (rate(river_job_duration_seconds_count{@, job="$job"}[@]))`, "{{outcome}}"))
		b.graph("Busy", "Slots of each queue that are working.", count, q(`sum by (queue) (river_workers_busy{@, job="$job"})`, "{{queue}}"))
		b.number("Last progress", "Time since a job last ended here.", seconds, q(`time() - max (docpipe_last_progress_timestamp_seconds{@, job="$job"})`, "ago")).large().leads("PipelineNoForwardProgress")
		b.bars("Since upkeep last succeeded", "Time since each round of upkeep last succeeded.", seconds, q(`time() - max by (round) (docpipe_upkeep_last_success_timestamp_seconds{@, job="$job"})`, "{{round}}"))
		b.graph("Hung", "Jobs a second that do not end although they were told to.", each, q(`sum by (kind) (rate(river_jobs_hung_total{@, job="$job"}[@]))`, "{{kind}}"))
		b.stacked("Calls outside", "Calls a second, by service.", each, q(`sum by (peer) (rate(`+calls+`_count{@, job="$job"}[@]))`, "{{peer}}"))
		b.graph("Failures outside", "Failed calls a second, by service and class.", each, q(`sum by (peer, class) (rate(external_api_errors_total{@, job="$job"}[@]))`, "{{peer}} {{class}}")).leads("ExternalApiErrors")
		b.bars("Last call", "Whether the last real call of each succeeded: 1 is yes.", none, q(`min by (dependency) (dependency_up{@, job="$job"})`, "{{dependency}}"))
	})
}

func webhook() Dashboard {
	return service("webhook", "Service: webhook", "The parser's door: it takes callbacks within a second, or sends them away to come again.", func(b *board) {
		b.row("Callbacks")
		b.stacked("Callbacks", "Callbacks a second, by what became of them.", each, q(`sum by (outcome) (rate(webhook_received_total{@, job="$job"}[@]))`, "{{outcome}}")).leads("WebhookSignatureFailures")
		b.graph("Answered within 1 s", "Share of the callbacks that were answered within 1 s.", share, within(answers, "1", `, job="$job", route=~".*/webhook/.*"`, "within 1 s")).floor("WebhookSlow", .95)
		b.graph("Time of an answer", "Within these times end half and 95 % of the answers.", seconds, quantile(.5, answers, `job="$job", route=~".*/webhook/.*"`, "", "p50"),
			quantile(.95, answers, `job="$job", route=~".*/webhook/.*"`, "", "p95")).traced()
		b.graph("From submission to callback", "Time until the parser calls back, p95.", seconds, quantile(.95, "webhook_callback_latency_seconds", "", "", "p95"))
		b.graph("Waited for", "Documents that wait for a callback.", count, q(`max (webhook_callbacks_pending{@})`, "pending")).leads("WebhookCallbacksMissing")
		b.graph("Found without a callback", "Results that a poll found, a second.", each, q(`sum (rate(webhook_callbacks_reconciled_total{@}[@]))`, "reconciled"))
	})
}
