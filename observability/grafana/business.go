package grafana

func business() Dashboard {
	b := newBoard("business", "Business", "What was taken in, what came of it, and what it cost, in the time shown.")
	b.row("Documents")
	counted := func(title, description, expr string) { b.number(title, description, count, q(expr, "")) }
	counted("Accepted", "New documents taken.", `round(sum (increase(docpipe_documents_accepted_total{@, outcome="created"}[range])))`)
	counted("Completed", "Documents that can be searched.", `round(sum (increase(docpipe_documents_finished_total{@, outcome="complete"}[range])))`)
	counted("Failed", "Attempts that failed.", `round(sum (increase(docpipe_documents_finished_total{@, outcome="failed"}[range])))`)
	counted("Rejected", "Uploads that were not taken.", `round(sum (increase(docpipe_documents_accepted_total{@, outcome="rejected"}[range])))`)
	counted("Again", "Uploads of what was there already.", `round(sum (increase(docpipe_documents_accepted_total{@, outcome="duplicate"}[range])))`)
	b.number("Success", "Share of the attempts that ended well.", share,
		q(`sum (increase(docpipe_documents_finished_total{@, outcome="complete"}[range])) / sum (increase(docpipe_documents_finished_total{@, outcome=~"complete|failed"}[range]))`, ""))
	b.row("Course")
	b.stacked("Taken", "Uploads a second, by what became of them.", each, q(`sum by (outcome) (rate(docpipe_documents_accepted_total{@}[@]))`, "{{outcome}}"))
	b.graph("Upload to complete", "Time until a document can be searched: half of them, and 95 %.", seconds,
		quantile(.5, "docpipe_document_completion_seconds", `outcome="complete"`, "", "p50"), quantile(.95, "docpipe_document_completion_seconds", `outcome="complete"`, "", "p95"))
	b.bars("Documents held", "Documents that the database holds, by status.", count, q(`max by (status) (docpipe_documents{@}) > 0`, "{{status}}"))
	b.heat("Sizes of files", "How large the files taken are.", size, q(`sum by (le) (increase(docpipe_upload_size_bytes_bucket{@}[@]))`, "{{le}}"))
	b.bars("Why attempts failed", "Failed attempts, by the code of the reason.", count, q(`sum by (reason) (increase(docpipe_documents_finished_total{@, outcome="failed"}[range]))`, "{{reason}}"))
	b.stacked("Searches and reads", "Requests a second that people read by.", requests, q(`sum by (route) (rate(`+answers+`_count{@, job="api", code="200"}[@]))`, "{{route}}"))
	b.row("Volume and cost")
	b.number("Pages", "Pages that were read.", count, q(`sum (increase(docpipe_pages_parsed_total{@}[range]))`, ""))
	b.number("Chunks", "Chunks that were kept.", count, q(`sum (increase(docpipe_chunks_stored_total{@}[range]))`, ""))
	b.number("Tokens", "Tokens that the embedder billed.", count, q(`sum (increase(docpipe_embedding_tokens_total{@}[range]))`, ""))
	b.number("Cost", "Cost by the price table.", dollars, q(`sum (increase(docpipe_estimated_cost_usd_total{@}[range]))`, ""))
	b.number("Cost of a document", "Cost divided by the documents completed.", dollars,
		q(`sum (increase(docpipe_estimated_cost_usd_total{@}[range])) / sum (increase(docpipe_documents_finished_total{@, outcome="complete"}[range]))`, ""))
	b.number("Budget used", "Share of the month's budget that is spent or promised.", share, q(`max (docpipe_budget_used_ratio{@})`, "")).warns("BudgetNearlySpent", .8).warns("BudgetSpent", 1)
	b.graph("Dollars an hour", "Cost as an hourly rate, by provider.", dollars, q(`sum by (provider) (rate(docpipe_estimated_cost_usd_total{@}[@])) * 3600`, "{{provider}}")).leads("CostAnomaly")
	return b.Dashboard
}
