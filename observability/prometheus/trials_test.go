package prometheus_test

import "slices"

// trials are those of the rules written by hand, by theme.
func trials() []trial {
	return slices.Concat(httpTrials, processTrials, databaseTrials, outsideTrials, queueTrials, documentTrials, securityTrials, logTrials, machineTrials, selfTrials, pauseTrials)
}

const (
	answered = `http_server_request_duration_seconds_count{@, job="api", instance="a", method="GET", route="GET /documents", code="200"}`
	failed   = `http_server_request_duration_seconds_count{@, job="api", instance="a", method="GET", route="GET /documents", code="503"}`
	probed   = `http_server_request_duration_seconds_count{@, job="api", instance="a", method="GET", route="GET /readyz", code="503"}`
	within   = `http_server_request_duration_seconds_bucket{@, job="api", instance="a", method="GET", route="GET /documents", code="200", le=`
	streamed = `http_server_request_duration_seconds_count{@, job="api", instance="a", method="GET", route="GET /documents/{id}/events", code="200"}`
	called   = `http_server_request_duration_seconds_count{@, job="webhook", instance="w", method="POST", route="POST /webhook", code="200"}`
	calledIn = `http_server_request_duration_seconds_bucket{@, job="webhook", instance="w", method="POST", route="POST /webhook", code="200", le=`
)

var httpTrials = []trial{
	{"HighErrorRate", "2m30s", "env=production, job=api", "6.25%",
		series{failed: "0+1x60", answered: "0+15x60"}, // a 16th
		series{failed: "0+1x60", answered: "0+19x60", probed: "0+100x60"}},
	{"RollbackErrorRate", "1m30s", "env=production, job=api", "12.5%",
		series{failed: "0+1x60", answered: "0+7x60"},
		series{failed: "0+1x60", answered: "0+9x60", probed: "0+100x60"}},
	{"HighLatency", "2m30s", "env=production, job=api", "93.75%",
		series{answered: "0+16x60", within + `"30"}`: "0+15x60"},
		series{answered: "0+20x60", within + `"30"}`: "0+19x60", streamed: "0+20x60"}},
	{"RollbackLatency", "1m30s", "env=production, job=api", "93.75%",
		series{answered: "0+16x60", within + `"60.0"}`: "0+15x60"},
		series{answered: "0+20x60", within + `"60.0"}`: "0+19x60", streamed: "0+20x60"}},
	{"WebhookSlow", "5m30s", "env=production, job=webhook", "93.75%",
		series{called: "0+16x60", calledIn + `"1.0"}`: "0+15x60"},
		series{called: "0+20x60", calledIn + `"1.0"}`: "0+19x60"}},
	{"HttpPanics", "2m", "env=production, job=api", "",
		series{`http_server_panics_total{@, job="api"}`: "0x3 1x60"},
		series{`http_server_panics_total{@, job="api"}`: "1x60"}},
	{"RequestsShed", "10m", "env=production, job=api", "1.033",
		series{`http_server_requests_rejected_total{@, job="api", reason="unavailable"}`: "0+31x60"},
		series{`http_server_requests_rejected_total{@, job="api", reason="unavailable"}`: "0+30x60", `http_server_requests_rejected_total{@, job="api", reason="rate_limited"}`: "0+90x60"}},
	{"ProbeFailed", "1m", "env=production, instance=https://api.example.com/health", "",
		series{`probe_success{@, job="probe", instance="https://api.example.com/health"}`: "0x60"},
		series{`probe_success{@, job="probe", instance="https://api.example.com/health"}`: "1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 1x60"}},
	{"CertificateExpires", "1h", "env=production, instance=b", "13d 22h 0m 0s",
		series{`probe_ssl_earliest_cert_expiry{@, job="probe", instance="b"}`: "1206000x200"},
		series{`probe_ssl_earliest_cert_expiry{@, job="probe", instance="b"}`: "1300000x200"}},
	{"CertificateExpiresSoon", "10m", "env=production, instance=b", "2d 23h 49m 59s",
		series{`probe_ssl_earliest_cert_expiry{@, job="probe", instance="b"}`: "259199x60"},
		series{`probe_ssl_earliest_cert_expiry{@, job="probe", instance="b"}`: "262000x60"}},
}

