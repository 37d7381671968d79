package prometheus_test

const (
	calls      = `http_client_request_duration_seconds_count{@, job="worker", peer="parser", operation="submit", code="ok"}`
	callErrors = `external_api_errors_total{@, job="worker", peer="parser", class=`
	roomLeft   = `external_api_rate_limit_remaining{@, job="worker", peer="embedder", resource="tokens"}`
	roomTotal  = `external_api_rate_limit_limit{@, job="worker", peer="embedder", resource="tokens"}`
	cost       = `docpipe_estimated_cost_usd_total{@, job="worker", provider="parser"}`
)

var outsideTrials = []trial{
	{"ExternalApiDown", "5m30s", "env=production, peer=parser", "",
		series{`external_api_circuit_open{@, job="worker", instance="a", peer="parser"}`: "0 1 1 0 1 1 0 1 1 0 1 1 0 1x60", `external_api_circuit_open{@, job="api", instance="b", peer="parser"}`: "0x60"},
		series{`external_api_circuit_open{@, job="worker", instance="a", peer="parser"}`: "0 1 1 1 1 1 1 0x60"}},
	{"ExternalApiErrors", "5m30s", "env=production, peer=parser", "25%",
		series{callErrors + `"unavailable"}`: "0+1x60", calls: "0+4x60"},
		series{callErrors + `"unavailable"}`: "0+1x60", callErrors + `"refused"}`: "0+4x60", calls: "0+5x60"}},
	{"ExternalApiRateLimited", "6m", "env=production, peer=parser", "20",
		series{callErrors + `"rate_limited"}`: "0 10 20x60"}, series{callErrors + `"rate_limited"}`: "0 5 10x60"}},
	{"ExternalApiSlow", "10m30s", "env=production, peer=parser", "93.75%",
		series{calls: "0+16x60", `http_client_request_duration_seconds_bucket{@, job="worker", peer="parser", operation="submit", code="ok", le="30.0"}`: "0+15x60"},
		series{calls: "0+20x60", `http_client_request_duration_seconds_bucket{@, job="worker", peer="parser", operation="submit", code="ok", le="30"}`: "0+19x60"}},
	{"ExternalApiBudgetLow", "5m", "env=production, peer=embedder, resource=tokens", "6.25%", series{roomLeft: "1x60", roomTotal: "16x60"}, series{roomLeft: "1x60", roomTotal: "10x60"}},
	{"DependencyDown", "5m", "env=production, dependency=storage", "",
		series{`dependency_up{@, job="worker", instance="a", dependency="storage"}`: "0x60"},
		series{`dependency_up{@, job="worker", instance="a", dependency="storage"}`: "0x60", `dependency_up{@, job="api", instance="b", dependency="storage"}`: "1x60", `dependency_up{@, job="api", dependency="redis"}`: "0x60"}},
	{"BudgetNearlySpent", "5m", "env=production", "81%", series{`docpipe_budget_used_ratio{@, job="worker"}`: "0.81x60"}, series{`docpipe_budget_used_ratio{@, job="worker"}`: "0.8x60"}},
	{"BudgetSpent", "1m", "env=production", "100%", series{`docpipe_budget_used_ratio{@, job="worker"}`: "1x60"}, series{`docpipe_budget_used_ratio{@, job="worker"}`: "0.999x60"}},
	{"CostAnomaly", "25h", "env=production", "1.2",
		series{cost: "0+0.01x288 2.98+0.1x60"}, series{cost: "0+0.1x360"}},
}

const available = `river_jobs{@, job="worker", instance="a", queue="embed", kind="embed", state="available"}`

