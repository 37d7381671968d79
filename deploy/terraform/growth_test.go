package terraform_test

import (
	"fmt"
	"strings"
	"testing"
)

// sizes are what the specification gives a task: cpu units and MiB.
var sizes = map[string][2]string{"api": {"2048", "4096"}, "worker": {"2048", "4096"}, "webhook": {"1024", "2048"}}

// growthPolicies are those of the tasks' sizes, places, and numbers.
func growthPolicies() []policy {
	const worker = "module.worker.aws_appautoscaling_policy."
	return []policy{
		{"tasks have the specification's sizes", []string{"production", "options"}, func(p *plan) (told []string) {
			for service, size := range sizes {
				address := fmt.Sprintf("module.task[%q].aws_ecs_task_definition.this", service)
				for _, r := range p.of("aws_ecs_task_definition") {
					if r.Address == address && (r.text("cpu") != size[0] || r.text("memory") != size[1]) {
						told = append(told, fmt.Sprintf("%s has %s cpu and %s MiB", service, r.text("cpu"), r.text("memory")))
					}
				}
			}
			return told
		}, map[string]func(*testing.T, *plan){
			"half the memory": change(`module.task["worker"].aws_ecs_task_definition.this`, "memory", "2048"),
		}},
		{"former definitions stay, and tasks have a network of their own", here, both(there("aws_ecs_task_definition"), each("aws_ecs_task_definition", "Fargate, awsvpc, kept", func(r resource) bool {
			return r.get("skip_destroy") == true && r.text("network_mode") == "awsvpc" && fmt.Sprint(r.get("requires_compatibilities")) == "[FARGATE]" && r.set("execution_role_arn") && r.set("task_role_arn")
		})), map[string]func(*testing.T, *plan){
			"nothing to go back to": change(`module.task["api"].aws_ecs_task_definition.this`, "skip_destroy", false),
			"the machine's network": change(`module.task["api"].aws_ecs_task_definition.this`, "network_mode", "host"),
		}},
		{"tasks have private addresses, in all zones", here, each("aws_ecs_service", "no public address, spread anew over the zones", func(r resource) bool {
			single := r.number("desired_count") == 1 && r.number("deployment_maximum_percent") == 100 // AWS refuses to spread what may not be two
			return r.get("network_configuration", 0, "assign_public_ip") == false && (single || r.text("availability_zone_rebalancing") == "ENABLED")
		}), map[string]func(*testing.T, *plan){
			"a public address":     inBlock("module.worker.aws_ecs_service.this", "assign_public_ip", true, "network_configuration", 0),
			"all in one zone left": change("module.api.aws_ecs_service.this", "availability_zone_rebalancing", "DISABLED"),
		}},
		{"services grow with what is asked of them", here, grows, map[string]func(*testing.T, *plan){
			"the API not by requests":         drop("module.api.aws_appautoscaling_policy.requests[0]"),
			"the API not by CPU":              drop("module.api.aws_appautoscaling_policy.cpu"),
			"the worker not by depth":         drop(worker + "depth[0]"),
			"the worker not by age":           drop(worker + "age[0]"),
			"nobody looks at the age":         drop("module.worker.aws_cloudwatch_metric_alarm.age[0]"),
			"the age of another queue":        change("module.worker.aws_cloudwatch_metric_alarm.age[0]", "metric_name", "Age"),
			"an age that grows nothing":       change("module.worker.aws_cloudwatch_metric_alarm.age[0]", "alarm_actions", []any{}),
			"at its most already":             change("module.worker.aws_appautoscaling_target.this", "max_capacity", 1.0),
			"no figure of running tasks":      change("aws_ecs_cluster.main", "setting", []any{map[string]any{"name": "containerInsights", "value": "disabled"}}),
			"the whole depth, not its share":  inBlock(worker+"depth[0]", "customized_metric_specification", []any{}, "target_tracking_scaling_policy_configuration", 0),
			"by another figure than requests": inBlock("module.api.aws_appautoscaling_policy.requests[0]", "predefined_metric_specification", []any{}, "target_tracking_scaling_policy_configuration", 0),
		}},
		{"what calls out is named, port by port", here, leaves, map[string]func(*testing.T, *plan){
			"every port":        change(`module.worker.module.door.aws_vpc_security_group_egress_rule.outside["443"]`, "to_port", 65535.0),
			"every protocol":    change(`module.worker.module.door.aws_vpc_security_group_egress_rule.outside["443"]`, "ip_protocol", "-1"),
			"another port":      change(`aws_vpc_security_group_egress_rule.migrate["443"]`, "from_port", 22.0),
			"the whole network": change(`aws_vpc_security_group_egress_rule.balancer["api"]`, "cidr_ipv4", "10.20.0.0/16"),
			"anywhere":          change(`aws_vpc_security_group_egress_rule.balancer["webhook"]`, "cidr_ipv4", "0.0.0.0/0"),
		}},
		{"the network notes what it refuses, and nothing is in its default group", here, both(there("aws_flow_log", "aws_default_security_group"),
			each("aws_flow_log", "what is refused", func(r resource) bool { return r.text("traffic_type") == "REJECT" || r.text("traffic_type") == "ALL" }),
			each("aws_default_security_group", "no rules", func(r resource) bool { return len(list(r.get("ingress"))) == 0 && len(list(r.get("egress"))) == 0 }),
			each("aws_subnet", "no public address by itself", func(r resource) bool { return r.get("map_public_ip_on_launch") == false }),
		), map[string]func(*testing.T, *plan){
			"no flow log":         drop("aws_flow_log.refused"),
			"only what is let in": change("aws_flow_log.refused", "traffic_type", "ACCEPT"),
			"an open default":     change("aws_default_security_group.none", "egress", []any{map[string]any{"from_port": 0.0}}),
			"public by itself":    change(`aws_subnet.private["us-east-1a"]`, "map_public_ip_on_launch", true),
			"no group is emptied": drop("aws_default_security_group.none"),
		}},
	}
}