// scraped is targets of those jobs, whether or not they answer.
func scraped(jobs ...string) series {
	s := series{}
	for _, job := range jobs {
		s[`up{@, job="`+job+`"}`] = "0x60"
	}
	return s
}

var processTrials = []trial{
	{"ServiceDown", "2m", "env=production, job=worker", "",
		series{`up{@, job="worker", instance="a"}`: "1 1 0x60", `up{@, job="worker", instance="b"}`: "1 0x60"},
		series{`up{@, job="worker", instance="a"}`: "1x60", `up{@, job="worker", instance="b"}`: "1 0x60"}},
	{"ServiceMissing", "5m", "env=production, job=api", "", scraped("worker", "webhook"), scraped("api", "worker", "webhook")},
	{"ServiceMissing", "5m", "env=production, job=worker", "", scraped("api", "webhook"), scraped("api", "worker", "webhook")},
	{"ServiceMissing", "5m", "env=production, job=webhook", "", scraped("api", "worker"), scraped("api", "worker", "webhook")},
	{"TargetDown", "2m30s", "env=production, job=node, instance=a", "",
		series{`up{@, job="node", instance="a"}`: "1 0x60"},
		series{`up{@, job="node", instance="a"}`: "1 0 0 0 1x60"}},
	{"ProcessRestarting", "2m", "env=production, job=worker", "4",
		series{`process_start_time_seconds{@, job="worker", instance="a"}`: "1 2 3 4 5x60"},
		series{`process_start_time_seconds{@, job="worker", instance="a"}`: "1 2 3 4x60"}},
	{"HeartbeatStale", "1m", "env=production, service=worker", "1m 1s",
		series{`docpipe_heartbeat_age_seconds{@, job="worker", service="worker"}`: "61x60"},
		series{`docpipe_heartbeat_age_seconds{@, job="worker", service="worker"}`: "60x60"}},
	{"ClockSkew", "5m", "env=production, job=api, instance=a", "2.1s",
		series{`docpipe_clock_skew_seconds{@, job="api", instance="a"}`: "-2.1x60"},
		series{`docpipe_clock_skew_seconds{@, job="api", instance="a"}`: "-2x60"}},
	{"FileDescriptorsLow", "5m", "env=production, job=api, instance=a", "81.25%",
		series{`process_open_fds{@, job="api", instance="a"}`: "13x60", `process_max_fds{@, job="api", instance="a"}`: "16x60"},
		series{`process_open_fds{@, job="api", instance="a"}`: "8x60", `process_max_fds{@, job="api", instance="a"}`: "10x60"}},
}

// pool is the series of a pool with so many of 16 connections in use.
func pool(acquired, waits string) series {
	return series{
		`pgxpool_acquired_conns{@, job="api", instance="a", pool="app"}`: acquired, `pgxpool_max_conns{@, job="api", instance="a", pool="app"}`: "16x60",
		`pgxpool_empty_acquires_total{@, job="api", instance="a", pool="app"}`: waits, `pgxpool_canceled_acquires_total{@, job="api", instance="a", pool="app"}`: "0x60",
	}
}

