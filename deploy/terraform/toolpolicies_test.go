package terraform_test

import (
	"fmt"
	"strings"
	"testing"
)

// inObject changes the text of one of the carried files.
func inObject(key string, edit func(string) string) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		r := p.at(t, fmt.Sprintf("aws_s3_object.carried[%q]", key))
		before := r.text("content")
		if r.Change.After["content"] = edit(before); r.text("content") == before {
			t.Fatalf("the fault changes nothing in %s", key)
		}
	}
}

// swap puts one text in another's place.
func swap(old, with string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, old, with) }
}

// inAgent changes what the agent is told.
func inAgent(old, with string) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		output := p.Outputs["agent"]
		text, _ := output.After.(string)
		if !strings.Contains(text, old) {
			t.Fatalf("the agent's file has no %q", old)
		}
		output.After = strings.ReplaceAll(text, old, with)
		p.Outputs["agent"] = output
	}
}

// toolPolicies are those of the programs that are not ours.
func toolPolicies() []policy {
	return []policy{
		{"tools fetch their configuration, whole", options, fetched, map[string]func(*testing.T, *plan){
			"a program that can change it":   inTask("loki", "mountPoints", []any{map[string]any{"sourceVolume": "config", "containerPath": "/etc/loki", "readOnly": false}}),
			"a start before it is there":     inTask("grafana", "dependsOn", []any{}),
			"a fetch with a writable root":   inTask("config-grafana", "readonlyRootFilesystem", false),
			"another hash than is named":     change(`aws_s3_object.carried["tempo/complete"]`, "content", "0"),
			"another tool's configuration":   inTask("config-clamd", "environment", []any{map[string]any{"name": "CONFIG_SOURCE", "value": "s3://x/loki"}}),
			"a tool without a configuration": inTask("config-prober", "user", "1:1"),
		}},
		{"tools find what they are told to read", options, found, map[string]func(*testing.T, *plan){
			"a file that is not carried":        drop(`aws_s3_object.carried["alertmanager/alertmanager.yaml"]`),
			"another folder":                    inTask("loki", "mountPoints", []any{map[string]any{"sourceVolume": "config", "containerPath": "/etc", "readOnly": true}}),
			"no rules of Loki":                  drop(`aws_s3_object.carried["loki/rules/fake/alerts.yaml"]`),
			"a dashboard that is missing":       drop(`aws_s3_object.carried["grafana/dashboards/docpipe-slo.json"]`),
			"a dashboard that is another":       inObject("grafana/dashboards/docpipe-queue.json", swap("Queue", "queue")),
			"a provider that looks elsewhere":   inObject("grafana/provisioning/dashboards/navigator.yaml", swap("/var/lib/grafana/dashboards", "/config/dashboards")),
			"a source without an address":       inObject("grafana/provisioning/datasources/traces.yaml", swap("$TEMPO_URL", "$TEMPO")),
			"a source that is not provisioned":  drop(`aws_s3_object.carried["grafana/provisioning/datasources/loki-traces.yaml"]`),
			"provisioning that lies elsewhere":  inTask("grafana", "environment", []any{map[string]any{"name": "GF_PATHS_PROVISIONING", "value": "/etc/grafana/provisioning"}}),
			"a start script that is not there":  inTask("clamd", "command", []any{"/etc/clamd/run.sh"}),
			"an agent's file of another prefix": inTask("agent", "command", []any{"--config.file=/etc/prometheus/agent.yaml"}),
		}},
		{"every service's metrics reach managed Prometheus", options, scraped, map[string]func(*testing.T, *plan){
			"another port":          inAgent(`"port": 9000`, `"port": 8000`),
			"another name":          inAgent("webhook.navigator-production.internal", "webhook.internal"),
			"no label env":          inAgent(`"target_label": "env"`, `"target_label": "environment"`),
			"not signed":            inAgent("sigv4", "sigv3"),
			"written elsewhere":     inAgent("WORKSPACE", "https://example.com/"),
			"a service not scraped": inAgent(`"job_name": "worker"`, `"job_name": "workers"`),
			"a service not named":   drop("module.worker.module.door.aws_service_discovery_service.this[0]"),
		}},
		{"the operators' port is the agent's alone", options, operators, map[string]func(*testing.T, *plan){
			"the balancer's, too": change("module.api.module.door.aws_vpc_security_group_ingress_rule.balancer[0]", "to_port", 9000.0),
			"nobody's":            drop(`aws_vpc_security_group_ingress_rule.tool["agent-worker-9000"]`),
		}},
		{"services are told of the options that run", []string{"options", "production", "staging"}, reached, map[string]func(*testing.T, *plan){
			"the scanner is not named":     inTask("worker", "environment", []any{}),
			"no way to the scanner":        drop(`aws_vpc_security_group_egress_rule.tool["worker-clamd-3310"]`),
			"no way of the preflight":      drop(`aws_vpc_security_group_ingress_rule.tool["migrate-tempo-4318"]`),
			"no way to the lines' own end": drop(`aws_vpc_security_group_ingress_rule.tool["api-loki-3100"]`),
		}},
		{"a dead Prometheus is heard of", options, switched, map[string]func(*testing.T, *plan){
			"nobody outside":           drop("aws_sns_topic_subscription.deadman[0]"),
			"silence is no alarm":      change("aws_cloudwatch_metric_alarm.deadman[0]", "treat_missing_data", "notBreaching"),
			"another topic's messages": change("aws_cloudwatch_metric_alarm.deadman[0]", "dimensions", map[string]any{"TopicName": "navigator-production-alerts-pager"}),
		}},
		{"a release is judged by the alerts, too", []string{"options", "production"}, asked, map[string]func(*testing.T, *plan){
			"nobody is asked": func(_ *testing.T, p *plan) { delete(p.Outputs["rollout"].After.(map[string]any), "alerts") },
		}},
		{"tools may do what they are for", options, bounded, map[string]func(*testing.T, *plan){
			"an agent that reads":        change(`module.tool_task["agent"].aws_iam_role_policy.run[0]`, "policy", `{"Statement":[{"Sid":"Read","Effect":"Allow","Action":["aps:QueryMetrics"],"Resource":"arn:aws:aps:us-east-1:123456789012:workspace/*"}]}`),
			"another environment's":      change(`module.tool_task["agent"].aws_iam_role_policy.run[0]`, "policy", `{"Statement":[{"Sid":"Write","Effect":"Allow","Action":["aps:RemoteWrite"],"Resource":"arn:aws:aps:us-east-1:123456789012:workspace/*"}]}`),
			"a scanner that may publish": change(`module.tool_task["clamd"].aws_iam_role_policy.run[0]`, "policy", `{"Statement":[{"Sid":"Tell","Effect":"Allow","Action":["sns:Publish"],"Resource":"arn:aws:sns:us-east-1:123456789012:x"}]}`),
		}},
	}
}
