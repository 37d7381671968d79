package grafana

func pipeline() Dashboard {
	b := newBoard("pipeline", "Pipeline by stage", "How documents travel: where they are, where they wait, and why they end.")
	b.variable(values("stage", "Stage", "docpipe_stage_duration_seconds_count", "stage").several())
	b.row("Documents now")
	b.stacked("Documents by status", "Documents on their way, by status; those at an end are left out.", count,
		q(`max by (status) (docpipe_documents{@, status!~"complete|cancelled|failed.*"})`, "{{status}}"))
	b.graph("Oldest in its status", "Age, in its status, of the oldest document of each status.", seconds, q(`max by (status) (docpipe_document_oldest_age_seconds{@})`, "{{status}}"))
	b.graph("Stuck", "Documents that are longer in a status than that may take.", count, q(`max by (status) (docpipe_documents_stuck{@})`, "{{status}}")).warns("DocumentsStuck", 0)
	b.row("Stages")
	b.stacked("Runs by stage", "Runs of each stage a second.", each, q(`sum by (stage) (rate(docpipe_stage_duration_seconds_count{@, stage=~"$stage"}[@]))`, "{{stage}}"))
	b.graph("Time of a run, p95", "Within this time end 95 % of the runs of a stage.", seconds, quantile(.95, "docpipe_stage_duration_seconds", `stage=~"$stage"`, "stage", "{{stage}}")).traced()
	b.stacked("Verdicts", "What became of runs, by the verdict on them: kept, or why not.", each,
		q(`sum by (outcome) (rate(docpipe_stage_duration_seconds_count{@, stage=~"$stage"}[@]))`, "{{outcome}}"))
	b.heat("Time of a run", "How long the runs of the chosen stages take.", seconds, q(`sum by (le) (increase(docpipe_stage_duration_seconds_bucket{@, stage=~"$stage"}[@]))`, "{{le}}"))
	b.graph("Repeated runs", "Share of a stage's runs that were not kept, and are repeated, wait or failed.", share,
		q(`1 - sum by (stage) (rate(docpipe_stage_duration_seconds_count{@, stage=~"$stage", outcome="kept"}[@])) / sum by (stage) (rate(docpipe_stage_duration_seconds_count{@, stage=~"$stage"}[@]))`, "{{stage}}")).
		leads("JobRetryRateHigh")
	b.number("Last progress", "Time since a job last ended, in the worker that is best off.", seconds, q(`time() - max (docpipe_last_progress_timestamp_seconds{@})`, "ago")).
		large().leads("PipelineNoForwardProgress")
	b.row("Ends")
	b.stacked("Uploads", "Uploads a second, by what became of them at the door.", each, q(`sum by (outcome) (rate(docpipe_documents_accepted_total{@}[@]))`, "{{outcome}}"))
	b.stacked("Attempts that ended", "Ends a second, by outcome.", each, q(`sum by (outcome) (rate(docpipe_documents_finished_total{@}[@]))`, "{{outcome}}")).leads("DocumentsFail")
	b.bars("Why attempts failed", "Failed attempts in the time shown, by the code of the reason.", count,
		q(`sum by (reason) (increase(docpipe_documents_finished_total{@, outcome="failed"}[range]))`, "{{reason}}"))
	b.graph("Upload to the end", "Time from when an attempt was opened until it ended: half of them, and 95 %.", seconds,
		quantile(.5, "docpipe_document_completion_seconds", `outcome="complete"`, "", "p50"), quantile(.95, "docpipe_document_completion_seconds", `outcome="complete"`, "", "p95"))
	b.graph("Our own part of it", "The same without the providers' own time, p95; 10 s are promised.", seconds,
		quantile(.95, "docpipe_document_overhead_seconds", `outcome="complete"`, "", "p95"))
	b.graph("Pages, chunks and tokens", "What the line makes a second.", each, q(`sum (rate(docpipe_pages_parsed_total{@}[@]))`, "pages"),
		q(`sum (rate(docpipe_chunks_stored_total{@}[@]))`, "chunks"), q(`sum (rate(docpipe_embedding_tokens_total{@}[@]))`, "tokens"))
	b.row("The parser's callbacks")
	b.graph("Callbacks waited for", "Documents that wait for the parser's word.", count, q(`max (webhook_callbacks_pending{@})`, "pending"))
	b.graph("Longest wait", "Age of the oldest such wait.", seconds, q(`max (webhook_callback_oldest_pending_seconds{@})`, "oldest")).warns("WebhookCallbacksMissing", 1800)
	b.graph("Found without a callback", "Results that a poll found, a second: their callback never came.", each, q(`sum (rate(webhook_callbacks_reconciled_total{@}[@]))`, "reconciled"))
	return b.Dashboard
}
