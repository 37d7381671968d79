// Package terraform_test judges what the Terraform roots would make: the plans
// that check.sh made, without an account, with the true provider.
package terraform_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plan is the part of a plan's JSON that is judged.
type plan struct {
	Resources []resource `json:"resource_changes"`
	Outputs   map[string]struct {
		After any `json:"after"`
	} `json:"output_changes"`
	Configuration struct {
		Root struct {
			Resources []struct {
				Address     string                     `json:"address"`
				Expressions map[string]json.RawMessage `json:"expressions"`
			} `json:"resources"`
		} `json:"root_module"`
	} `json:"configuration"`
	raw []byte
}

// resource is one that would be made; what only AWS can know is in Unknown.
type resource struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Change  struct {
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

// read gives a plan anew each time, so that a test may change it. Without plans
// nothing can be judged, and it is said.
func read(t *testing.T, name string) *plan {
	t.Helper()
	dir := os.Getenv("TERRAFORM_PLANS")
	if dir == "" {
		t.Skip("SKIPPED: no plans; make terraform-check makes them (it needs terraform and the AWS provider) and runs this test")
	}
	text, err := os.ReadFile(filepath.Join(dir, name+".json")) //nolint:gosec // a plan of check.sh
	if err != nil {
		t.Fatal(err)
	}
	p := &plan{raw: text}
	if err := json.Unmarshal(text, p); err != nil {
		t.Fatal(err)
	}
	return p
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

func (r resource) number(path ...any) float64 {
	number, _ := r.get(path...).(float64)
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

// refers reports whether a root resource's attribute is made of another's.
func (p *plan) refers(address, attribute, to string) bool {
	for _, r := range p.Configuration.Root.Resources {
		if r.Address == address {
			return strings.Contains(string(r.Expressions[attribute]), strings.ReplaceAll(to, `"`, `\"`))
		}
	}
	return false
}
