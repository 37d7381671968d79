package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// described are the fields of a task definition that ECS tells and does not
// take.
var described = []string{"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy", "deregisteredAt"}

// Prepare is Platform: it registers the release's task definitions. Jobs take the
// newest from then on, and a way back leaves them there: they know the schema of
// every release before theirs, and that of none after it.
func (e *ECS) Prepare(ctx context.Context, name string, former Release) (Release, error) {
	r := Release{Name: name, Parts: map[string]string{}}
	families := map[string]string{partMigrate: e.Place.Migrate.Family}
	for service, family := range e.Place.Services {
		families[service] = family
	}
	for service, task := range e.Place.Doctors {
		families[partDoctor+service] = task.Family
	}
	for name, task := range e.Place.Jobs {
		families[partJob+name] = task.Family
	}
	for part, family := range families {
		address, err := e.register(ctx, family, name, former.Parts[part])
		if err != nil {
			return r, err
		}
		r.Parts[part] = address
	}
	return r, nil
}

// register makes a family's newest definition anew with the release's image.
func (e *ECS) register(ctx context.Context, family, release, former string) (string, error) {
	definition, _, err := e.definition(ctx, family)
	if err != nil {
		return "", err
	}
	one, err := container(definition)
	if err != nil {
		return "", fmt.Errorf("%s: %w", family, err)
	}
	tag, err := tagOf(definition)
	if err != nil {
		return "", fmt.Errorf("%s: %w", family, err)
	}
	image, _ := one["image"].(string)
	one["image"] = strings.TrimSuffix(image, tag) + release
	for _, field := range described {
		delete(definition, field)
	}
	if former != "" {
		definition["tags"] = []map[string]string{{"key": formerTag, "value": former}}
	}
	return e.registered(ctx, definition)
}

