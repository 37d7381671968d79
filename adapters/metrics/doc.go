// Package metrics holds the process' Prometheus families. Every label's values
// are a closed set: routes are the templates of the OpenAPI document, stages
// come from core.Line, codes from core's table. No id, name, address or text of
// a person is ever a label. Buckets hold the bounds that alerts ask for (1, 10,
// 30 and 60 s) as exact edges.
package metrics
