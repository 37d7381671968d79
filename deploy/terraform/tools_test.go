package terraform_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// options is the plan with everything switched on.
var options = []string{"options"}

// configOf is how the tasks' table names the container that fetches a tool's
// configuration.
const configOf = "config-"

// carried is a tool's configuration, by the path below its home.
func (p *plan) carried(tool string) map[string]string {
	files := map[string]string{}
	for _, r := range p.of("aws_s3_object") {
		if name, found := strings.CutPrefix(r.text("key"), tool+"/"); found {
			files[name] = r.text("content")
		}
	}
	return files
}

// setting is what a container is told under a name.
func (c container) setting(name string) string {
	for _, setting := range c.Environment {
		if setting.Name == name {
			return setting.Value
		}
	}
	return ""
}

// mounted is where a container finds a volume.
func (c container) mounted(volume string) (at string, readOnly bool) {
	for _, m := range c.Mounts {
		if m.Volume == volume {
			return m.Path, m.ReadOnly
		}
	}
	return "", false
}

// fetched tells each tool whose configuration is not fetched into a read-only
// folder before it starts, whole, and as its definition names it.
func fetched(p *plan) (told []string) {
	tasks := p.tasks()
	for name, first := range tasks {
		tool, is := strings.CutPrefix(name, configOf)
		if !is {
			continue
		}
		app := tasks[tool]
		if _, readOnly := app.mounted("config"); !readOnly || !slices.Equal(app.Needs, []needed{{"config", "SUCCESS"}}) || first.Essential ||
			first.User != "0:0" || !first.ReadOnly || !slices.Equal(first.Linux.Capabilities.Drop, []string{"ALL"}) || len(first.Secrets) > 0 {
			told = append(told, tool+": its configuration is not fetched before it, or can be written, or by more than has to be")
		}
		files := p.carried(tool)
		if !strings.HasSuffix(first.setting("CONFIG_SOURCE"), "/"+tool) || first.setting("CONFIG_HASH") != app.setting("CONFIG_HASH") ||
			first.setting("CONFIG_HASH") != files["complete"] || len(files) < 2 {
			told = append(told, tool+": what is fetched is not what its definition names")
		}
	}
	for _, tool := range []string{"grafana", "loki", "alertmanager", "agent", "prober", "tempo", "clamd"} {
		if _, there := tasks[configOf+tool]; !there {
			told = append(told, tool+": has no configuration")
		}
	}
	return told
}

// found tells each tool that is started with a file which is not where it looks.
func found(p *plan) (told []string) {
	tasks := p.tasks()
	for name := range tasks {
		tool, is := strings.CutPrefix(name, configOf)
		if !is {
			continue
		}
		app := tasks[tool]
		home, _ := app.mounted("config")
		paths := []string{app.setting("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")}
		for _, word := range app.Command {
			_, value, flag := strings.Cut(word, "=")
			if !flag {
				value = word
			}
			paths = append(paths, value)
		}
		files := p.carried(tool)
		for _, at := range paths {
			below, inHome := strings.CutPrefix(at, home+"/")
			if _, there := files[below]; inHome && !there {
				told = append(told, tool+": there is no "+at)
			}
		}
		if rules := app.setting("LOKI_RULES"); tool == "loki" && len(files[strings.TrimPrefix(rules, home+"/")+"/fake/alerts.yaml"]) == 0 {
			told = append(told, "loki: no rules at "+rules)
		}
	}
	return append(told, shown(p, tasks["grafana"])...)
}

// shown holds Grafana to dashboards that are those of the repository, where its
// provider looks, and to sources whose addresses it is told.
func shown(p *plan, c container) (told []string) {
	files := p.carried("grafana")
	home, _ := c.mounted("config")
	provisioning := strings.TrimPrefix(c.setting("GF_PATHS_PROVISIONING"), home+"/")
	var file struct {
		Providers []struct{ Options struct{ Path string } }
	}
	if err := yaml.Unmarshal([]byte(files[provisioning+"/dashboards/navigator.yaml"]), &file); err != nil || len(file.Providers) != 1 {
		return []string{fmt.Sprintf("grafana: no provider of dashboards below %s: %v", c.setting("GF_PATHS_PROVISIONING"), err)}
	}
	folder := strings.TrimPrefix(file.Providers[0].Options.Path, home+"/")
	boards, _ := filepath.Glob("../../observability/grafana/dashboards/*.json")
	for _, board := range boards {
		text, err := os.ReadFile(board) //nolint:gosec // of this tree
		if err != nil || files[path.Join(folder, filepath.Base(board))] != string(text) {
			told = append(told, "grafana: "+filepath.Base(board)+" is not where the provider looks, or another one")
		}
	}
	if len(boards) == 0 {
		told = append(told, "grafana: no dashboards")
	}
	reads := 0
	for name, text := range files {
		if !strings.HasPrefix(name, provisioning+"/datasources/") {
			continue
		}
		var sources struct{ Datasources []struct{ URL string } }
		if err := yaml.Unmarshal([]byte(text), &sources); err != nil {
			told = append(told, name+": "+err.Error())
		}
		for _, s := range sources.Datasources {
			reads++
			if !slices.ContainsFunc(c.Environment, func(n named) bool { return "$"+n.Name == s.URL }) {
				told = append(told, "grafana: it is not told "+s.URL)
			}
		}
	}
	if reads != 4 {
		told = append(told, fmt.Sprintf("grafana: %d sources, want Prometheus, Alertmanager, Loki and Tempo", reads))
	}
	return told
}