// registered hands a definition over in a file: there is nothing secret in it,
// for secrets stand there by their addresses.
func (e *ECS) registered(ctx context.Context, definition map[string]any) (address string, err error) {
	file, err := os.CreateTemp("", "navigator-task-*.json")
	if err != nil {
		return "", fmt.Errorf("a file for the task definition: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // the system's folder for temporary files is emptied anyhow
	if err := errors.Join(json.NewEncoder(file).Encode(definition), file.Close()); err != nil {
		return "", fmt.Errorf("write the task definition: %w", err)
	}
	var answer struct {
		Definition struct {
			Address string `json:"taskDefinitionArn"`
		} `json:"taskDefinition"`
	}
	err = e.call(ctx, &answer, "ecs", "register-task-definition", "--cli-input-json", "file://"+file.Name())
	if err == nil && answer.Definition.Address == "" {
		err = errors.New("aws ecs register-task-definition: no address in its answer")
	}
	return answer.Definition.Address, err
}

// Preflight is Platform: every service's doctor, so that all faults are told at
// once.
func (e *ECS) Preflight(ctx context.Context, r Release) error {
	var all []error
	for _, service := range append([]string{partMigrate}, rollOrder...) {
		task, ok := e.Place.Doctors[service]
		if !ok {
			all = append(all, fmt.Errorf("there is no preflight of %s", service))
			continue
		}
		if err := e.task(ctx, task, r.Parts[partDoctor+service]); err != nil {
			all = append(all, fmt.Errorf("preflight of %s: %w", service, err))
			continue
		}
		e.Say("preflight of %s: passed", service)
	}
	return errors.Join(all...)
}

// Migrate is Platform.
func (e *ECS) Migrate(ctx context.Context, r Release) error {
	return e.task(ctx, e.Place.Migrate, r.Parts[partMigrate])
}

// task runs a task to its end, and tells its last words where it failed.
func (e *ECS) task(ctx context.Context, task Task, definition string) error {
	address, err := e.start(ctx, task, definition)
	if err != nil {
		return err
	}
	if err := e.call(ctx, nil, "ecs", "wait", "tasks-stopped", "--cluster", e.Place.Cluster, "--tasks", address); err != nil {
		return err
	}
	var answer struct {
		Tasks []struct {
			Reason     string `json:"stoppedReason"`
			Containers []struct {
				Exit *int `json:"exitCode"`
			} `json:"containers"`
		} `json:"tasks"`
	}
	if err := e.call(ctx, &answer, "ecs", "describe-tasks", "--cluster", e.Place.Cluster, "--tasks", address); err != nil {
		return err
	}
	if len(answer.Tasks) != 1 || len(answer.Tasks[0].Containers) != 1 {
		return errors.New("ECS does not know the task any more")
	}
	switch exit := answer.Tasks[0].Containers[0].Exit; {
	case exit == nil:
		return fmt.Errorf("the task did not start: %s", answer.Tasks[0].Reason)
	case *exit != 0:
		e.words(ctx, task, address)
		return fmt.Errorf("the task ended with %d", *exit)
	}
	return nil
}

func (e *ECS) start(ctx context.Context, task Task, definition string) (string, error) {
	network := fmt.Sprintf("awsvpcConfiguration={subnets=[%s],securityGroups=[%s],assignPublicIp=DISABLED}",
		strings.Join(e.Place.Subnets, ","), task.SecurityGroup)
	var answer struct {
		Tasks []struct {
			Address string `json:"taskArn"`
		} `json:"tasks"`
		Failures []struct {
			Reason string `json:"reason"`
		} `json:"failures"`
	}
	err := e.call(ctx, &answer, "ecs", "run-task", "--cluster", e.Place.Cluster, "--launch-type", "FARGATE",
		"--task-definition", definition, "--network-configuration", network)
	switch {
	case err != nil:
		return "", err
	case len(answer.Failures) > 0:
		return "", fmt.Errorf("ECS did not take the task: %s", answer.Failures[0].Reason)
	case len(answer.Tasks) != 1:
		return "", errors.New("ECS did not take the task")
	}
	return answer.Tasks[0].Address, nil
}

// words tells what a task wrote last. A log that cannot be read is told, and
// takes nothing from the task's own failure.
func (e *ECS) words(ctx context.Context, task Task, address string) {
	id := address[strings.LastIndexByte(address, '/')+1:]
	var answer struct {
		Events []struct {
			Message string `json:"message"`
		} `json:"events"`
	}
	err := e.call(ctx, &answer, "logs", "get-log-events", "--log-group-name", task.LogGroup, "--log-stream-name", "app/app/"+id, "--limit", "200")
	if err != nil {
		e.Say("its log cannot be read: %v", err)
	}
	for _, line := range answer.Events {
		e.Say("  %s", line.Message)
	}
}

// Roll is Platform: service by service. ECS calls a deployment steady that it
// has taken back itself, so what serves then is looked at.
func (e *ECS) Roll(ctx context.Context, r Release) error {
	for _, service := range rollOrder {
		theirs := e.Place.Services[service]
		err := e.call(ctx, nil, "ecs", "update-service", "--cluster", e.Place.Cluster, "--service", theirs, "--task-definition", r.Parts[service])
		if err != nil {
			return err
		}
		if err := e.call(ctx, nil, "ecs", "wait", "services-stable", "--cluster", e.Place.Cluster, "--services", theirs); err != nil {
			return err
		}
		if err := e.serves(ctx, service, r.Parts[service]); err != nil {
			return err
		}
		e.Say("%s runs %s", service, r.Name)
	}
	return nil
}

func (e *ECS) serves(ctx context.Context, service, definition string) error {
	services, err := e.services(ctx)
	if err != nil {
		return err
	}
	for _, d := range services[service].Deployments {
		if d.Status != "PRIMARY" {
			continue
		}
		if d.Definition == definition && d.State != "FAILED" {
			return nil
		}
		return fmt.Errorf("%s did not come up, and ECS took it back: %s", service, d.Reason)
	}
	return fmt.Errorf("%s has no deployment", service)
}
