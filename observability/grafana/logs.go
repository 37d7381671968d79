package grafana

func logs() Dashboard {
	b := newBoard("logs", "Logs", "What the services say: one line a request and a job, by level; one document's story.")
	b.variable(Variable{Name: "document", Type: "textbox", Label: "Document", Query: ""})
	b.row("How much")
	b.stacked("Lines by level", "Lines a second that the services wrote, by level.", each, q(`sum by (job, level) (rate(log_messages_total{@}[@]))`, "{{job}} {{level}}"))
	b.graph("Lines that were dropped", "Lines a second that a sink could not take, and why. Standard output is the durable copy.", each,
		q(`sum by (sink, reason) (rate(log_records_dropped_total{@}[@]))`, "{{sink}} {{reason}}"),
		q(`sum by (host) (rate(promtail_dropped_entries_total{@}[@]))`, "{{host}} given up")).leads("LogsDropped")
	b.graph("Lines that wait", "Lines that wait to be sent to a sink.", count, q(`sum by (job, sink) (log_sink_queue_length{@})`, "{{job}} {{sink}}"))
	b.row("What")
	b.logGraph("Lines by service", "Lines that Loki holds, by service and level.", count, `sum by (service_name, level) (count_over_time({@}[@]))`, "{{service_name}} {{level}}")
	b.logGraph("Events", "Lines by their event.", count, `sum by (event) (count_over_time({@} | json event="event" | event != "" [@]))`, "{{event}}")
	b.logGraph("Errors by class", "Warnings and errors by the code they carry.", count, `sum by (code) (count_over_time({@, level=~"warn|error"} | json code="error_class" | code != "" [@]))`, "{{code}}")
	b.logGraph("Time of an answer by the log, p95", "Within this time ended 95 % of the requests, by route, from the lines of requests.", "ms",
		`quantile_over_time(0.95, {@} | json route="route", duration_ms="duration_ms" | route != "" | unwrap duration_ms | __error__="" [@]) by (route)`, "{{route}}")
	b.logLines("One document's story", "Every line that names the document of the variable above, of all services; all lines of documents while it is empty.", `{@} | json document_id="document_id" | document_id =~ "$document.*" | document_id != ""`)
	b.logLines("Warnings and errors", "What somebody should read.", `{@, level=~"warn|error"}`)
	b.logLines("Slow calls", "Requests and calls that took more than a second.", `{@} | json duration_ms="duration_ms" | duration_ms != "" | duration_ms > 1000`)
	return b.Dashboard
}
