package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Place is where an environment runs at AWS: the output "rollout" of
// deploy/terraform/environment.
type Place struct {
	URL      string              `json:"url"`      // of the API
	Cluster  string              `json:"cluster"`  // its name
	Services map[string]string   `json:"services"` // by service, the name of its ECS service, which is its task definition's family, too
	Doctors  map[string]Task     `json:"doctors"`  // by service, the task that is its preflight
	Jobs     map[string]Task     `json:"jobs"`     // what runs by the clock or by hand, from its newest definition
	Migrate  Task                `json:"migrate"`
	Subnets  []string            `json:"subnets"`
	Alarms   map[Action][]string `json:"alarms"` // names of CloudWatch's alarms
	Alerts   *Alerts             `json:"alerts"` // nil where there is no managed Prometheus
}

// Task is one that runs once and ends.
type Task struct {
	Family        string `json:"family"`
	SecurityGroup string `json:"security_group"`
	LogGroup      string `json:"log_group"`
}

// The keys that a release's parts have beside the services' own names.
const (
	partMigrate = "migrate"
	partDoctor  = "doctor-" // and the service
	partJob     = "job-"    // and its name
)

// rollOrder has what takes in come last: the callbacks of the new release and
// its line are there when its API is.
var rollOrder = []string{"webhook", "worker", "api"}

// ECS is a Platform on ECS, by AWS's own command line. A release is a set of
// task definitions: the newest of each family, which is where Terraform's
// settings are, with the release's images.
type ECS struct {
	Place Place
	// AWS runs the command line and gives what it prints.
	AWS func(ctx context.Context, args ...string) ([]byte, error)
	// Alerts tells the alerts that fire; nil where Place has none.
	Alerts func(ctx context.Context) ([]Trigger, error)
	// Smoked sends a document through the release that serves at Place.URL.
	Smoked func(ctx context.Context, url, release string) error
	Say    func(format string, args ...any)
}

var _ Platform = (*ECS)(nil)

