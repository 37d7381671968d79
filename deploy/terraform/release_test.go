package terraform_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/deploy/rollout"
)

// inRollout changes what the rollout is told of the environment.
func inRollout(group, name string, value any) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		fields, ok := walk(p.Outputs["rollout"].After, group).(map[string]any)
		if !ok {
			t.Fatalf("the rollout is told of no %s", group)
		}
		if fields[name] = value; value == nil {
			delete(fields, name)
		}
	}
}

// place is what the rollout is told, read as the rollout reads it.
func (p *plan) place() (place rollout.Place, err error) {
	text, err := json.Marshal(p.Outputs["rollout"].After)
	if err == nil {
		err = json.Unmarshal(text, &place)
	}
	return place, err
}

// released holds the environment to what a rollout needs: a preflight of each
// task by the very settings, and alarms that undo and that somebody hears.
func released(p *plan) (told []string) {
	place, err := p.place()
	if err != nil || place.Cluster == "" || place.URL == "" || len(place.Services) != 3 {
		told = append(told, fmt.Sprintf("the rollout is told too little: %v", err))
	}
	tasks := p.tasks()
	for _, job := range []string{"backup", "drill", "restore"} {
		if place.Jobs[job].Family != p.name()+"-"+job {
			told = append(told, job+": a release does not bring it along")
		}
	}
	for _, service := range []string{"api", "worker", "webhook", "migrate"} {
		doctor := tasks["doctor-"+service]
		want := []string{"doctor", "preflight", "--service", service, "--json"}
		if place.Doctors[service].Family == "" || !slices.Equal(doctor.Command, want) || !strings.Contains(doctor.Image, "/navigator/navigator:") ||
			!reflect.DeepEqual(doctor.Environment, tasks[service].Environment) {
			told = append(told, service+": no preflight, or not with its settings")
		}
	}
	return append(told, alarmed(p, place)...)
}

func alarmed(p *plan, place rollout.Place) (told []string) {
	alarms := map[string]resource{}
	for _, r := range p.of("aws_cloudwatch_metric_alarm") {
		alarms[r.text("alarm_name")] = r
	}
	if len(place.Alarms[rollout.Undo]) < 2 {
		told = append(told, "no alarms of 5xx and of slowness undo a release")
	}
	for _, name := range slices.Concat(slices.Collect(maps.Values(place.Alarms))...) {
		r, there := alarms[name]
		if heard, _ := r.get("alarm_actions").([]any); !there || (len(heard) == 0 && r.Change.Unknown["alarm_actions"] == nil) {
			told = append(told, name+": no such alarm, or nobody hears it")
		}
	}
	if r, there := alarms[p.name()+"-api-errors"]; !there || r.number("threshold") != 10 || r.number("evaluation_periods") != 2 {
		told = append(told, "the alarm of 5xx is not at 10 % in two minutes")
	}
	return told
}

// name is the environment's, as it stands before all names.
func (p *plan) name() string {
	for _, r := range p.of("aws_ecs_cluster") {
		return r.text("name")
	}
	return ""
}

// queued holds the log's filters to the line that the worker writes.
func queued(p *plan) (told []string) {
	values := map[string]string{}
	for _, r := range p.of("aws_cloudwatch_log_metric_filter") {
		if r.text("pattern") == `{ $.msg = "queue depth" }` && r.text("metric_transformation", 0, "namespace") == p.name() {
			values[r.text("metric_transformation", 0, "name")] = r.text("metric_transformation", 0, "value")
		}
	}
	if values["QueueDepth"] != "$.available" || values["QueueAgeSeconds"] != "$.age_seconds" {
		told = append(told, fmt.Sprintf("the log's lines become %v", values))
	}
	return told
}

// releasing holds the roles of releases to their own environment, in its region,
// and to tasks' roles.
func releasing(p *plan) (told []string) {
	for _, environment := range []string{"staging", "production", "production-dr"} {
		at := fmt.Sprintf("[%q]", environment)
		for _, r := range p.Resources {
			switch {
			case r.Address == "aws_iam_role.deploy"+at && !strings.Contains(r.text("assume_role_policy"), `:environment:`+environment+`"`):
				told = append(told, r.Address+": others may release")
			case r.Address == "aws_iam_role_policy.deploy"+at:
				told = append(told, grants(r, environment)...)
			}
		}
	}
	return told
}

func grants(r resource, environment string) (told []string) {
	var document statements
	if err := json.Unmarshal([]byte(r.text("policy")), &document); err != nil || len(document.Statement) == 0 {
		return []string{r.Address + ": its policy is not known in a plan"}
	}
	region := map[bool]string{true: ":us-west-2:", false: ":us-east-1:"}[environment == "production-dr"]
	for _, s := range document.Statement {
		if mine := []string{environment}; slices.Equal(words(s.Condition["StringEquals"]["aws:ResourceTag/Environment"]), mine) {
			continue // by its tag, and not by its name
		}
		for _, to := range words(s.Resource) {
			elsewhere := strings.Contains(to, ":us-") && !strings.Contains(to, region)
			if to != "*" && (elsewhere || !strings.Contains(to, "navigator-"+environment)) {
				told = append(told, fmt.Sprintf("%s: grants %v on %s", r.Address, s.Action, to))
			}
		}
	}
	return told
}