var queueTrials = []trial{
	{"QueueOldestJobTooOld", "5m", "env=production, queue=embed, kind=embed", "5m 1s",
		series{`river_oldest_available_job_age_seconds{@, job="worker", queue="embed", kind="embed"}`: "301x60", `river_queue_paused{@, queue="embed"}`: "0x60"},
		series{`river_oldest_available_job_age_seconds{@, job="worker", queue="embed", kind="embed"}`: "300x60"}},
	{"QueueOldestJobTooOld", "5m", "env=production, queue=embed, kind=embed", "5m 1s",
		series{`river_oldest_available_job_age_seconds{@, job="worker", queue="embed", kind="embed"}`: "301x60"},
		series{`river_oldest_available_job_age_seconds{@, job="worker", queue="embed", kind="embed"}`: "900x60", `river_queue_paused{@, queue="embed"}`: "1x60"}},
	{"QueueNotWorked", "5m", "env=production, queue=embed", "",
		series{available: "1x60"},
		series{available: "1x60", `river_job_duration_seconds_count{@, job="worker", instance="b", queue="embed", kind="embed", outcome="completed"}`: "0+1x60"}},
	{"QueueBacklogGrowing", "10m30s", "env=production, queue=embed, kind=embed", "222", series{available: "201+1x60"}, series{available: "500-1x60"}},
	{"JobsDiscarded", "2m", "env=production, queue=parse, kind=parse", "3",
		series{`river_jobs{@, job="worker", queue="parse", kind="parse", state="discarded"}`: "_x4 3x60"},
		series{`river_jobs{@, job="worker", queue="parse", kind="parse", state="discarded"}`: "0x60"}},
	{"JobRetryRateHigh", "17m30s", "env=production, kind=parse", "50%",
		series{`river_job_duration_seconds_count{@, queue="parse", kind="parse", outcome="retry"}`: "0+1x60", `river_job_duration_seconds_count{@, queue="parse", kind="parse", outcome="completed"}`: "0+1x60"},
		series{`river_job_duration_seconds_count{@, queue="parse", kind="parse", outcome="retry"}`: "0+1x60", `river_job_duration_seconds_count{@, queue="parse", kind="parse", outcome="completed"}`: "0+3x60"}},
	{"JobsHung", "2m", "env=production, kind=parse", "", series{`river_jobs_hung_total{@, job="worker", kind="parse"}`: "0x3 1x60"}, series{`river_jobs_hung_total{@, job="worker", kind="parse"}`: "1x60"}},
	{"WorkersSaturated", "30m", "env=production, queue=embed", "",
		series{`river_workers_busy{@, instance="a", queue="embed"}`: "4x80", `river_worker_slots{@, instance="a", queue="embed"}`: "4x80"},
		series{`river_workers_busy{@, instance="a", queue="embed"}`: "3x100", `river_worker_slots{@, instance="a", queue="embed"}`: "4x100"}},
	{"RiverLeaderMissing", "5m", "env=production", "",
		series{`river_leader{@, instance="a"}`: "0x60", `river_leader{@, instance="b"}`: "0x60"}, series{`river_leader{@, instance="a"}`: "0x60", `river_leader{@, instance="b"}`: "1x60"}},
}

const finished = `docpipe_documents_finished_total{@, job="worker", outcome=`

var documentTrials = []trial{
	{"DocumentsStuck", "10m", "env=production, status=parse_queued", "1",
		series{`docpipe_documents_stuck{@, job="worker", instance="a", status="parse_queued"}`: "1x60"}, series{`docpipe_documents_stuck{@, job="worker", instance="a", status="parse_queued"}`: "0x60"}},
	{"PipelineNoForwardProgress", "20m30s", "env=production", "",
		series{`docpipe_documents_accepted_total{@, job="api", outcome="created"}`: "0+1x80", finished + `"complete", reason=""}`: "7x80"},
		series{`docpipe_documents_accepted_total{@, job="api", outcome="created"}`: "0+1x80", finished + `"failed", reason="file_broken"}`: "0x20 1x20 2x40"}},
	{"DocumentsFail", "5m30s", "env=production", "12.5%",
		series{finished + `"failed", reason="internal"}`: "0+4x80", finished + `"complete", reason=""}`: "0+28x80"},
		series{finished + `"failed", reason="internal"}`: "0+1x80", finished + `"complete", reason=""}`: "0+9x80", finished + `"failed", reason="file_encrypted"}`: "0+40x80"}},
	{"WebhookCallbacksMissing", "5m", "env=production", "",
		series{`webhook_callback_oldest_pending_seconds{@, job="worker"}`: "1801x60"},
		series{`webhook_callback_oldest_pending_seconds{@, job="worker"}`: "1800x60", `webhook_callbacks_reconciled_total{@, job="worker"}`: "0x10 1 2x60"}},
	{"WebhookCallbacksMissing", "6m", "env=production", "",
		series{`webhook_callbacks_reconciled_total{@, job="worker"}`: "0+2x60"}, series{`webhook_callbacks_reconciled_total{@, job="worker"}`: "2x60"}},
	{"ReconcilerNotRunning", "20m30s", "env=production", "20m 30s",
		series{`docpipe_upkeep_last_success_timestamp_seconds{@, job="worker", round="reconcile"}`: "0x80"},
		series{`docpipe_upkeep_last_success_timestamp_seconds{@, job="worker", round="reconcile"}`: "0+30x120"}},
	{"UpkeepNotRunning", "49h5m", "env=production, round=retain", "2d 1h 5m 0s",
		series{`docpipe_upkeep_last_success_timestamp_seconds{@, job="worker", round="retain"}`: "0x700"},
		series{`docpipe_upkeep_last_success_timestamp_seconds{@, job="worker", round="retain"}`: "0+300x700"}},
}