// scrapeFile is the part of the agent's file that is judged.
type scrapeFile struct {
	Global struct {
		External map[string]string `yaml:"external_labels"`
	}
	Write []struct {
		URL   string
		SigV4 struct{ Region string }
	} `yaml:"remote_write"`
	Jobs []struct {
		Name  string `yaml:"job_name"`
		Found []struct {
			Names []string
			Port  int
		} `yaml:"dns_sd_configs"`
		Fixed []struct {
			Targets []string
			Labels  map[string]string
		} `yaml:"static_configs"`
		Relabel []struct {
			Target      string `yaml:"target_label"`
			Replacement string
		} `yaml:"relabel_configs"`
	} `yaml:"scrape_configs"`
}

// scraped holds the agent to every service by its name, with the label env on
// every target, and to the workspace, signed.
func scraped(p *plan) (told []string) {
	text, _ := p.Outputs["agent"].After.(string)
	var file scrapeFile
	if err := yaml.Unmarshal([]byte(text), &file); err != nil || len(file.Write) != 1 || file.Write[0].URL != "WORKSPACEapi/v1/remote_write" ||
		file.Write[0].SigV4.Region == "" || file.Global.External["region"] == "" {
		return []string{fmt.Sprintf("the agent does not write to the workspace: %v", err)}
	}
	jobs := map[string]bool{}
	tasks := p.tasks()
	for _, job := range file.Jobs {
		jobs[job.Name] = true
		env := slices.ContainsFunc(job.Relabel, func(r struct {
			Target      string `yaml:"target_label"`
			Replacement string
		},
		) bool {
			return r.Target == "env" && r.Replacement == tasks["api"].setting("UPLOAD_PIPELINE_ENVIRONMENT")
		})
		for _, fixed := range job.Fixed {
			env = env || fixed.Labels["env"] == tasks["api"].setting("UPLOAD_PIPELINE_ENVIRONMENT")
			if len(fixed.Targets) == 0 {
				told = append(told, job.Name+": nothing is scraped")
			}
		}
		if !env {
			told = append(told, job.Name+": targets without the label env wake nobody")
		}
		for _, found := range job.Found {
			if len(found.Names) != 1 || found.Names[0] != job.Name+"."+p.name()+".internal" || fmt.Sprint(found.Port) != tasks[job.Name].setting("ADMIN_PORT") {
				told = append(told, fmt.Sprintf("%s is looked for at %v:%d", job.Name, found.Names, found.Port))
			}
		}
	}
	for _, want := range []string{"api", "webhook", "worker", "prometheus", "alertmanager", "loki", "tempo", "blackbox", "probe"} {
		if !jobs[want] {
			told = append(told, want+" is not scraped")
		}
	}
	return append(told, discovered(p)...)
}

// discovered holds the names that the agent asks for to be there.
func discovered(p *plan) (told []string) {
	names := map[string]bool{}
	for _, r := range p.of("aws_service_discovery_service") {
		names[r.text("name")] = true
	}
	for _, want := range []string{"api", "webhook", "worker", "agent", "loki", "alertmanager", "tempo", "prober", "clamd"} {
		if !names[want] {
			told = append(told, want+" has no name")
		}
	}
	return told
}

// operators holds the port of profiles and metrics to the agent alone.
func operators(p *plan) (told []string) {
	let := []string{}
	for _, r := range p.of("aws_vpc_security_group_ingress_rule") {
		if r.number("from_port") <= 9000 && r.number("to_port") >= 9000 {
			let = append(let, r.Address)
		}
	}
	slices.Sort(let)
	var want []string
	for _, service := range []string{"api", "webhook", "worker"} {
		want = append(want, fmt.Sprintf(`aws_vpc_security_group_ingress_rule.tool["agent-%s-9000"]`, service))
	}
	if !slices.Equal(let, want) {
		told = append(told, fmt.Sprintf("the operators' port is open to %v", let))
	}
	return told
}

