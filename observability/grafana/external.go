package grafana

// calls is the family that calls of services outside are timed by.
const calls = "http_client_request_duration_seconds"

func external() Dashboard {
	b := newBoard("external", "Outside services and cost", "The parser, the embedder, the storage and the accounts: whether they answer, how fast, what is left of their limits, and what they cost.")
	b.variable(values("peer", "Service", calls+"_count", "peer").several())
	b.row("Calls")
	b.stacked("Calls", "Calls a second, by service and operation.", each, q(`sum by (peer, operation) (rate(`+calls+`_count{@, peer=~"$peer"}[@]))`, "{{peer}} {{operation}}"))
	b.graph("Share that failed", "Share of calls that failed, by service; an answer 'not ready yet' is no failure.", share,
		q(`sum by (peer) (rate(external_api_errors_total{@, peer=~"$peer"}[@])) / sum by (peer) (rate(`+calls+`_count{@, peer=~"$peer"}[@]))`, "{{peer}}")).
		warns("ExternalApiErrors", .2).leads("ExternalApiDown")
	b.graph("Time of a call, p95", "Within this time end 95 % of the calls of a service.", seconds, quantile(.95, calls, `peer=~"$peer"`, "peer", "{{peer}}")).traced().leads("ExternalApiSlow")
	b.stacked("Failures by class", "Failed calls a second, by service and class.", each,
		q(`sum by (peer, class) (rate(external_api_errors_total{@, peer=~"$peer"}[@]))`, "{{peer}} {{class}}")).leads("ProviderRefuses", "ExternalApiRateLimited")
	b.graph("Held back", "1 while calls of a service are held back, for it was away.", none, q(`max by (peer) (external_api_circuit_open{@, peer=~"$peer"})`, "{{peer}}")).leads("ExternalApiDown")
	b.graph("Retries", "Calls that were made again, a second.", each, q(`sum by (peer, operation) (rate(external_api_retries_total{@, peer=~"$peer"}[@]))`, "{{peer}} {{operation}}"))
	b.row("How they stand")
	b.bars("Last call", "Whether the last real call succeeded: 1 is yes.", none, q(`min by (dependency) (dependency_up{@})`, "{{dependency}}")).leads("DependencyDown")
	b.bars("Since the last success", "Time since a call of each last succeeded.", seconds, q(`time() - max by (dependency) (dependency_last_success_timestamp_seconds{@})`, "{{dependency}}"))
	b.heat("Time of calls", "How long calls of the chosen services take.", seconds, q(`sum by (le) (increase(`+calls+`_bucket{@, peer=~"$peer"}[@]))`, "{{le}}"))
	b.row("Their limits")
	b.graph("Left of the limit", "Share of a service's own limit that it says is left.", share,
		q(`min by (peer, resource) (external_api_rate_limit_remaining{@, peer=~"$peer"} / external_api_rate_limit_limit{@, peer=~"$peer"})`, "{{peer}} {{resource}}")).floor("ExternalApiBudgetLow", .1)
	b.bars("Until the limit is whole again", "Time until a service says that its limit is whole again; below zero it is.", seconds,
		q(`max by (peer, resource) (external_api_rate_limit_reset_timestamp_seconds{@, peer=~"$peer"}) - time()`, "{{peer}} {{resource}}")).signed()
	b.graph("Waiting for our own turn, p95", "Time that calls wait for their turn by our own limits, which keep us within the services'.", seconds,
		quantile(.95, "external_api_throttle_wait_seconds", `peer=~"$peer"`, "peer", "{{peer}}"))
	b.row("Cost")
	b.graph("Dollars an hour", "Cost by the price table, as an hourly rate.", dollars, q(`sum by (provider) (rate(docpipe_estimated_cost_usd_total{@}[@])) * 3600`, "{{provider}}")).leads("CostAnomaly")
	b.number("Spent", "Cost by the price table in the time shown.", dollars, q(`sum by (provider) (increase(docpipe_estimated_cost_usd_total{@}[range]))`, "{{provider}}")).large()
	b.graph("Used of the month's budget", "Share of the budget that is spent or promised.", share, q(`max (docpipe_budget_used_ratio{@})`, "used")).warns("BudgetNearlySpent", .8).warns("BudgetSpent", 1)
	b.graph("Pages", "Pages a second that the parser read, by parser.", each, q(`sum by (parser) (rate(docpipe_pages_parsed_total{@}[@]))`, "{{parser}}"))
	b.graph("Tokens", "Tokens a second that the embedder billed.", each, q(`sum (rate(docpipe_embedding_tokens_total{@}[@]))`, "tokens"))
	b.number("Cost of a document", "Cost in the time shown, divided by the documents that were completed in it.", dollars,
		q(`sum (increase(docpipe_estimated_cost_usd_total{@}[range])) / sum (increase(docpipe_documents_finished_total{@, outcome="complete"}[range]))`, "a document")).large()
	return b.Dashboard
}