var databaseTrials = []trial{
	{"DatabaseDown", "1m30s", "env=production, job=api", "",
		series{`dependency_up{@, job="api", instance="a", dependency="database"}`: "1 0x60", `dependency_up{@, job="api", instance="b", dependency="database"}`: "0x60"},
		series{`dependency_up{@, job="api", instance="a", dependency="database"}`: "1x60", `dependency_up{@, job="api", instance="b", dependency="database"}`: "0x60"}},
	{"DbPoolExhausted", "2m30s", "env=production, job=api, pool=app", "100%", pool("16x60", "0+1x60"), pool("16x60", "7x60")},
	{"DbPoolExhausted", "2m30s", "env=production, job=api, pool=app", "100%", pool("16x60", "0+1x60"), pool("15x60", "0+1x60")},
	{"DbPoolAcquireCanceled", "6m", "env=production, job=api, pool=app", "133.3m",
		series{`pgxpool_canceled_acquires_total{@, job="api", pool="app"}`: "0+4x60"},
		series{`pgxpool_canceled_acquires_total{@, job="api", pool="app"}`: "0+3x60"}},
	{"DbPoolPressure", "10m", "env=production, job=api, pool=app", "81.25%", pool("13x60", "0x60"), pool("12x60", "0+1x60")},
	{"DatabaseOperationsSlow", "10m30s", "env=production, job=api", "93.75%",
		series{`db_client_operation_duration_seconds_count{@, job="api"}`: "0+16x60", `db_client_operation_duration_seconds_bucket{@, job="api", le="1.0"}`: "0+15x60"},
		series{`db_client_operation_duration_seconds_count{@, job="api"}`: "0+20x60", `db_client_operation_duration_seconds_bucket{@, job="api", le="1.0"}`: "0+19x60"}},
	{"DatabaseConnectionsHigh", "10m", "env=production, server=db", "81.25%",
		series{`pg_stat_activity_count{@, server="db", state="idle"}`: "10x60", `pg_stat_activity_count{@, server="db", state="active"}`: "3x60", `pg_settings_max_connections{@, server="db"}`: "16x60"},
		series{`pg_stat_activity_count{@, server="db", state="idle"}`: "8x60", `pg_settings_max_connections{@, server="db"}`: "10x60"}},
	{"SnapshotHeld", "1m", "env=production, holder=session", "1m 1s",
		series{`docpipe_xmin_age_seconds{@, job="worker", instance="a", holder="session"}`: "61x60", `docpipe_xmin_age_seconds{@, job="worker", instance="b", holder="session"}`: "0x60"},
		series{`docpipe_xmin_age_seconds{@, job="worker", instance="a", holder="session"}`: "60x60"}},
	{"SnapshotHeldLong", "1m", "env=production, holder=slot", "5m 1s",
		series{`docpipe_xmin_age_seconds{@, job="worker", instance="a", holder="slot"}`: "301x60"},
		series{`docpipe_xmin_age_seconds{@, job="worker", instance="a", holder="slot"}`: "300x60"}},
	{"ReplicaNotRead", "10m", "env=production, job=api", "",
		series{`docpipe_replica_ready{@, job="api", instance="a"}`: "0x60", `docpipe_replica_ready{@, job="api", instance="b"}`: "0x60"},
		series{`docpipe_replica_ready{@, job="api", instance="a"}`: "0x60", `docpipe_replica_ready{@, job="api", instance="b"}`: "1x60"}},
	{"DatabaseExporterFailing", "2m", "env=production, instance=a", "", series{`pg_up{@, instance="a"}`: "0x60"}, series{`pg_up{@, instance="a"}`: "1x60"}},
	{"RedisDown", "2m", "env=production, job=api", "",
		series{`dependency_up{@, job="api", dependency="redis"}`: "0x60"}, series{`dependency_up{@, job="api", dependency="redis"}`: "0 0 0 0 1x60"}},
	{"StatusCacheFailing", "5m30s", "env=production, job=worker", "6.25%",
		series{`cache_requests_total{@, job="worker", cache="status", result="unmoved"}`: "0+1x60", `cache_requests_total{@, job="worker", cache="status", result="moved"}`: "0+15x60"},
		series{`cache_requests_total{@, job="worker", cache="status", result="unmoved"}`: "0+1x60", `cache_requests_total{@, job="worker", cache="status", result="moved"}`: "0+19x60"}},
}
