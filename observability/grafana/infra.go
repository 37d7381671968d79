package grafana

func infra() Dashboard {
	b := newBoard("infra", "Infrastructure", "Machines, PostgreSQL, Redis, the prober, and those who watch: Prometheus, Alertmanager and Loki.")
	machines(b)
	stores(b)
	statuses(b)
	watchers(b)
	return b.Dashboard
}

func machines(b *board) {
	b.row("Machines")
	b.graph("CPU", "Share of the processors' time that is in use.", share, q(`1 - avg by (instance) (rate(node_cpu_seconds_total{@, mode="idle"}[@]))`, "{{instance}}")).warns("CpuSaturated", .9)
	b.graph("Memory", "Share of the memory that is to be had.", share, q(`min by (instance) (node_memory_MemAvailable_bytes{@} / node_memory_MemTotal_bytes{@})`, "{{instance}}")).floor("MemoryLow", .1)
	b.graph("Disk", "Share of each file system that is free.", share,
		q(`min by (instance, mountpoint) (node_filesystem_avail_bytes{@, fstype!~"tmpfs|ramfs|overlay|squashfs"} / node_filesystem_size_bytes{@})`, "{{instance}} {{mountpoint}}")).
		floor("DiskFull", .03).floor("DiskFillsUp", .1)
	b.graph("Load", "Processes that run or want to, over a minute.", none, q(`node_load1{@}`, "{{instance}}"))
	b.graph("Network", "Bytes a second in and out.", size, q(`sum by (instance) (rate(node_network_receive_bytes_total{@}[@]))`, "{{instance}} in"), q(`sum by (instance) (rate(node_network_transmit_bytes_total{@}[@]))`, "{{instance}} out"))
	b.graph("Disk in use", "Share of the time that each disk is working.", share, q(`rate(node_disk_io_time_seconds_total{@}[@])`, "{{instance}} {{device}}"))
}

func stores(b *board) {
	b.row("PostgreSQL and Redis")
	b.graph("PostgreSQL answers", "1 while the exporter reaches the server.", none, q(`max by (instance) (pg_up{@})`, "{{instance}}")).leads("DatabaseExporterFailing")
	b.graph("Connections of the server", "Share of the connections that the server allows.", share, q(`sum (pg_stat_activity_count{@}) / max (pg_settings_max_connections{@})`, "in use")).warns("DatabaseConnectionsHigh", .8)
	b.graph("Deadlocks and conflicts", "Deadlocks and conflicts a second.", each, q(`sum (rate(pg_stat_database_deadlocks{@}[@]))`, "deadlocks"), q(`sum (rate(pg_stat_database_conflicts{@}[@]))`, "conflicts"))
	b.graph("Redis answers", "1 while the exporter reaches the server.", none, q(`max by (instance) (redis_up{@})`, "{{instance}}")).leads("RedisDown")
	b.graph("Redis' memory", "Bytes that Redis uses.", size, q(`max by (instance) (redis_memory_used_bytes{@})`, "{{instance}}"))
	b.graph("Connections to Redis", "Our connections by state, and waits a second that were given up.", count, q(`sum by (state) (redis_pool_conns{@})`, "{{state}}"), q(`sum (rate(redis_pool_timeouts_total{@}[@]))`, "given up"))
}

func statuses(b *board) {
	b.row("Statuses kept in Redis")
	b.stacked("Statuses asked for", "Statuses asked for a second: answered by Redis (hit), by the database (miss), by that for Redis was away (error).", each,
		q(`sum by (result) (rate(cache_requests_total{@, result=~"hit|miss|error"}[@]))`, "{{result}}"))
	b.graph("Hits", "Share of the statuses that Redis answered.", share,
		q(`sum (rate(cache_requests_total{@, result="hit"}[@])) / sum (rate(cache_requests_total{@, result=~"hit|miss|error"}[@]))`, "hits"))
	b.graph("Moves told", "Moves of documents a second that Redis was told of, and those that it could not be: their former status lives out its time.", each,
		q(`sum by (job, result) (rate(cache_requests_total{@, result=~"moved|unmoved"}[@]))`, "{{job}} {{result}}")).leads("StatusCacheFailing")
	b.graph("Calls that failed", "Share of the questions and moves that did not reach Redis.", share,
		q(`sum by (job) (rate(cache_requests_total{@, result=~"error|unmoved"}[@])) / sum by (job) (rate(cache_requests_total{@}[@])) or sum by (job) (rate(cache_requests_total{@}[@])) * 0`, "{{job}}")).warns("StatusCacheFailing", .05)
}

func watchers(b *board) {
	b.row("Who watches")
	b.graph("Probes", "Share of probes from outside that succeeded.", share, q(`avg by (job, instance) (probe_success{@})`, "{{job}} {{instance}}")).floor("ProbeFailed", .5)
	b.graph("Time of a probe", "How long a probe took.", seconds, q(`max by (instance) (probe_duration_seconds{@})`, "{{instance}}"))
	b.graph("Certificate", "Time until the front's certificate ends.", seconds, q(`min by (instance) (probe_ssl_earliest_cert_expiry{@}) - time()`, "{{instance}}")).
		floor("CertificateExpiresSoon", 3*86400).floor("CertificateExpires", 14*86400)
	b.graph("Targets", "Targets of the scraper that answer, and that do not.", count, q(`sum by (job) (up{@})`, "{{job}}"), q(`count by (job) (up{@}) - sum by (job) (up{@})`, "{{job}} away")).leads("TargetDown")
	b.graph("Rules that failed", "Evaluations of rules a second that failed.", each, q(`sum (rate(prometheus_rule_evaluation_failures_total{@}[@]))`, "failed")).leads("PrometheusRuleFailures", "ConfigReloadFailed")
	b.graph("Alerts that could not be told", "Notifications a second, and those that failed.", each, q(`sum by (integration) (rate(alertmanager_notifications_total{@}[@]))`, "{{integration}}"),
		q(`sum by (integration) (rate(alertmanager_notifications_failed_total{@}[@]))`, "{{integration}} failed")).leads("AlertmanagerNotificationsFailing", "PrometheusNotificationsDropped")
	b.graph("Series", "Series that Prometheus holds in memory.", count, q(`max by (instance) (prometheus_tsdb_head_series{@})`, "{{instance}}"))
	b.graph("Loki's answers", "Requests of Loki a second, by code.", requests, q(`sum by (status_code) (rate(loki_request_duration_seconds_count{@}[@]))`, "{{status_code}}")).leads("LokiRequestErrors")
	b.graph("Loki's lines", "Lines a second that Loki took.", each, q(`sum (rate(loki_distributor_lines_received_total{@}[@]))`, "lines"))
}
