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
