package rollout_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/deploy/rollout"
)

var judged = flag.Bool("aws", false, "let AWS's command line judge the calls")

// cloud answers as ECS and CloudWatch do, of one cluster.
type cloud struct {
	t           *testing.T
	services    map[string]string         // what each runs
	definitions map[string]map[string]any // by address
	tags        map[string]string         // former, by address
	newest      map[string]int            // revision by family
	exits       map[string]int            // of a task, by a part of its definition's image or family
	broken      string                    // images of this release do not come up
	firing      string
	started     string // the last task's definition
	calls       [][]string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, services: map[string]string{}, definitions: map[string]map[string]any{}, tags: map[string]string{}, newest: map[string]int{}, exits: map[string]int{}}
	for _, family := range []string{"nav-api", "nav-worker", "nav-webhook", "nav-migrate", "nav-backup", "nav-doctor-api", "nav-doctor-worker", "nav-doctor-webhook", "nav-doctor-migrate"} {
		address := c.add(map[string]any{"family": family, "cpu": "512", "taskDefinitionArn": "x", "revision": 1, "status": "ACTIVE",
			"containerDefinitions": []any{map[string]any{"name": "app", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com:443/" + family + ":v1",
				"secrets": []any{map[string]any{"name": "DATABASE_URL", "valueFrom": "arn:aws:secretsmanager:x"}}}}})
		if !strings.Contains(family, "doctor") && family != "nav-migrate" && family != "nav-backup" {
			c.services[family] = address
		}
	}
	return c
}

func (c *cloud) add(definition map[string]any) string {
	family, _ := definition["family"].(string)
	c.newest[family]++
	address := fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:task-definition/%s:%d", family, c.newest[family])
	c.definitions[address] = definition
	return address
}

func (c *cloud) image(address string) string {
	return c.definitions[address]["containerDefinitions"].([]any)[0].(map[string]any)["image"].(string)
}

// after is the value behind a flag.
func after(args []string, flag string) string {
	c := slices.Index(args, flag)
	return args[c+1]
}

