package terraform_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// policy is a rule that every plan named in of has to keep: broken tells each
// breach. A planted fault has to be told.
type policy struct {
	name   string
	of     []string
	broken func(*plan) []string
	faults map[string]func(*testing.T, *plan)
}

// change puts a value into one resource of a plan.
func change(address, attribute string, value any) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		r := p.at(t, address)
		r.Change.After[attribute] = value
		delete(r.Change.Unknown, attribute)
	}
}

// drop takes one resource away.
func drop(address string) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		p.at(t, address)
		p.Resources = slices.DeleteFunc(p.Resources, func(r resource) bool { return r.Address == address })
	}
}

// inBlock changes an attribute of a resource's nested block.
func inBlock(address, attribute string, value any, path ...any) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		block, ok := p.at(t, address).get(path...).(map[string]any)
		if !ok {
			t.Fatalf("%s has no block %v", address, path)
		}
		block[attribute] = value
	}
}

// each tells the resources of a type that a condition does not hold for.
func each(kind, want string, holds func(resource) bool) func(*plan) []string {
	return func(p *plan) (told []string) {
		for _, r := range p.of(kind) {
			if !holds(r) {
				told = append(told, r.Address+": "+want)
			}
		}
		return told
	}
}

func both(checks ...func(*plan) []string) func(*plan) []string {
	return func(p *plan) (told []string) {
		for _, check := range checks {
			told = append(told, check(p)...)
		}
		return told
	}
}

// doors lets the world in at the load balancer alone.
func doors(p *plan) (told []string) {
	for _, r := range p.of("aws_vpc_security_group_ingress_rule") {
		open := r.text("cidr_ipv4") != "" || r.text("cidr_ipv6") != ""
		from, to := r.number("from_port"), r.number("to_port")
		balancer := strings.HasPrefix(r.Address, "aws_vpc_security_group_ingress_rule.balancer[")
		if from == 0 || from != to || (open && (!balancer || (from != 80 && from != 443))) {
			told = append(told, fmt.Sprintf("%s: ports %v to %v from anywhere", r.Address, from, to))
		}
	}
	for _, r := range p.of("aws_security_group") {
		if rules, _ := r.get("ingress").([]any); len(rules) > 0 {
			told = append(told, r.Address+": rules within the group")
		}
	}
	return told
}

// statements are the grants of a policy document.
type statements struct {
	Statement []struct {
		Effect    string
		Action    any
		Resource  any
		NotAction any
	}
}

func words(value any) (list []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, item := range value {
			list = append(list, fmt.Sprint(item))
		}
	}
	return list
}

