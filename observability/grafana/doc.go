// Package grafana holds the dashboards as Go values and writes them as Grafana's
// classic JSON, which file provisioning of every release from 10 on takes.
// Queries say {@} for the variable that names the deployment and [@] for the
// window that Grafana fits to the scrapes; see q. The files in dashboards/ are
// generated (go run ./observability/grafana/generate) and never edited.
package grafana