func (c *cloud) aws(_ context.Context, args ...string) ([]byte, error) {
	c.calls = append(c.calls, args)
	answer, err := c.answer(args)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func (c *cloud) answer(args []string) (any, error) {
	switch args[1] {
	case "describe-services":
		list := []any{}
		for name, definition := range c.services {
			list = append(list, map[string]any{"serviceName": name, "taskDefinition": definition, "deployments": []any{
				map[string]any{"status": "PRIMARY", "taskDefinition": definition, "rolloutState": "COMPLETED", "rolloutStateReason": "back by the circuit breaker"}}})
		}
		return map[string]any{"services": list}, nil
	case "describe-task-definition":
		of := after(args, "--task-definition")
		if !strings.HasPrefix(of, "arn:") {
			of = fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:task-definition/%s:%d", of, c.newest[of])
		}
		answer := map[string]any{"taskDefinition": c.definitions[of]}
		if former := c.tags[of]; former != "" {
			answer["tags"] = []any{map[string]any{"key": "navigator:former", "value": former}}
		}
		return answer, nil
	case "register-task-definition":
		return c.register(strings.TrimPrefix(after(args, "--cli-input-json"), "file://"))
	case "update-service":
		if to := after(args, "--task-definition"); c.broken == "" || !strings.HasSuffix(c.image(to), ":"+c.broken) {
			c.services[after(args, "--service")] = to
		}
	case "run-task":
		c.started = after(args, "--task-definition")
		return map[string]any{"tasks": []any{map[string]any{"taskArn": "arn:task/nav/0123"}}, "failures": []any{}}, nil
	case "describe-tasks":
		exit := 0
		for part, code := range c.exits {
			if strings.Contains(c.image(c.started), part) {
				exit = code
			}
		}
		return map[string]any{"tasks": []any{map[string]any{"containers": []any{map[string]any{"exitCode": exit}}}}}, nil
	case "get-log-events":
		return map[string]any{"events": []any{map[string]any{"message": "storage is refused"}}}, nil
	case "describe-alarms":
		list := []any{}
		for _, name := range args[slices.Index(args, "--alarm-names")+1 : len(args)-2] {
			list = append(list, map[string]any{"AlarmName": name, "StateValue": map[bool]string{true: "ALARM", false: "OK"}[name == c.firing]})
		}
		return map[string]any{"MetricAlarms": list}, nil
	case "tasks-stopped", "services-stable":
	default:
		if args[1] != "wait" {
			return nil, errors.New("unknown " + strings.Join(args, " "))
		}
	}
	return nil, nil
}

func (c *cloud) register(path string) (any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var definition map[string]any
	if err := json.Unmarshal(text, &definition); err != nil {
		return nil, err
	}
	for _, field := range []string{"taskDefinitionArn", "revision", "status"} {
		if _, there := definition[field]; there {
			return nil, errors.New("ParamValidationError: unknown parameter " + field)
		}
	}
	tags, _ := definition["tags"].([]any)
	delete(definition, "tags")
	address := c.add(definition)
	for _, tag := range tags {
		c.tags[address] = tag.(map[string]any)["value"].(string)
	}
	return map[string]any{"taskDefinition": map[string]any{"taskDefinitionArn": address}}, nil
}

// serve is the tag of all that serves; several where that is a mixture.
func (c *cloud) serve() string {
	var tags []string
	for _, address := range c.services {
		image := c.image(address)
		tags = append(tags, image[strings.LastIndexByte(image, ':')+1:])
	}
	slices.Sort(tags)
	return strings.Join(slices.Compact(tags), " ")
}

// over is a rollout over the cloud, with what it says.
func (c *cloud) over(smoked func(release string) error) (rollout.Rollout, *[]string) {
	said := &[]string{}
	say := func(format string, args ...any) { *said = append(*said, fmt.Sprintf(format, args...)) }
	doctors := map[string]rollout.Task{}
	for _, service := range []string{"api", "worker", "webhook", "migrate"} {
		doctors[service] = rollout.Task{Family: "nav-doctor-" + service, SecurityGroup: "sg-1", LogGroup: "/navigator/doctor"}
	}
	place := rollout.Place{URL: "https://api.example.com", Cluster: "nav", Subnets: []string{"subnet-1", "subnet-2"}, Doctors: doctors,
		Services: map[string]string{"api": "nav-api", "worker": "nav-worker", "webhook": "nav-webhook"},
		Jobs:     map[string]rollout.Task{"backup": {Family: "nav-backup"}},
		Migrate:  rollout.Task{Family: "nav-migrate", SecurityGroup: "sg-1", LogGroup: "/navigator/migrate"},
		Alarms:   map[rollout.Action][]string{rollout.Undo: {"nav-errors", "nav-slow"}, rollout.Page: {"nav-hosts"}}}
	return rollout.Rollout{Clock: &clock{now: time.Unix(1e9, 0)}, Watch: 15 * time.Minute, Every: time.Minute, Say: say,
		Platform: &rollout.ECS{Place: place, AWS: c.aws, Say: say, Smoked: func(_ context.Context, _, release string) error { return smoked(release) }}}, said
}

func fine(string) error { return nil }

// A release is the newest definitions with its images; and what was before it
// can be brought back, which the definitions themselves know.
func TestECSBringsInAndBack(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	r, said := c.over(fine)
	for _, release := range []string{"v2", "v3"} {
		if err := r.Release(t.Context(), release); err != nil || c.serve() != release {
			t.Fatalf("%s serves: %v\n%s", c.serve(), err, strings.Join(*said, "\n"))
		}
	}
	secrets := c.definitions[c.services["nav-api"]]["containerDefinitions"].([]any)[0].(map[string]any)["secrets"]
	if fmt.Sprint(secrets) == "" || !strings.HasPrefix(c.image(c.services["nav-api"]), "123456789012.dkr.ecr.us-east-1.amazonaws.com:443/nav-api:") {
		t.Errorf("the definition lost something: %v", c.definitions[c.services["nav-api"]])
	}
	if err := r.Back(t.Context()); err != nil || c.serve() != "v2" {
		t.Errorf("%s serves: %v", c.serve(), err)
	}
	if err := r.Back(t.Context()); err != nil || c.serve() != "v1" {
		t.Errorf("%s serves: %v", c.serve(), err)
	}
	if newest := c.image(fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:task-definition/nav-backup:%d", c.newest["nav-backup"])); !strings.HasSuffix(newest, ":v3") {
		t.Errorf("the newest job is %s", newest)
	}
	if err := r.Back(t.Context()); err == nil || c.serve() != "v1" || !strings.Contains(err.Error(), "was not brought in by a rollout") {
		t.Errorf("%s serves: %v", c.serve(), err)
	}
}

// TestAWSTakesTheCalls has AWS's own command line judge each kind of call that
// is made: it finds nothing wrong, and fails at the address, where nobody is.
func TestAWSTakesTheCalls(t *testing.T) {
	t.Parallel()
	if !*judged {
		t.Skip("SKIPPED: -aws was not given: the command line takes a second a call; make terraform-check gives it where aws is")
	}
	c := newCloud(t)
	c.exits["nav-doctor-migrate:v3"] = 1 // whose log is read
	r, _ := c.over(fine)
	if err := errors.Join(r.Release(t.Context(), "v2"), r.Back(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(t.Context(), "v3"); err == nil {
		t.Fatal("a doctor's finding is none")
	}
	input := filepath.Join(t.TempDir(), "task.json")
	if err := os.WriteFile(input, []byte(`{"family":"x","containerDefinitions":[{"name":"app","image":"x:v1"}],"tags":[{"key":"navigator:former","value":"x"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, args := range c.calls {
		kind := strings.Join(args[:min(3, len(args))], " ")
		if args[1] != "wait" {
			kind = strings.Join(args[:2], " ")
		}
		if seen[kind] {
			continue
		}
		seen[kind] = true
		if i := slices.Index(args, "--cli-input-json"); i > 0 {
			args[i+1] = "file://" + input // the rollout's own is gone by now
		}
		command := exec.CommandContext(t.Context(), "aws", append(slices.Clone(args), "--endpoint-url", "http://127.0.0.1:1", "--region", "us-east-1")...) //nolint:gosec // our own calls
		command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=invented", "AWS_SECRET_ACCESS_KEY=invented", "AWS_MAX_ATTEMPTS=1")
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "Could not connect to the endpoint") {
			t.Errorf("aws %v: %v\n%s", args, err, out)
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d kinds of calls were judged: %v", len(seen), seen)
	}
}

// What ECS, a task or an alarm says ends in what serves.
func TestECSWaysOfARelease(t *testing.T) {
	t.Parallel()
	bad := func(release string) error {
		if release == "v2" {
			return errors.New("release v1 serves, and not v2")
		}
		return nil
	}
	for name, c := range map[string]struct {
		set    func(*cloud)
		smoked func(string) error
		serves string
		told   string
	}{
		"the doctor finds a fault":            {func(c *cloud) { c.exits["nav-doctor-worker:v2"] = 1 }, fine, "v1", "preflight of worker: the task ended with 1"},
		"the migration fails":                 {func(c *cloud) { c.exits["nav-migrate:v2"] = 1 }, fine, "v1", "v1 still serves: the task ended with 1"},
		"ECS takes it back by itself":         {func(c *cloud) { c.broken = "v2" }, fine, "v1", "back by the circuit breaker"},
		"FM-016, the old release serves on":   {func(*cloud) {}, bad, "v1", "release v1 serves, and not v2"},
		"an alarm that fired before it alone": {func(c *cloud) { c.firing = "nav-slow" }, fine, "v2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			c.set(cloud)
			r, said := cloud.over(c.smoked)
			err := r.Release(t.Context(), "v2")
			if (err == nil) != (c.told == "") || err != nil && !strings.Contains(err.Error(), c.told) || cloud.serve() != c.serves {
				t.Errorf("%s serves: %v\n%s", cloud.serve(), err, strings.Join(*said, "\n"))
			}
			if strings.Contains(name, "doctor") && !slices.Contains(*said, "  storage is refused") {
				t.Errorf("what the doctor found is not told:\n%s", strings.Join(*said, "\n"))
			}
		})
	}
}

// An alarm that begins to fire after the release takes it back; one that only
// pages does not.
func TestECSAlarmsAfterARelease(t *testing.T) {
	t.Parallel()
	for alarm, serves := range map[string]string{"nav-errors": "v1", "nav-hosts": "v2"} {
		c := newCloud(t)
		r, said := c.over(fine)
		r.Clock = &clock{now: time.Unix(1e9, 0), at: map[time.Duration]func(){5 * time.Minute: func() { c.firing = alarm }}}
		if err := r.Release(t.Context(), "v2"); (err == nil) != (serves == "v2") || c.serve() != serves {
			t.Errorf("%s: %s serves: %v\n%s", alarm, c.serve(), err, strings.Join(*said, "\n"))
		}
	}
}
