package grafana

func security() Dashboard {
	b := newBoard("security", "Security", "Who knocks: refused proofs, forged callbacks, asked-for documents of others, beyond the limits.")
	b.row("Events")
	b.stacked("Events", "Security events a second, by kind.", each, q(`sum by (event) (rate(security_events_total{@}[@]))`, "{{event}}")).leads("RateLimitAbuse")
	b.bars("Events in the time shown", "The same, counted.", count, q(`sum by (event) (increase(security_events_total{@}[range]))`, "{{event}}")).
		leads("AccountsUnderAttack", "RefreshTokenReused", "MalwareUploaded")
	b.number("Documents of others", "Asked-for documents that are another's, in the time shown.", count, q(`sum (increase(security_events_total{@, event="malicious_direct_reference"}[range]))`, "asked for")).
		large().leads("CrossTenantAccess")
	b.row("Proofs")
	b.stacked("Sign-ins", "Proofs of who somebody is, a second, by way and outcome.", each, q(`sum by (method, outcome) (rate(auth_attempts_total{@}[@]))`, "{{method}} {{outcome}}")).leads("AuthFailureSpike")
	b.graph("Refused", "Requests a second that were refused, by reason.", requests, q(`sum by (reason) (rate(http_server_requests_rejected_total{@, reason=~"auth|rate_limited"}[@]))`, "{{reason}}"))
	b.graph("Forged callbacks", "Callbacks a second without a right signature, or malformed.", each, q(`sum by (outcome) (rate(webhook_received_total{@, outcome=~"bad_signature|malformed|unknown"}[@]))`, "{{outcome}}")).
		leads("WebhookSignatureFailures")
	b.row("Words")
	b.logGraph("Audit lines", "Lines of the audit stream, by event.", count, `sum by (event) (count_over_time({@, stream="audit"} | json event="event" [@]))`, "{{event}}")
	b.logLines("Audit", "What the services say of security, line by line: ids, no names.", `{@, stream="audit"}`)
	return b.Dashboard
}