// offered are the settings by which a service knows an option, and who may call
// it then.
var offered = map[string]struct {
	value string // with the namespace in place of %s
	calls []string
}{
	"LOKI_URL":                    {"http://loki.%s:3100", []string{"api-loki-3100", "worker-loki-3100", "webhook-loki-3100", "migrate-loki-3100"}},
	"CLAMD_ADDRESS":               {"clamd.%s:3310", []string{"worker-clamd-3310", "migrate-clamd-3310"}},
	"OTEL_EXPORTER_OTLP_ENDPOINT": {"http://tempo.%s:4318", []string{"api-tempo-4318", "worker-tempo-4318", "webhook-tempo-4318", "migrate-tempo-4318"}},
	"METRICS_AGENT_URL":           {"http://agent.%s:9090", []string{"migrate-agent-9090"}},
	"PROBER_URL":                  {"http://prober.%s:9115", []string{"migrate-prober-9115", "agent-prober-9115"}},
}

// reached holds the services to be told of what runs, and of nothing else, and
// the way there to be open on both sides.
func reached(p *plan) (told []string) {
	rules := map[string]int{}
	for _, kind := range []string{"aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"} {
		for _, r := range p.of(kind) {
			if name, found := strings.CutPrefix(r.Address, kind+`.tool["`); found {
				rules[strings.TrimSuffix(name, `"]`)]++
			}
		}
	}
	tasks := p.tasks()
	_, all := tasks["clamd"] // the options' plan has every one
	for _, service := range []string{"api", "worker", "webhook"} {
		for name, option := range offered {
			want := ""
			if all {
				want = fmt.Sprintf(option.value, p.name()+".internal")
			}
			if got := tasks[service].setting(name); got != want {
				told = append(told, fmt.Sprintf("%s: %s is %q, want %q", service, name, got, want))
			}
			for _, call := range option.calls {
				if all && rules[call] != 2 {
					told = append(told, call+": the way is not open")
				}
			}
		}
	}
	return told
}

// switched holds the dead man's switch to both of its ends.
func switched(p *plan) (told []string) {
	outside := slices.ContainsFunc(p.of("aws_sns_topic_subscription"), func(r resource) bool {
		return r.Address == "aws_sns_topic_subscription.deadman[0]" && r.text("protocol") == "https" && r.text("endpoint") != ""
	})
	inside := slices.ContainsFunc(p.of("aws_cloudwatch_metric_alarm"), func(r resource) bool {
		return r.text("alarm_name") == p.name()+"-deadman" && r.text("treat_missing_data") == "breaching" && r.text("comparison_operator") == "LessThanThreshold" &&
			walk(r.get("dimensions"), "TopicName") == p.name()+"-alerts-deadman" && r.number("period")*r.number("evaluation_periods") <= 900
	})
	if !outside || !inside {
		told = append(told, "nobody hears that nothing is heard")
	}
	return told
}

// asked holds a rollout to the Alertmanager, where there is one.
func asked(p *plan) (told []string) {
	place, err := p.place()
	_, watched := p.tasks()["agent"]
	if err != nil || (place.Alerts != nil) != watched || watched && place.Alerts.Region == "" {
		told = append(told, fmt.Sprintf("the rollout is told of the alerts: %+v, %v", place.Alerts, err))
	}
	return told
}

// bounded holds what a tool may do at AWS to what it is for, beside fetching its
// configuration.
func bounded(p *plan) (told []string) {
	for tool, want := range map[string][]string{
		"agent":        {"aps:RemoteWrite"},
		"alertmanager": {"kms:Decrypt", "kms:GenerateDataKey", "sns:Publish"},
		"loki":         {"kms:Decrypt", "kms:GenerateDataKey", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
		"tempo":        {"kms:Decrypt", "kms:GenerateDataKey", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
		"clamd":        nil,
		"prober":       nil,
	} {
		var document struct{ Statement []map[string]any }
		got := map[string]bool{}
		for _, r := range p.of("aws_iam_role_policy") {
			if r.Address != fmt.Sprintf("module.tool_task[%q].aws_iam_role_policy.run[0]", tool) {
				continue
			}
			_ = json.Unmarshal([]byte(r.text("policy")), &document) // least tells of one that cannot be read
		}
		for _, s := range document.Statement {
			if sid := fmt.Sprint(s["Sid"]); strings.HasPrefix(sid, "Config") {
				continue
			}
			for _, action := range words(s["Action"]) {
				got[action] = true
				tagged := strings.Contains(fmt.Sprint(s["Condition"]), "aws:ResourceTag/Environment")
				if strings.HasPrefix(action, "aps:") && !tagged {
					told = append(told, tool+": any environment's workspace")
				}
			}
		}
		if list := slices.Sorted(maps.Keys(got)); !slices.Equal(list, want) {
			told = append(told, fmt.Sprintf("%s may %v, want %v", tool, list, want))
		}
	}
	return told
}

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
			"a service not named":   drop("module.worker.aws_service_discovery_service.this[0]"),
		}},
		{"the operators' port is the agent's alone", options, operators, map[string]func(*testing.T, *plan){
			"the balancer's, too": change("module.api.aws_vpc_security_group_ingress_rule.balancer[0]", "to_port", 9000.0),
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
