// Package inventory knows every metric family that may be asked for, and what
// an expression in PromQL asks for: a rule or a panel that asks for what nobody
// tells is silent for ever, and looks well.
package inventory

import (
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/insurance-navigator/navigator/adapters/metrics"
)

// Family is a metric family and the labels its series may carry, without those
// that the scrape gives to all (Target).
type Family struct {
	Name   string
	Labels []string
	From   string // navigator, or the program that tells it
}

// Target is the labels that the scrape's configuration gives every series.
var Target = []string{"job", "instance", "env", "region"}

// Families are those of the services, of the exporters and servers of the
// stack, and of Prometheus itself, by name.
func Families() map[string]Family {
	all := map[string]Family{}
	for _, f := range append(Registered(), outside...) {
		all[f.Name] = f
	}
	return all
}

// Registered are the families that the services register: those of
// adapters/metrics, of the Go runtime and of the operating system.
func Registered() (list []Family) {
	for _, f := range metrics.Families() {
		list = append(list, Family{f.Name, f.Labels, "navigator"})
	}
	return append(list, runtime()...)
}

// described finds a family's name in what client_golang says of it.
var described = regexp.MustCompile(`fqName: "([^"]+)"`)

// runtime are the families that come with client_golang.
func runtime() (list []Family) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	descriptions := make(chan *prometheus.Desc, 256)
	go func() {
		defer close(descriptions)
		registry.Describe(descriptions)
	}()
	for d := range descriptions {
		if found := described.FindStringSubmatch(d.String()); found != nil {
			list = append(list, Family{Name: found[1], From: "navigator"})
		}
	}
	return list
}

// outside are the families that rules and panels ask for and adapters/metrics
// does not register: those of others, each seen at the program itself, of the
// version that Debian 12 packs; and those of the log.
var outside = []Family{
	{"up", nil, "prometheus"},
	{"ALERTS", []string{"alertname", "alertstate", "severity", "action", "team", "slo", "service"}, "prometheus"},
	{"scrape_duration_seconds", nil, "prometheus"},
	{"prometheus_config_last_reload_successful", nil, "prometheus"},
	{"prometheus_rule_evaluation_failures_total", []string{"rule_group"}, "prometheus"},
	{"prometheus_notifications_dropped_total", nil, "prometheus"},
	{"prometheus_tsdb_head_series", nil, "prometheus"},
	{"alertmanager_config_last_reload_successful", nil, "alertmanager"},
	{"alertmanager_notifications_total", []string{"integration"}, "alertmanager"},
	{"alertmanager_notifications_failed_total", []string{"integration"}, "alertmanager"},
	{"probe_success", nil, "blackbox"},
	{"probe_duration_seconds", nil, "blackbox"},
	{"probe_ssl_earliest_cert_expiry", nil, "blackbox"},
	{"node_cpu_seconds_total", []string{"cpu", "mode"}, "node"},
	{"node_memory_MemAvailable_bytes", nil, "node"},
	{"node_memory_MemTotal_bytes", nil, "node"},
	{"node_filesystem_avail_bytes", []string{"device", "fstype", "mountpoint"}, "node"},
	{"node_filesystem_size_bytes", []string{"device", "fstype", "mountpoint"}, "node"},
	{"node_disk_io_time_seconds_total", []string{"device"}, "node"},
	{"node_network_receive_bytes_total", []string{"device"}, "node"},
	{"node_network_transmit_bytes_total", []string{"device"}, "node"},
	{"node_load1", nil, "node"},
	{"pg_up", nil, "postgres"},
	{"pg_stat_activity_count", []string{"datname", "state", "server"}, "postgres"},
	{"pg_settings_max_connections", []string{"server"}, "postgres"},
	{"pg_stat_activity_max_tx_duration", []string{"datname", "state", "server"}, "postgres"},
	{"pg_stat_database_deadlocks", []string{"datid", "datname"}, "postgres"},
	{"pg_stat_database_conflicts", []string{"datid", "datname"}, "postgres"},
	{"pg_stat_database_xact_commit", []string{"datid", "datname"}, "postgres"},
	{"pg_stat_database_xact_rollback", []string{"datid", "datname"}, "postgres"},
	{"pg_database_size_bytes", []string{"datname"}, "postgres"},
	{"redis_up", nil, "redis"},
	{"redis_memory_used_bytes", nil, "redis"},
	{"redis_memory_max_bytes", nil, "redis"},
	{"redis_connected_clients", nil, "redis"},
	{"redis_rejected_connections_total", nil, "redis"},
	{"loki_distributor_lines_received_total", []string{"tenant"}, "loki"},
	{"loki_request_duration_seconds", []string{"method", "route", "status_code", "ws"}, "loki"},
	{"log_messages_total", []string{"level"}, "navigator"},
	{"log_records_dropped_total", []string{"sink", "reason"}, "navigator"},
	{"log_sink_queue_length", []string{"sink"}, "navigator"},
	{"promtail_dropped_entries_total", []string{"host"}, "loki-client-go"},
	{"promtail_sent_entries_total", []string{"host"}, "loki-client-go"},
}