// nameable reports whether AWS knows resources for an action.
func nameable(action string) bool {
	return !slices.Contains([]string{"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}, action)
}

// least holds every grant to named actions, and to named resources but where
// AWS knows none.
func least(p *plan) (told []string) {
	for _, kind := range []string{"aws_iam_role_policy", "aws_iam_group_policy"} {
		for _, r := range p.of(kind) {
			var document statements
			if err := json.Unmarshal([]byte(r.text("policy")), &document); err != nil {
				told = append(told, r.Address+": its policy is not known in a plan")
			}
			for _, s := range document.Statement {
				if s.Effect != "Allow" {
					continue
				}
				wild := func(action string) bool { return strings.Contains(action, "*") }
				if s.NotAction != nil || slices.ContainsFunc(words(s.Action), wild) {
					told = append(told, fmt.Sprintf("%s: grants %v", r.Address, s.Action))
				}
				if slices.Contains(words(s.Resource), "*") && slices.ContainsFunc(words(s.Action), nameable) {
					told = append(told, fmt.Sprintf("%s: grants %v on everything", r.Address, s.Action))
				}
			}
		}
	}
	return told
}

// guarded asks of each bucket what belongs to it, by its name.
func guarded(kind, want string, holds func(resource) bool) func(*plan) []string {
	return func(p *plan) (told []string) {
		for _, bucket := range p.of("aws_s3_bucket") {
			guard := slices.IndexFunc(p.of(kind), func(r resource) bool {
				return r.text("bucket") == bucket.text("bucket") && holds(r)
			})
			if guard < 0 {
				told = append(told, bucket.Address+": "+want)
			}
		}
		return told
	}
}

// paired holds every service behind the load balancer to two tasks.
func paired(p *plan) (told []string) {
	least := map[string]float64{}
	for _, r := range p.of("aws_appautoscaling_target") {
		least[strings.TrimSuffix(r.Address, ".aws_appautoscaling_target.this")] = r.number("min_capacity")
	}
	for _, r := range p.of("aws_ecs_service") {
		if list, _ := r.get("load_balancer").([]any); len(list) == 0 {
			continue
		}
		if r.number("desired_count") < 2 || least[strings.TrimSuffix(r.Address, ".aws_ecs_service.this")] < 2 {
			told = append(told, r.Address+": public, with fewer than two tasks")
		}
	}
	return told
}

// routed holds /webhook/* to the webhook's port, before the API's rule.
func routed(p *plan) (told []string) {
	order := map[string]float64{}
	paths := ""
	for _, r := range p.of("aws_lb_listener_rule") {
		order[r.Address] = r.number("priority")
		if r.Address == "aws_lb_listener_rule.webhook" {
			paths = fmt.Sprint(r.get("condition"))
		}
	}
	if !strings.Contains(paths, "/webhook/*") || order["aws_lb_listener_rule.webhook"] >= order["aws_lb_listener_rule.api"] {
		told = append(told, "/webhook/* does not come before the API's rule")
	}
	if !p.refers("aws_lb_listener_rule.webhook", "action", `aws_lb_target_group.door["webhook"]`) &&
		!p.refers("aws_lb_listener_rule.webhook", "action", "aws_lb_target_group.door") {
		told = append(told, "/webhook/* leads elsewhere")
	}
	for address, port := range map[string]float64{`["webhook"]`: 8001, `["api"]`: 8000} {
		for _, r := range p.of("aws_lb_target_group") {
			if strings.HasSuffix(r.Address, address) && (r.number("port") != port || r.text("health_check", 0, "path") != "/readyz") {
				told = append(told, r.Address+": not its port, or not /readyz")
			}
		}
	}
	return told
}

// once says what a task is that runs once and ends; empty for a service.
func once(task string) string {
	if service, doctor := strings.CutPrefix(task, "doctor-"); doctor {
		return "preflight of " + service
	}
	return map[string]string{"migrate": "migration"}[task]
}

// locked holds the task to what it needs of a machine.
func locked(p *plan) (told []string) {
	for name, c := range p.tasks() {
		if !c.ReadOnly || c.User != "65532:65532" || !slices.Equal(c.Linux.Capabilities.Drop, []string{"ALL"}) {
			told = append(told, name+": a writable root, another user, or capabilities")
		}
		if _, ours := given[name]; ours && once(name) == "" && (c.Health == nil || !slices.Equal(c.Health.Command, []string{"CMD", "/app", "healthcheck"})) {
			told = append(told, name+": nobody asks whether it lives")
		}
		if strings.HasSuffix(c.Image, ":latest") || !strings.Contains(c.Image[strings.LastIndex(c.Image, "/")+1:], ":") {
			told = append(told, name+": its image is not pinned")
		}
	}
	if len(p.tasks()) < 4 {
		told = append(told, "tasks are missing")
	}
	return told
}

// given is who gets which secret: no task has more.
var given = map[string][]string{
	"api":     {"DATABASE_URL", "OPENAI_API_KEY", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "WEBHOOK_MASTER_KEY"},
	"worker":  {"LLAMAPARSE_API_KEY", "OPENAI_API_KEY", "SUPABASE_SERVICE_ROLE_KEY", "WEBHOOK_MASTER_KEY", "WORKER_DATABASE_URL"},
	"webhook": {"WEBHOOK_MASTER_KEY", "WORKER_DATABASE_URL"},
	"migrate": {"MIGRATE_DATABASE_URL"},
}

func handed(p *plan) (told []string) {
	tasks := p.tasks()
	for name := range tasks {
		if service, doctor := strings.CutPrefix(name, "doctor-"); doctor && !slices.Equal(tasks[name].secretNames(), given[service]) {
			told = append(told, fmt.Sprintf("%s gets the secrets %v, and %s %v", name, tasks[name].secretNames(), service, given[service]))
		}
	}
	for name, want := range given {
		if got := tasks[name].secretNames(); !slices.Equal(got, want) {
			told = append(told, fmt.Sprintf("%s gets the secrets %v, want %v", name, got, want))
		}
	}
	return told
}

// secretLooks is how the secrets of the providers look, and an address with a
// password.
var secretLooks = regexp.MustCompile(`\bllx-\w{8,}|\bsb_secret_\w{8,}|\bsk-[\w-]{16,}|(postgres(ql)?|rediss?)://[^:@/"\s]*:[^@"\s]+@|PRIVATE KEY-----`)

func open(p *plan) (told []string) {
	if found := secretLooks.Find(p.raw); found != nil {
		told = append(told, "the plan holds what looks like a secret")
	}
	for name, c := range p.tasks() {
		for _, setting := range c.Environment {
			if secretName(setting.Name) {
				told = append(told, name+": "+setting.Name+" stands in the open")
			}
		}
	}
	return told
}

func secretName(name string) bool {
	return regexp.MustCompile(`KEY|SECRET|PASSWORD|PASS$|DATABASE_URL|REPLICA_URL|REDIS_URL`).MatchString(name)
}

// asks tells every data source: a plan would need an account.
func asks(p *plan) (told []string) {
	for _, r := range p.Resources {
		if r.Mode == "data" {
			told = append(told, r.Address+": asks AWS")
		}
	}
	return told
}

// unnamed tells every resource that could have tags and lacks ours.
func unnamed(p *plan) (told []string) {
	for _, r := range p.Resources {
		if tags, has := r.Change.After["tags_all"]; has && (walk(tags, "Project") != "navigator" || walk(tags, "Environment") == nil) {
			told = append(told, r.Address+": tags are missing")
		}
	}
	return told
}