func list(value any) []any {
	list, _ := value.([]any)
	return list
}

// grows holds the API to grow by requests and by CPU, the webhook by CPU, and
// the worker by how much waits for each task, how long, and by CPU.
func grows(p *plan) (told []string) {
	metrics := map[string]string{}
	for _, r := range p.of("aws_appautoscaling_policy") {
		metrics[strings.TrimSuffix(r.Address, "[0]")] = asJSON(r.Change.After)
	}
	for policy, metric := range map[string]string{
		"module.api.aws_appautoscaling_policy.cpu":      `"ECSServiceAverageCPUUtilization"`,
		"module.api.aws_appautoscaling_policy.requests": `"ALBRequestCountPerTarget"`,
		"module.webhook.aws_appautoscaling_policy.cpu":  `"ECSServiceAverageCPUUtilization"`,
		"module.worker.aws_appautoscaling_policy.cpu":   `"ECSServiceAverageCPUUtilization"`,
		"module.worker.aws_appautoscaling_policy.depth": `"expression":"depth / tasks"`,
		"module.worker.aws_appautoscaling_policy.age":   `"scaling_adjustment":1`,
	} {
		if !strings.Contains(metrics[policy], metric) {
			told = append(told, policy+": no "+metric)
		}
	}
	aged := false
	for _, r := range p.of("aws_cloudwatch_metric_alarm") {
		aged = aged || r.text("metric_name") == "QueueAgeSeconds" && r.text("namespace") == p.name() && r.Change.Unknown["alarm_actions"] != nil
	}
	if !aged {
		told = append(told, "nobody looks at the queue's age")
	}
	for _, r := range p.of("aws_appautoscaling_target") {
		if strings.HasPrefix(r.Address, "module.worker.") && r.number("max_capacity") <= r.number("min_capacity") {
			told = append(told, r.Address+": cannot grow")
		}
	}
	return append(told, each("aws_ecs_cluster", "figures of running tasks", func(r resource) bool {
		return strings.Contains(asJSON(r.get("setting")), `"name":"containerInsights","value":"enabled"`)
	})(p)...)
}

// leaves holds calls to one port each: to another group, or to the world where
// those who are called have no fixed address.
func leaves(p *plan) (told []string) {
	world := map[float64]bool{443: true, 5432: true, 465: true, 587: true, 2525: true}
	for _, r := range p.of("aws_vpc_security_group_egress_rule") {
		from, to := r.number("from_port"), r.number("to_port")
		outside := r.text("cidr_ipv4") != "" || r.text("cidr_ipv6") != ""
		if r.text("ip_protocol") != "tcp" || from == 0 || from != to || (outside && (r.text("cidr_ipv4") != "0.0.0.0/0" || !world[from])) {
			told = append(told, fmt.Sprintf("%s: %s %v to %v, %s", r.Address, r.text("ip_protocol"), from, to, r.text("cidr_ipv4")))
		}
		if strings.Contains(r.Address, ".balancer[") && outside {
			told = append(told, r.Address+": to more than the tasks behind it")
		}
	}
	return append(told, there("aws_vpc_security_group_egress_rule")(p)...)
}
