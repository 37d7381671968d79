package grafana

func web() Dashboard {
	b := newBoard("http", "HTTP and webhook", "Requests at both doors: how many, how they ended, how long they took; and what became of the parser's callbacks.")
	b.variable(values("route", "Route", answers+"_count", "route").several())
	b.row("Requests")
	b.stacked("Requests by route", "Requests a second.", requests, q(`sum by (route) (rate(`+answers+`_count{@, route=~"$route"}[@]))`, "{{route}}"))
	b.stacked("Requests by code", "Answers a second, by status code.", requests, q(`sum by (code) (rate(`+answers+`_count{@, route=~"$route"}[@]))`, "{{code}}"))
	b.graph("In flight", "Requests that are being answered.", count, q(`sum by (job) (http_server_requests_in_flight{@})`, "{{job}}"))
	b.graph("Share that failed", "Share of answers 5xx, by service.", share, errorShare(`, route=~"$route"`, " by (job)", "{{job}}")).warns("HighErrorRate", .05).warns("RollbackErrorRate", .1)
	b.graph("Failures by route", "Answers 5xx a second, by route.", requests, q(`sum by (route) (rate(`+answers+`_count{@, route=~"$route", code=~"5.."}[@]))`, "{{route}}"))
	b.graph("Time of an answer", "Within these times end half, 95 % and 99 % of the answers.", seconds, quantile(.5, answers, `route=~"$route"`, "", "p50"),
		quantile(.95, answers, `route=~"$route"`, "", "p95"), quantile(.99, answers, `route=~"$route"`, "", "p99")).traced()
	b.heat("Times of answers", "How long answers take.", seconds, q(`sum by (le) (increase(`+answers+`_bucket{@, route=~"$route"}[@]))`, "{{le}}"))
	b.list("Slowest routes", "Within this time end 95 % of a route's answers, in the time shown.", seconds,
		q(`histogram_quantile(0.95, sum by (le, route) (rate(`+answers+`_bucket{@, route=~"$route"}[range])))`, "{{route}}"))
	b.stacked("Refused", "Requests a second that were refused, by reason.", requests, q(`sum by (reason) (rate(http_server_requests_rejected_total{@}[@]))`, "{{reason}}")).leads("RequestsShed")
	b.number("Panics", "Requests in the time shown that ended in a panic.", count, q(`sum (increase(http_server_panics_total{@}[range]))`, "panics")).large().leads("HttpPanics")
	b.row("The parser's callbacks")
	b.stacked("Callbacks", "Callbacks a second, by what became of them.", each, q(`sum by (outcome) (rate(webhook_received_total{@}[@]))`, "{{outcome}}")).leads("WebhookSignatureFailures")
	b.graph("Answered within 1 s", "Share of the callbacks that were answered within 1 s.", share, within(answers, "1", `, route=~".*/webhook/.*"`, "within 1 s")).floor("WebhookSlow", .95)
	b.graph("From submission to callback", "Time until the parser calls back: half of them, and 95 %.", seconds, quantile(.5, "webhook_callback_latency_seconds", "", "", "p50"), quantile(.95, "webhook_callback_latency_seconds", "", "", "p95"))
	b.graph("From callback to work", "Time from a callback until its job began, p95.", seconds, quantile(.95, "webhook_lag_seconds", "", "", "p95"))
	b.graph("Waited for", "Documents that wait for a callback.", count, q(`max (webhook_callbacks_pending{@})`, "pending")).leads("WebhookCallbacksMissing")
	b.number("Completed without a callback", "Results in the time shown that a poll found, for no callback came.", count, q(`sum (increase(webhook_callbacks_reconciled_total{@}[range]))`, "reconciled")).
		large().leads("WebhookCallbacksMissing")
	return b.Dashboard
}