func security(event string, values string) series {
	return series{`security_events_total{@, job="api", event="` + event + `"}`: values}
}

var securityTrials = []trial{
	{"WebhookSignatureFailures", "3m", "env=production", "11",
		series{`webhook_received_total{@, job="webhook", outcome="bad_signature"}`: "0+2x5 11x60"},
		series{`webhook_received_total{@, job="webhook", outcome="bad_signature"}`: "0+2x5 10x60", `webhook_received_total{@, job="webhook", outcome="malformed"}`: "0+9x60"}},
	{"CrossTenantAccess", "2m", "env=production", "1", security("malicious_direct_reference", "0x3 1x60"), security("document_unknown", "0x3 1x60")},
	{"AuthFailureSpike", "7m", "env=production", "5.033", security("authn_login_fail", "0+151x60"), security("authn_token_fail", "0+150x60")},
	{"AccountsUnderAttack", "2m", "env=production", "6", security("authn_login_fail_max", "0x3 6x60"), security("authn_login_fail_max", "0x20 4x60")},
	{"RefreshTokenReused", "2m", "env=production", "1", security("authn_token_reuse", "0x3 1x60"), security("authn_token_reuse", "1x60")},
	{"MalwareUploaded", "2m", "env=production", "1", security("upload_malware", "0x3 1x60"), security("upload_malware", "1x60")},
	{"RateLimitAbuse", "15m", "env=production", "520", security("excess_rate_limit_exceeded", "0+26x60"), security("excess_rate_limit_exceeded", "0+25x60")},
}

var logTrials = []trial{
	{"ErrorsLogged", "14m30s", "env=production, job=worker", "233.3m", series{`log_messages_total{@, job="worker", level="error"}`: "0+7x60"},
		series{`log_messages_total{@, job="worker", level="error"}`: "0+6x60", `log_messages_total{@, job="worker", level="warn"}`: "0+60x60"}},
	{"LogsDropped", "5m30s", "env=production, job=worker, sink=loki", "10", series{`log_records_dropped_total{@, job="worker", sink="loki", reason="queue_full"}`: "0+1x60"},
		series{`log_records_dropped_total{@, job="worker", sink="loki", reason="queue_full"}`: "9x60"}},
	{"LogsDropped", "5m30s", "env=production, job=api, sink=loki", "10", series{`promtail_dropped_entries_total{@, job="api", host="loki:3100"}`: "0+1x60"}, // given up after the last try
		series{`promtail_dropped_entries_total{@, job="api", host="loki:3100"}`: "9x60"}},
	{"LokiRequestErrors", "15m30s", "env=production, route=push", "12.5%",
		series{`loki_request_duration_seconds_count{@, route="push", status_code="500"}`: "0+1x80", `loki_request_duration_seconds_count{@, route="push", status_code="204"}`: "0+7x80"},
		series{`loki_request_duration_seconds_count{@, route="push", status_code="500"}`: "0+1x80", `loki_request_duration_seconds_count{@, route="push", status_code="204"}`: "0+9x80"}},
}

func disk(free string) series {
	return series{`node_filesystem_avail_bytes{@, instance="a", mountpoint="/", fstype="ext4", device="d"}`: free, `node_filesystem_size_bytes{@, instance="a", mountpoint="/", fstype="ext4", device="d"}`: "100x60"}
}

