// Package terraform_test judges what the Terraform roots would make: the plans
// that their tests made under check.sh, without an account, with the true
// provider.
package terraform_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// plan is the part of a plan that is judged.
type plan struct {
	Resources []resource `json:"resource_changes"`
	Outputs   map[string]struct {
		After any `json:"after"`
	} `json:"output_changes"`
	raw []byte
}

// resource is one that would be made; what only AWS can know is in Unknown.
type resource struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Change  struct {
		Actions []string       `json:"actions"`
		After   map[string]any `json:"after"`
		Unknown map[string]any `json:"after_unknown"`
	} `json:"change"`
}

// roots are the plans of check.sh; environments those of the one root that has
// the services.
var (
	environments = []string{"staging", "production", "production-dr", "options"}
	roots        = append([]string{"bootstrap", "account"}, environments...)
)

// read gives the plan of a root's tests anew each time, so that a test may
// change it. Without plans nothing can be judged, and it is said.
func read(t *testing.T, name string) *plan { return readRun(t, name, "planned") }

// readRun is read of a plan by the name of its run.
func readRun(t *testing.T, name, run string) *plan {
	t.Helper()
	dir := os.Getenv("TERRAFORM_PLANS")
	if dir == "" {
		t.Skip("SKIPPED: no plans; make terraform-check makes them (it needs terraform and the AWS provider) and runs this test")
	}
	runs, _ := printed.LoadOrStore(name, sync.OnceValues(func() (map[string]json.RawMessage, error) { return printedPlans(filepath.Join(dir, name+".json")) }))
	texts, err := runs.(func() (map[string]json.RawMessage, error))() //nolint:errcheck,forcetypeassert // nothing else is stored
	if err != nil || len(texts[run]) == 0 {
		t.Fatalf("no plan %s of %s: %v", run, name, err)
	}
	p := &plan{raw: slices.Clone(texts[run])}
	if err := json.Unmarshal(p.raw, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// printed holds the plans that were read, by the name of their file: with each
// the provider's whole schema is printed, which is left out here.
var printed sync.Map

// printedPlans finds the plans in what terraform test -json -verbose printed, by run.
func printedPlans(file string) (map[string]json.RawMessage, error) {
	text, err := os.ReadFile(file) //nolint:gosec // written by check.sh
	if err != nil {
		return nil, err
	}
	found := map[string]json.RawMessage{}
	for line := range bytes.Lines(text) {
		// Lines of progress are written by two at once, and may be torn.
		if !bytes.Contains(line, []byte(`"type":"test_plan"`)) {
			continue
		}
		var told struct {
			Run  string `json:"@testrun"`
			Plan *struct {
				Resources json.RawMessage `json:"resource_changes"`
				Outputs   json.RawMessage `json:"output_changes"`
			} `json:"test_plan"`
		}
		if err := json.Unmarshal(line, &told); err != nil {
			return nil, err
		}
		if told.Plan == nil {
			continue
		}
		if found[told.Run], err = json.Marshal(told.Plan); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// of lists the resources of a type.
func (p *plan) of(kind string) (list []resource) {
	for _, r := range p.Resources {
		if r.Type == kind {
			list = append(list, r)
		}
	}
	return list
}

// without takes all resources of a type away.
func (p *plan) without(kind string) {
	p.Resources = slices.DeleteFunc(p.Resources, func(r resource) bool { return r.Type == kind })
}

// at finds one resource by its address; it has to be there.
func (p *plan) at(t *testing.T, address string) resource {
	t.Helper()
	i := slices.IndexFunc(p.Resources, func(r resource) bool { return r.Address == address })
	if i < 0 {
		t.Fatalf("the plan has no %s", address)
	}
	return p.Resources[i]
}

// get walks into what would be made: field names, and 0 for a block's first.
func (r resource) get(path ...any) any { return walk(r.Change.After, path...) }

// set reports whether an attribute has a value, be it one that only AWS knows.
func (r resource) set(name string) bool {
	value := r.Change.After[name]
	return (value != nil && value != "" && value != false) || r.Change.Unknown[name] == true
}

func (r resource) text(path ...any) string {
	text, _ := r.get(path...).(string)
	return text
}

func (r resource) number(path ...any) float64 { return number(r.get(path...)) }

func number(value any) float64 {
	number, _ := value.(float64)
	return number
}

func walk(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			fields, _ := value.(map[string]any)
			value = fields[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// container is a task's container as the root's output tells it.
type container struct {
	Image       string   `json:"image"`
	Command     []string `json:"command"`
	ReadOnly    bool     `json:"readonlyRootFilesystem"`
	User        string   `json:"user"`
	Environment []named  `json:"environment"`
	Secrets     []named  `json:"secrets"`
	Health      *command `json:"healthCheck"`
	Essential   bool     `json:"essential"`
	Needs       []needed `json:"dependsOn"`
	Mounts      []mount  `json:"mountPoints"`
	Linux       struct {
		Capabilities struct {
			Drop []string `json:"drop"`
		} `json:"capabilities"`
	} `json:"linuxParameters"`
}

type named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// needed is a container that has to end well before another starts.
type needed struct {
	Name      string `json:"containerName"`
	Condition string `json:"condition"`
}

// mount is a volume within a container.
type mount struct {
	Volume   string `json:"sourceVolume"`
	Path     string `json:"containerPath"`
	ReadOnly bool   `json:"readOnly"`
}

type command struct {
	Command []string `json:"command"`
}

func (c container) secretNames() (names []string) {
	for _, secret := range c.Secrets {
		names = append(names, secret.Name)
	}
	return names
}

// tasks is every container, by the task's name.
func (p *plan) tasks() map[string]container {
	text, _ := json.Marshal(p.Outputs["tasks"].After) //nolint:errchkjson // it was JSON a moment ago
	tasks := map[string]container{}
	_ = json.Unmarshal(text, &tasks)
	return tasks
}
