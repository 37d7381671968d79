package grafana_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/insurance-navigator/navigator/observability/grafana"
)

// TestDashboardsDrift holds the files to the code that writes them.
func TestDashboardsDrift(t *testing.T) {
	t.Parallel()
	want, err := grafana.Files()
	if err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Glob("dashboards/*")
	if err != nil || len(there) != len(want) {
		t.Errorf("%d files for %d dashboards: go run ./observability/grafana/generate (%v)", len(there), len(want), err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join("dashboards", name)) //nolint:gosec // of this tree
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("%s is not what the code says: go run ./observability/grafana/generate (-code +file):\n%s", name, diff)
		}
	}
}

// schema reads one of Grafana's own schemas; schema/README.md says whence.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join("schema", name+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parsed is a value as JSON has it.
func parsed(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// unknown are the fields of annotations that Grafana's type leaves to the
// sources of data.
var unknown = []string{"expr", "titleFormat", "useValueForTime"}

// judged holds a dashboard to Grafana's schemas: its own, and those of its
// panels' options.
func judged(t *testing.T, d grafana.Dashboard) (faults []error) {
	t.Helper()
	whole := parsed(t, d)
	list := whole.(map[string]any)["annotations"].(map[string]any)["list"].([]any)
	for _, annotation := range list {
		for _, field := range unknown {
			delete(annotation.(map[string]any), field)
		}
	}
	faults = append(faults, schema(t, "dashboard").Validate(whole))
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		faults = append(faults, schema(t, p.Type+".Options").Validate(parsed(t, p.Options)))
		if custom := p.FieldConfig.Defaults.Custom; custom != nil {
			faults = append(faults, schema(t, p.Type+".FieldConfig").Validate(parsed(t, custom)))
		}
	}
	return faults
}

func TestDashboardsAreWhatGrafanaReads(t *testing.T) {
	t.Parallel()
	for _, d := range grafana.All() {
		for _, err := range judged(t, d) {
			if err != nil {
				t.Errorf("%s: %v", d.UID, err)
			}
		}
	}
}

// A slip in any layer is found.
func TestTheSchemasBite(t *testing.T) {
	t.Parallel()
	for name, slip := range map[string]func(*grafana.Dashboard){
		"a place that is no object": func(d *grafana.Dashboard) { d.Links[0].Type = "nowhere" },
		"an unknown threshold mode": func(d *grafana.Dashboard) {
			d.Panels[1].FieldConfig.Defaults.Thresholds = &grafana.Thresholds{Mode: "x"}
		},
		"an unknown option": func(d *grafana.Dashboard) { d.Panels[1].Options.(map[string]any)["hue"] = "red" },
	} {
		d := grafana.All()[0]
		slip(&d)
		found := false
		for _, err := range judged(t, d) {
			found = found || err != nil
		}
		if !found {
			t.Errorf("%s passes", name)
		}
	}
}
