package grafana

// answers is the family that both doors time their requests by.
const answers = "http_server_request_duration_seconds"

// errorShare is the share of answers that are the service's own faults.
func errorShare(matchers, by, legend string) query {
	all := `sum` + by + ` (rate(` + answers + `_count{@` + matchers + `}[@]))`
	return q(`(sum`+by+` (rate(`+answers+`_count{@`+matchers+`, code=~"5.."}[@])) or `+all+` * 0) / `+all, legend)
}

// slower is the share of a histogram's values above an edge. Scrapers write the
// edge 1 as 1 or 1.0, by the format they speak.
func slower(family, edge, matchers, legend string) query {
	return q(`1 - sum (rate(`+family+`_bucket{@`+matchers+`, le=~"`+edge+`(\\.0)?"}[@])) / sum (rate(`+family+`_count{@`+matchers+`}[@]))`, legend)
}

// within is the share of a histogram's values up to an edge.
func within(family, edge, matchers, legend string) query {
	return q(`sum (rate(`+family+`_bucket{@`+matchers+`, le=~"`+edge+`(\\.0)?"}[@])) / sum (rate(`+family+`_count{@`+matchers+`}[@]))`, legend)
}

func slo() Dashboard {
	b := newBoard("slo", "SLOs", "What we promise, what is left of the error budgets, and the signals that end a release.")
	b.row("Promises")
	b.bars("Error budget left", "Share of the 30 days' error budget that is left, by promise. Below zero the promise is broken.", share,
		q(`slo:period_error_budget_remaining:ratio{@}`, "{{slo}}"))
	b.bars("Burn rate", "How fast the budget is used up: at 1 it is gone after exactly 30 days. 14.4 in an hour wakes somebody.", none,
		q(`slo:current_burn_rate:ratio{@}`, "{{slo}}")).leads("ErrorBudgetBurn")
	b.number("Firing alerts", "Alerts that fire now, by severity.", count, q(`count by (severity) (ALERTS{@, alertstate="firing"})`, "{{severity}}")).large()
	b.graph("Share of errors in 5 minutes", "The share of what a promise counts that did not keep it, over 5 minutes.", share, q(`slo:sli_error:ratio_rate5m{@}`, "{{slo}}"))
	b.graph("Share of errors in 1 hour", "The same over an hour, which the fast burn alerts ask about.", share, q(`slo:sli_error:ratio_rate1h{@}`, "{{slo}}"))
	b.graph("Share of errors in 6 hours", "The same over six hours, which the slow burn alerts ask about.", share, q(`slo:sli_error:ratio_rate6h{@}`, "{{slo}}"))
	b.row("The two answers within 10 s, and the callback within 1 s")
	b.graph("Requests above 10 s", "Share of the API's answers that took more than 10 s.", share, slower(answers, "10", `, job="api"`, "above 10 s"))
	b.graph("Documents above 10 s of our own", "Share of documents whose way from upload to complete, without the providers' own time, took more than 10 s.", share,
		slower("docpipe_document_overhead_seconds", "10", "", "above 10 s"))
	b.graph("Callbacks within 1 s", "Share of the parser's callbacks that were answered within 1 s.", share, within(answers, "1", `, route=~".*/webhook/.*"`, "within 1 s")).floor("WebhookSlow", .95)
	b.row("Rollback signals")
	b.graph("Failed requests", "Share of answers 5xx of the API. Above 5 % somebody is woken, above 10 % a release is taken back.", share,
		errorShare(`, job="api"`, "", "failed")).warns("HighErrorRate", .05).warns("RollbackErrorRate", .1)
	b.graph("Requests above 30 s", "Share of answers above 30 s.", share, slower(answers, "30", `, job="api"`, "above 30 s")).warns("HighLatency", .05)
	b.graph("Requests above 60 s", "Share of answers above 60 s: beyond 5 % a release is taken back.", share, slower(answers, "60", `, job="api"`, "above 60 s")).warns("RollbackLatency", .05)
	b.bars("Services that answer", "Whether the last real call of each service outside, and of the database, succeeded: 1 is yes.", none,
		q(`min by (dependency) (dependency_up{@})`, "{{dependency}}")).leads("DatabaseDown", "DependencyDown")
	b.graph("Seen from outside", "Whether the prober reached the service through its front.", share, q(`avg by (job) (probe_success{@})`, "{{job}}")).leads("ProbeFailed")
	b.graph("Processes that answer the scraper", "Share of each service's processes that could be scraped.", share, q(`avg by (job) (up{@})`, "{{job}}")).leads("ServiceDown", "ServiceMissing", "MetricsMissing")
	return b.Dashboard
}