var machineTrials = []trial{
	{"DiskFillsUp", "10m", "env=production, instance=a, mountpoint=/", "9%", disk("9x60"), disk("10x60")},
	{"DiskFull", "1m", "env=production, instance=a, mountpoint=/", "2%", disk("2x60"), disk("3x60")},
	{"MemoryLow", "10m", "env=production, instance=a", "9%",
		series{`node_memory_MemAvailable_bytes{@, instance="a"}`: "9x60", `node_memory_MemTotal_bytes{@, instance="a"}`: "100x60"},
		series{`node_memory_MemAvailable_bytes{@, instance="a"}`: "10x60", `node_memory_MemTotal_bytes{@, instance="a"}`: "100x60"}},
	{"CpuSaturated", "15m30s", "env=production, instance=a", "91.67%",
		series{`node_cpu_seconds_total{@, instance="a", cpu="0", mode="idle"}`: "0+2.5x80"}, series{`node_cpu_seconds_total{@, instance="a", cpu="0", mode="idle"}`: "0+3.5x80"}},
}

var selfTrials = []trial{
	{"Watchdog", "0s", "env=production", "", series{`up{@}`: "1x60"}, nil},
	{"CollectorFailing", "5m", "env=production, collector=database", "",
		series{`docpipe_collector_success{@, job="worker", instance="a", collector="database"}`: "0x60"},
		series{`docpipe_collector_success{@, job="worker", instance="a", collector="database"}`: "0x60", `docpipe_collector_success{@, job="worker", instance="b", collector="database"}`: "1x60"}},
	{"MetricsMissing", "10m", "env=production, job=worker", "", series{`up{@}`: "1x60"}, series{`docpipe_collector_success{@, job="worker", collector="database"}`: "0x60"}},
	{"AlertmanagerNotificationsFailing", "5m30s", "env=production, integration=webhook", "1.562%",
		series{`alertmanager_notifications_failed_total{@, integration="webhook"}`: "0+1x60", `alertmanager_notifications_total{@, integration="webhook"}`: "0+64x60"},
		series{`alertmanager_notifications_failed_total{@, integration="webhook"}`: "0+1x60", `alertmanager_notifications_total{@, integration="webhook"}`: "0+128x60"}},
	{"PrometheusNotificationsDropped", "5m30s", "env=production, instance=p", "33.33m",
		series{`prometheus_notifications_dropped_total{@, instance="p"}`: "0+1x60"}, series{`prometheus_notifications_dropped_total{@, instance="p"}`: "5x60"}},
	{"PrometheusRuleFailures", "5m30s", "env=production, rule_group=queue", "10",
		series{`prometheus_rule_evaluation_failures_total{@, rule_group="queue"}`: "0+1x60"}, series{`prometheus_rule_evaluation_failures_total{@, rule_group="queue"}`: "5x60"}},
	{"ConfigReloadFailed", "10m", "env=production, job=alertmanager, instance=p", "",
		series{`alertmanager_config_last_reload_successful{@, job="alertmanager", instance="p"}`: "0x60"}, series{`prometheus_config_last_reload_successful{@, job="prometheus", instance="p"}`: "1x60"}},
}

var pauseTrials = []trial{
	{"IntakePaused", "2m", "env=production", "",
		series{`river_queue_paused{@, job="worker", instance="a", queue="intake"}`: "0 0 1x60", `river_queue_paused{@, job="worker", instance="b", queue="intake"}`: "0 0 1x60"},
		series{`river_queue_paused{@, job="worker", instance="a", queue="intake"}`: "0x60", `river_queue_paused{@, job="worker", instance="a", queue="embed"}`: "1x60"}},
	{"QueuePaused", "2m", "env=production, queue=embed", "",
		series{`river_queue_paused{@, job="worker", instance="a", queue="embed"}`: "0 0 1x60"},
		series{`river_queue_paused{@, job="worker", instance="a", queue="embed"}`: "0 0 1 0x60", `river_queue_paused{@, job="worker", instance="a", queue="intake"}`: "1x60"}},
	{"ProviderRefuses", "2m", "env=production, peer=embedder, class=quota", "1",
		series{`external_api_errors_total{@, job="worker", peer="embedder", class="quota"}`: "0x3 1x60"},
		series{`external_api_errors_total{@, job="worker", peer="embedder", class="unavailable"}`: "0+3x60", `external_api_errors_total{@, job="worker", peer="embedder", class="auth"}`: "4x60"}},
}
