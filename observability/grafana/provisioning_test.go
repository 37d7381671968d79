package grafana_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/insurance-navigator/navigator/observability/grafana"
)

// source is a place that Grafana reads, as a provisioning file names it.
type source struct {
	UID, Type, URL string
	JSON           map[string]any `yaml:"jsonData"`
}

// sources reads provisioning files, by uid.
func sources(t *testing.T, paths ...string) map[string]source {
	t.Helper()
	found := map[string]source{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Datasources []source }
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, s := range file.Datasources {
			if _, twice := found[s.UID]; twice || s.UID == "" || !strings.HasPrefix(s.URL, "$") {
				t.Errorf("%s: %q is there twice, or has no uid, or an address of its own", path, s.UID)
			}
			found[s.UID] = s
		}
	}
	return found
}

// named finds every uid that a tree names as a source, wherever it stands.
func named(node any, found map[string]bool) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			uid, text := value.(string)
			if text && (key == "datasourceUid" || key == "alertmanagerUid") {
				found[uid] = true
			}
			if ref, is := value.(map[string]any); is && key == "datasource" {
				if uid, ok := ref["uid"].(string); ok {
					found[uid] = true
				}
			}
			named(value, found)
		}
	case []any:
		for _, one := range node {
			named(one, found)
		}
	}
}

// Whatever a dashboard, or a source, names as a source is provisioned: on one
// machine, and in AWS with and without traces.
func TestEverySourceThatIsNamedIsProvisioned(t *testing.T) {
	t.Parallel()
	local := sources(t, "provisioning/datasources/navigator.yaml")
	for place, have := range map[string]map[string]source{
		"here":                local,
		"AWS":                 sources(t, "aws/prometheus.yaml", "aws/loki.yaml"),
		"AWS with its traces": sources(t, "aws/prometheus.yaml", "aws/loki-traces.yaml", "aws/traces.yaml"),
	} {
		for uid, s := range local {
			if have[uid].Type != s.Type {
				t.Errorf("%s: %s is a %q, and a %q here", place, uid, have[uid].Type, s.Type)
			}
		}
		for uid, s := range have {
			uids := map[string]bool{}
			named(s.JSON, uids)
			for _, to := range slices.Sorted(maps.Keys(uids)) {
				if _, there := have[to]; !there {
					t.Errorf("%s: %s leads to %s, which is not there", place, uid, to)
				}
			}
		}
		for _, d := range grafana.All() {
			for _, fault := range unprovisioned(t, d, have) {
				t.Errorf("%s: %s: %s", place, d.UID, fault)
			}
		}
	}
	if faults := unprovisioned(t, grafana.All()[0], map[string]source{"loki": {Type: "loki"}}); len(faults) == 0 {
		t.Error("a dashboard without its source is taken")
	}
}

// unprovisioned tells the sources of a dashboard that nobody provisions: those
// by variable have to be of a kind that is there.
func unprovisioned(t *testing.T, d grafana.Dashboard, have map[string]source) (faults []string) {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, s := range have {
		kinds[s.Type] = true
	}
	variables := map[string]bool{}
	for _, v := range d.Templating.List {
		if kind, is := v.Query.(string); is && v.Type == "datasource" {
			variables["${"+v.Name+"}"] = kinds[kind]
		}
	}
	uids := map[string]bool{}
	named(tree, uids)
	for _, uid := range slices.Sorted(maps.Keys(uids)) {
		if _, there := have[uid]; !there && !variables[uid] && uid != "-- Grafana --" {
			faults = append(faults, "nobody provisions "+uid)
		}
	}
	return faults
}

// The dashboards lie where the provider looks: Compose mounts them there, and
// the policies of deploy/terraform say it of AWS.
func TestDashboardsLieWhereTheProviderLooks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("provisioning/dashboards/navigator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Providers []struct {
			Options struct{ Path string }
			Updates bool `yaml:"allowUiUpdates"`
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Providers) != 1 || file.Providers[0].Updates {
		t.Fatalf("%v: %+v", err, file)
	}
	compose, err := os.ReadFile(filepath.Join("..", "..", "deploy", "compose", "compose.yaml"))
	if err != nil || !strings.Contains(string(compose), "observability/grafana/dashboards:"+file.Providers[0].Options.Path+":ro") {
		t.Errorf("Compose does not mount the dashboards at %s: %v", file.Providers[0].Options.Path, err)
	}
}