// call runs the command line and reads its JSON; into may be nil.
func (e *ECS) call(ctx context.Context, into any, args ...string) error {
	out, err := e.AWS(ctx, append(args, "--output", "json")...)
	if err != nil {
		return fmt.Errorf("aws %s %s: %w", args[0], args[1], err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("aws %s %s: its answer cannot be read: %w", args[0], args[1], err)
	}
	return nil
}

// deployed is what ECS says of a service.
type deployed struct {
	Name        string `json:"serviceName"`
	Definition  string `json:"taskDefinition"`
	Deployments []struct {
		Status     string `json:"status"`
		Definition string `json:"taskDefinition"`
		State      string `json:"rolloutState"`
		Reason     string `json:"rolloutStateReason"`
	} `json:"deployments"`
}

// services asks for the services, by our names.
func (e *ECS) services(ctx context.Context) (map[string]deployed, error) {
	var answer struct {
		Services []deployed `json:"services"`
	}
	args := append([]string{"ecs", "describe-services", "--cluster", e.Place.Cluster, "--services"}, slices.Sorted(maps.Values(e.Place.Services))...)
	if err := e.call(ctx, &answer, args...); err != nil {
		return nil, err
	}
	found := map[string]deployed{}
	for name, theirs := range e.Place.Services {
		i := slices.IndexFunc(answer.Services, func(d deployed) bool { return d.Name == theirs })
		if i < 0 {
			return nil, fmt.Errorf("there is no service %s in the cluster %s", theirs, e.Place.Cluster)
		}
		found[name] = answer.Services[i]
	}
	return found, nil
}

// Running is Platform.
func (e *ECS) Running(ctx context.Context) (Release, error) {
	services, err := e.services(ctx)
	if err != nil {
		return Release{}, err
	}
	parts := map[string]string{}
	for name, s := range services {
		parts[name] = s.Definition
	}
	return e.named(ctx, parts)
}

// named reads a release's name from the API's image.
func (e *ECS) named(ctx context.Context, parts map[string]string) (Release, error) {
	definition, _, err := e.definition(ctx, parts["api"])
	if err != nil {
		return Release{}, err
	}
	name, err := tagOf(definition)
	return Release{Name: name, Parts: parts}, err
}

// formerTag is on each task definition that a rollout registered: what ran
// before it.
const formerTag = "navigator:former"

// Before is Platform. Each definition says itself what it followed.
func (e *ECS) Before(ctx context.Context, running Release) (Release, error) {
	parts := map[string]string{}
	for name := range e.Place.Services {
		_, tags, err := e.definition(ctx, running.Parts[name])
		if err != nil {
			return Release{}, err
		}
		if parts[name] = tags[formerTag]; parts[name] == "" {
			return Release{}, fmt.Errorf("%s of %s was not brought in by a rollout, so what was before it is not known: release that commit instead", name, running.Name)
		}
	}
	return e.named(ctx, parts)
}

// definition reads a task definition: that of an address, or the newest of a
// family.
func (e *ECS) definition(ctx context.Context, of string) (definition map[string]any, tags map[string]string, err error) {
	var answer struct {
		Definition map[string]any `json:"taskDefinition"`
		Tags       []struct{ Key, Value string }
	}
	if err := e.call(ctx, &answer, "ecs", "describe-task-definition", "--task-definition", of, "--include", "TAGS"); err != nil {
		return nil, nil, err
	}
	if answer.Definition == nil {
		return nil, nil, fmt.Errorf("there is no task definition %s", of)
	}
	tags = map[string]string{}
	for _, tag := range answer.Tags {
		tags[tag.Key] = tag.Value
	}
	return answer.Definition, tags, nil
}

// container is a definition's one container.
func container(definition map[string]any) (map[string]any, error) {
	list, _ := definition["containerDefinitions"].([]any)
	if len(list) != 1 {
		return nil, fmt.Errorf("a task definition with %d containers, and not one", len(list))
	}
	one, _ := list[0].(map[string]any)
	if _, ok := one["image"].(string); !ok {
		return nil, errors.New("a container without an image")
	}
	return one, nil
}

func tagOf(definition map[string]any) (string, error) {
	one, err := container(definition)
	if err != nil {
		return "", err
	}
	image, _ := one["image"].(string)
	at := strings.LastIndexByte(image, ':')
	if at < strings.LastIndexByte(image, '/') {
		return "", errors.New("an image without a tag")
	}
	return image[at+1:], nil
}

// Triggers is Platform: CloudWatch's alarms, and the alerts of managed
// Prometheus.
func (e *ECS) Triggers(ctx context.Context) ([]Trigger, error) {
	list, err := e.alarms(ctx)
	if e.Alerts == nil {
		return list, err
	}
	alerts, blind := e.Alerts(ctx)
	return append(list, alerts...), errors.Join(err, blind)
}

func (e *ECS) alarms(ctx context.Context) (list []Trigger, err error) {
	for _, action := range []Action{Undo, Page} {
		names := e.Place.Alarms[action]
		if len(names) == 0 {
			continue
		}
		var answer struct {
			Metric []struct {
				Name  string `json:"AlarmName"`
				State string `json:"StateValue"`
			} `json:"MetricAlarms"`
		}
		if err := e.call(ctx, &answer, append([]string{"cloudwatch", "describe-alarms", "--alarm-names"}, names...)...); err != nil {
			return nil, err
		}
		if len(answer.Metric) != len(names) {
			return nil, fmt.Errorf("%d of %d alarms are there, of the action %s", len(answer.Metric), len(names), action)
		}
		for _, a := range answer.Metric {
			list = append(list, Trigger{Name: a.Name, Action: action, Firing: a.State == "ALARM"})
		}
	}
	return list, nil
}

// Smoke is Platform.
func (e *ECS) Smoke(ctx context.Context, r Release) error { return e.Smoked(ctx, e.Place.URL, r.Name) }
