// Package alertmanager holds the tree of who hears of what, and makes a whole
// configuration of it for one machine. Terraform makes that of a deployment from
// the same tree, with a topic for each receiver.
package alertmanager

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed tree.yaml
var tree []byte

//go:embed messages.tmpl
var messages []byte

// Messages is the templates of what people read.
func Messages() []byte { return slices.Clone(messages) }

// Receivers are the names that the tree gives alerts to. Nowhere has nobody
// behind it.
func Receivers() []string {
	return []string{"deadman", Nowhere, "test-chat", "rollback", "security", "pager", "business", "chat"}
}

// Nowhere is the receiver that sends nothing.
const Nowhere = "nowhere"

type receiver struct {
	Name     string    `yaml:"name"`
	Webhooks []webhook `yaml:"webhook_configs,omitempty"`
}

type webhook struct {
	URL      string `yaml:"url"`
	Resolved bool   `yaml:"send_resolved"`
}

// Local is a configuration whose receivers are webhooks below one address, each
// by its name: address + "/pager".
func Local(address string) ([]byte, error) { return local(address, nil) }

// Hurried is Local without the waits that gather alerts and hold them back: each
// is longest at most. It is for tests, which have no time.
func Hurried(address string, longest time.Duration) ([]byte, error) {
	return local(address, func(name string, value any) any {
		if !slices.Contains([]string{"group_wait", "group_interval"}, name) {
			return value
		}
		wait, err := time.ParseDuration(fmt.Sprint(value))
		if err != nil || wait <= longest {
			return value
		}
		return longest.String()
	})
}

func local(address string, change func(string, any) any) ([]byte, error) {
	config := map[string]any{}
	if err := yaml.Unmarshal(tree, &config); err != nil {
		return nil, fmt.Errorf("tree.yaml: %w", err)
	}
	if change != nil {
		walk(config["route"], change)
	}
	list := make([]receiver, 0, len(Receivers()))
	for _, name := range Receivers() {
		one := receiver{Name: name}
		if name != Nowhere {
			one.Webhooks = []webhook{{address + "/" + name, name != "deadman"}}
		}
		list = append(list, one)
	}
	config["receivers"] = list
	return yaml.Marshal(config)
}

// walk changes every value of a tree of routes.
func walk(node any, change func(string, any) any) {
	switch node := node.(type) {
	case map[string]any:
		for name, value := range node {
			node[name] = change(name, value)
			walk(value, change)
		}
	case []any:
		for _, one := range node {
			walk(one, change)
		}
	}
}
