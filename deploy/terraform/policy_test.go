package terraform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/observability/alertmanager"
)

var (
	account = []string{"account"}
	here    = environments
)

// policies is the list: each has at least one planted fault, planted into the
// first plan it is of.
func policies() []policy {
	return slices.Concat(jobPolicies(), servicePolicies(), toolPolicies(), edgePolicies(), growthPolicies(), accountPolicies())
}

// servicePolicies are those of our own services and of what they stand on.
func servicePolicies() []policy {
	return []policy{
		{"nothing but 80 and 443 of the load balancer is open", here, doors, map[string]func(*testing.T, *plan){
			"a third open port":   change(`aws_vpc_security_group_ingress_rule.balancer["http"]`, "from_port", 22.0),
			"a service opened":    change("module.api.module.door.aws_vpc_security_group_ingress_rule.balancer[0]", "cidr_ipv4", "0.0.0.0/0"),
			"every port":          change("module.api.module.door.aws_vpc_security_group_ingress_rule.balancer[0]", "to_port", 65535.0),
			"a rule in the group": change("aws_security_group.balancer", "ingress", []any{map[string]any{"from_port": 22.0}}),
		}},
		{"grants are least", roots, least, nil},
		{"grants of services are least", here, least, map[string]func(*testing.T, *plan){
			"every action":             change(`module.task["api"].aws_iam_role_policy.start`, "policy", `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::x"}]}`),
			"on everything":            change(`module.task["api"].aws_iam_role_policy.start`, "policy", `{"Statement":[{"Effect":"Allow","Action":["secretsmanager:GetSecretValue"],"Resource":"*"}]}`),
			"a policy nobody can read": change(`module.task["api"].aws_iam_role_policy.start`, "policy", nil),
		}},
		{"logs are kept 30 days, encrypted", here, each("aws_cloudwatch_log_group", "30 days, and a key", func(r resource) bool {
			return r.number("retention_in_days") == 30 && r.set("kms_key_id")
		}), map[string]func(*testing.T, *plan){
			"kept for ever": change("aws_cloudwatch_log_group.waf", "retention_in_days", 0.0),
			"in the open":   change("aws_cloudwatch_log_group.flow", "kms_key_id", nil),
		}},
		{"buckets are private", roots, guarded("aws_s3_bucket_public_access_block", "not private", func(r resource) bool {
			return r.get("block_public_acls") == true && r.get("block_public_policy") == true && r.get("ignore_public_acls") == true && r.get("restrict_public_buckets") == true
		}), map[string]func(*testing.T, *plan){
			"a public bucket": change("module.state.aws_s3_bucket_public_access_block.this", "block_public_policy", false),
			"no block":        drop("module.state.aws_s3_bucket_public_access_block.this"),
		}},
		{"buckets are encrypted", roots, guarded("aws_s3_bucket_server_side_encryption_configuration", "not encrypted", func(r resource) bool {
			return slices.Contains([]string{"AES256", "aws:kms"}, r.text("rule", 0, "apply_server_side_encryption_by_default", 0, "sse_algorithm"))
		}), map[string]func(*testing.T, *plan){
			"no encryption": drop("module.state.aws_s3_bucket_server_side_encryption_configuration.this"),
		}},
		{"buckets are asked over TLS alone", roots, guarded("aws_s3_bucket_policy", "asked without TLS", func(r resource) bool {
			// That of the static files names a distribution, which is known when it is made; the module's own test reads the same.
			return r.Change.Unknown["policy"] == true || strings.Contains(r.text("policy"), `"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":"*"`)
		}), map[string]func(*testing.T, *plan){
			"asked without TLS": change("module.state.aws_s3_bucket_policy.this", "policy", `{"Statement":[]}`),
		}},
		{"buckets keep versions", roots, guarded("aws_s3_bucket_versioning", "no versions", func(r resource) bool {
			return r.text("versioning_configuration", 0, "status") == "Enabled"
		}), map[string]func(*testing.T, *plan){
			"no versions": inBlock("module.state.aws_s3_bucket_versioning.this", "status", "Suspended", "versioning_configuration", 0),
		}},
		{"topics and secrets are encrypted", here, both(
			each("aws_sns_topic", "no key", func(r resource) bool { return r.set("kms_master_key_id") }),
			each("aws_secretsmanager_secret", "no key", func(r resource) bool { return r.set("kms_key_id") }),
			each("aws_kms_key", "not rotated", func(r resource) bool { return r.get("enable_key_rotation") == true }),
		), map[string]func(*testing.T, *plan){
			"a topic in the open": change(`aws_sns_topic.alert["critical"]`, "kms_master_key_id", nil),
			"AWS's own key":       change(`aws_secretsmanager_secret.main["openai-api-key"]`, "kms_key_id", nil),
			"a key for ever":      change("aws_kms_key.main", "enable_key_rotation", false),
		}},
		{"managed Prometheus has every rule, filled in", []string{"options"}, func(p *plan) (told []string) {
			rules := p.of("aws_prometheus_rule_group_namespace")
			if len(rules) < 12 || len(p.of("aws_prometheus_alert_manager_definition")) != 1 {
				told = append(told, fmt.Sprintf("%d files of rules, or no tree", len(rules)))
			}
			return append(append(told, each("aws_prometheus_rule_group_namespace", "rules, with their runbooks' address", func(r resource) bool {
				text, ok := r.get("data").(string)
				return ok && strings.Contains(text, "groups:") && !strings.Contains(text, "${")
			})(p)...), each("aws_prometheus_alert_manager_definition", "the tree, with a topic for each receiver", func(r resource) bool {
				text, ok := r.get("definition").(string)
				return ok && strings.Count(text, "arn:aws:sns:") == len(alertmanager.Receivers())-2 && strings.Contains(text, "navigator.message")
			})(p)...)
		}, map[string]func(*testing.T, *plan){
			"not filled in": change(`aws_prometheus_rule_group_namespace.main["http.yaml"]`, "data", "groups: ${runbooks}"),
			"nobody hears":  change("aws_prometheus_alert_manager_definition.main[0]", "definition", "alertmanager_config: {}"),
			"no tree":       drop("aws_prometheus_alert_manager_definition.main[0]"),
		}},
		{"the cache is encrypted, and in two zones", []string{"options", "production"}, both(there("aws_elasticache_replication_group"), each("aws_elasticache_replication_group", "TLS, AUTH, a key, two zones", func(r resource) bool {
			return r.get("transit_encryption_enabled") == true && fmt.Sprint(r.get("at_rest_encryption_enabled")) == "true" && r.set("auth_token") && r.set("kms_key_id") && r.get("multi_az_enabled") == true
		})), map[string]func(*testing.T, *plan){
			"no TLS":   change("aws_elasticache_replication_group.main[0]", "transit_encryption_enabled", false),
			"no AUTH":  change("aws_elasticache_replication_group.main[0]", "auth_token", nil),
			"one zone": change("aws_elasticache_replication_group.main[0]", "multi_az_enabled", false),
		}},
		{"public services have two tasks", here, paired, map[string]func(*testing.T, *plan){
			"one task":          change("module.api.aws_ecs_service.this", "desired_count", 1.0),
			"scaled in to none": change("module.webhook.aws_appautoscaling_target.this", "min_capacity", 0.0),
		}},
		{"two zones", here, func(p *plan) (told []string) {
			zones := map[string][]string{}
			for _, r := range p.of("aws_subnet") {
				kind, _, _ := strings.Cut(r.Address, "[")
				zones[kind] = append(zones[kind], r.text("availability_zone"))
			}
			for _, kind := range []string{"aws_subnet.private", "aws_subnet.public"} {
				if slices.Sort(zones[kind]); len(slices.Compact(zones[kind])) < 2 {
					told = append(told, kind+": in fewer than two zones")
				}
			}
			return told
		}, map[string]func(*testing.T, *plan){
			"a single zone":                      change(`aws_subnet.private["us-east-1b"]`, "availability_zone", "us-east-1a"),
			"the load balancer in a single zone": change(`aws_subnet.public["us-east-1b"]`, "availability_zone", "us-east-1a"),
		}},
		{"calls of the parser reach the webhook", here, routed, map[string]func(*testing.T, *plan){
			"after the API's rule": change("aws_lb_listener_rule.webhook", "priority", 25.0),
			"another port":         change(`aws_lb_target_group.door["webhook"]`, "port", 8000.0),
			"another health check": inBlock(`aws_lb_target_group.door["api"]`, "path", "/health", "health_check", 0),
			"another path":         change("aws_lb_listener_rule.webhook", "condition", []any{}),
		}},
		{"TLS 1.2 and newer, and no plain HTTP", here, both(
			each("aws_lb_listener", "HTTPS of 1.2 and 1.3 with HSTS, or a redirect to it", func(r resource) bool {
				if r.text("protocol") == "HTTP" {
					return r.text("default_action", 0, "redirect", 0, "protocol") == "HTTPS" && r.text("default_action", 0, "redirect", 0, "status_code") == "HTTP_301"
				}
				return r.text("ssl_policy") == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06" &&
					strings.Contains(r.text("routing_http_response_strict_transport_security_header_value"), "max-age=63072000; includeSubDomains")
			}),
			each("aws_cloudfront_distribution", "TLS 1.2", func(r resource) bool {
				return r.text("viewer_certificate", 0, "minimum_protocol_version") == "TLSv1.2_2021" && r.text("default_cache_behavior", 0, "viewer_protocol_policy") == "redirect-to-https"
			}),
		), map[string]func(*testing.T, *plan){
			"TLS 1.0":                 change("aws_lb_listener.https", "ssl_policy", "ELBSecurityPolicy-2016-08"),
			"no HSTS":                 change("aws_lb_listener.https", "routing_http_response_strict_transport_security_header_value", nil),
			"HTTP served":             change("aws_lb_listener.http", "default_action", []any{map[string]any{"type": "forward"}}),
			"TLS 1.0 of static files": inBlock("aws_cloudfront_distribution.assets[0]", "minimum_protocol_version", "TLSv1", "viewer_certificate", 0),
		}},
		{"the content network has static files alone, and keeps them as the API does its own", []string{"production"}, content, map[string]func(*testing.T, *plan){
			"the API behind it":        inBlock("aws_cloudfront_distribution.assets[0]", "domain_name", "api.example.com", "origin", 0),
			"another name for it":      change("aws_cloudfront_distribution.assets[0]", "aliases", []any{"api.example.com"}),
			"what people send":         inBlock("aws_cloudfront_distribution.assets[0]", "allowed_methods", []any{"GET", "HEAD", "POST"}, "default_cache_behavior", 0),
			"kept for somebody":        inBlock(`aws_cloudfront_cache_policy.assets["short"]`, "cookie_behavior", "all", "parameters_in_cache_key_and_forwarded_to_origin", 0, "cookies_config", 0),
			"kept longer than is said": change(`aws_cloudfront_cache_policy.assets["short"]`, "max_ttl", 86400.0),
			"said longer than the API": inBlock(`aws_cloudfront_response_headers_policy.assets["short"]`, "value", "public, max-age=86400", "custom_headers_config", 0, "items", 0),
			"without HSTS":             inBlock(`aws_cloudfront_response_headers_policy.assets["immutable"]`, "strict_transport_security", []any{}, "security_headers_config", 0),
			"guessed at":               inBlock(`aws_cloudfront_response_headers_policy.assets["short"]`, "content_type_options", []any{}, "security_headers_config", 0),
			"no headers at all":        drop(`aws_cloudfront_response_headers_policy.assets["short"]`),
		}},
		{"a bad release is undone", here, both(
			each("aws_ecs_service", "circuit breaker with rollback", func(r resource) bool {
				return r.get("deployment_circuit_breaker", 0, "rollback") == true && (r.number("deployment_minimum_healthy_percent") == 100 || single(r))
			}),
			func(p *plan) []string {
				for _, r := range p.of("aws_ecs_service") {
					if r.Address == "module.api.aws_ecs_service.this" && r.get("alarms", 0, "rollback") == true {
						return nil
					}
				}
				return []string{"no alarm undoes a release of the API"}
			},
		), map[string]func(*testing.T, *plan){
			"no way back":                    inBlock("module.api.aws_ecs_service.this", "rollback", false, "deployment_circuit_breaker", 0),
			"alarms in vain":                 inBlock("module.api.aws_ecs_service.this", "rollback", false, "alarms", 0),
			"old tasks away before new ones": change("module.webhook.aws_ecs_service.this", "deployment_minimum_healthy_percent", 0.0),
			"no circuit breaker":             change("module.worker.aws_ecs_service.this", "deployment_circuit_breaker", []any{}),
			"no alarms":                      change("module.api.aws_ecs_service.this", "alarms", []any{}),
		}},
		{"tasks are locked down and pinned", here, locked, map[string]func(*testing.T, *plan){
			"a writable root": inTask("api", "readonlyRootFilesystem", false),
			"root":            inTask("worker", "user", "0:0"),
			"latest":          inTask("webhook", "image", "navigator/webhook:latest"),
			"unasked":         inTask("worker", "healthCheck", nil),
		}},
		{"secrets go to whom they are for", []string{"production", "staging", "production-dr"}, handed, map[string]func(*testing.T, *plan){
			"the owner's login to the webhook": inTask("webhook", "secrets", []any{map[string]any{"name": "MIGRATE_DATABASE_URL"}}),
			"a preflight with more":            inTask("doctor-webhook", "secrets", []any{map[string]any{"name": "OPENAI_API_KEY"}}),
			"the parser's key to the API":      inTask("api", "secrets", []any{map[string]any{"name": "LLAMAPARSE_API_KEY"}}),
		}},
		{"no secret stands in the open", roots, open, map[string]func(*testing.T, *plan){
			"a key in a setting": func(_ *testing.T, p *plan) {
				p.raw = append(p.raw, `"llx-planted0planted0"`...)
			},
		}},
		{"a plan asks AWS nothing", roots, asks, map[string]func(*testing.T, *plan){
			"a data source": func(_ *testing.T, p *plan) { p.Resources[0].Mode = "data" },
		}},
		{"everything is tagged", roots, unnamed, map[string]func(*testing.T, *plan){
			"no tags": change("aws_kms_key.state", "tags_all", nil),
		}},
		{"uploads pass the firewall, and the parser has no rate", here, each("aws_wafv2_web_acl", "body rule counted, webhook without a rate", func(r resource) bool {
			rules := fmt.Sprint(r.get("rule"))
			return strings.Contains(rules, "SizeRestrictions_BODY") && strings.Contains(rules, "/upload-document-backend") && strings.Contains(rules, "not_statement") && strings.Count(rules, "AWSManagedRules") >= 8
		}), map[string]func(*testing.T, *plan){
			"no rules": change("aws_wafv2_web_acl.main", "rule", []any{}),
		}},
		{"backups are locked, grow cold and are copied", here, func(p *plan) (told []string) {
			for _, place := range []string{"module.backup.", "module.backup_copy."} {
				holds := false
				for _, r := range p.of("aws_s3_bucket_object_lock_configuration") {
					holds = holds || strings.HasPrefix(r.Address, place) && r.number("rule", 0, "default_retention", 0, "days") >= 7
				}
				cold := false
				for _, r := range p.of("aws_s3_bucket_lifecycle_configuration") {
					cold = cold || strings.HasPrefix(r.Address, place) && strings.Contains(fmt.Sprint(r.get("rule", 0, "transition")), "DEEP_ARCHIVE")
				}
				if !holds || !cold {
					told = append(told, place+": no lock, or no cold storage")
				}
			}
			if len(p.of("aws_s3_bucket_replication_configuration")) != 1 {
				told = append(told, "no copy in another region")
			}
			return told
		}, map[string]func(*testing.T, *plan){
			"no lock": drop("module.backup.aws_s3_bucket_object_lock_configuration.this[0]"),
			"no copy": drop("aws_s3_bucket_replication_configuration.backup"),
		}},
		{"a release is preflighted, and watched", here, released, map[string]func(*testing.T, *plan){
			"a job of yesterday":              inRollout("jobs", "backup", nil),
			"no preflight of the worker":      inRollout("doctors", "worker", nil),
			"another one's preflight":         inTask("doctor-api", "command", []any{"doctor", "preflight", "--service", "webhook", "--json"}),
			"other settings in the preflight": inTask("doctor-worker", "environment", []any{}),
			"nothing undoes a release":        inRollout("alarms", "rollback", []any{}),
			"an alarm that is not there":      inRollout("alarms", "rollback", []any{"navigator-production-none"}),
			"an alarm nobody hears":           change("aws_cloudwatch_metric_alarm.errors", "alarm_actions", []any{}),
			"an alarm that looks away":        change("aws_cloudwatch_metric_alarm.errors", "threshold", 90.0),
		}},
		{"the queue's depth and age become metrics", here, queued, map[string]func(*testing.T, *plan){
			"another line of the log": change(`aws_cloudwatch_log_metric_filter.queue["QueueDepth"]`, "pattern", "{ $.msg = \"depth\" }"),
			"no age":                  drop(`aws_cloudwatch_log_metric_filter.queue["QueueAgeSeconds"]`),
		}},
		{"a release's role releases, and no more", account, releasing, map[string]func(*testing.T, *plan){
			"from any branch":                    change(`aws_iam_role.deploy["production"]`, "assume_role_policy", `{"Statement":[{"Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:insurance-navigator/navigator:*"}}}]}`),
			"staging's production":               change(`aws_iam_role_policy.deploy["staging"]`, "policy", `{"Statement":[{"Effect":"Allow","Action":["ecs:UpdateService"],"Resource":"arn:aws:ecs:us-east-1:123456789012:service/navigator-production/*"}]}`),
			"the first region's from the second": change(`aws_iam_role_policy.deploy["production-dr"]`, "policy", `{"Statement":[{"Effect":"Allow","Action":["ecs:UpdateService"],"Resource":"arn:aws:ecs:us-east-1:123456789012:service/navigator-production-dr/*"}]}`),
			"any role to a task":                 change(`aws_iam_role_policy.deploy["production"]`, "policy", `{"Statement":[{"Effect":"Allow","Action":["iam:PassRole"],"Resource":"arn:aws:iam::123456789012:role/*"}]}`),
			"another's alerts":                   change(`aws_iam_role_policy.deploy["production"]`, "policy", `{"Statement":[{"Effect":"Allow","Action":["aps:ListAlertManagerAlerts"],"Resource":"arn:aws:aps:us-east-1:123456789012:workspace/*","Condition":{"StringEquals":{"aws:ResourceTag/Environment":["staging","staging-dr"]}}}]}`),
		}},
	}
}

// single reports whether it is a tool that runs alone, and so ends before its
// successor starts.
func single(service resource) bool {
	return strings.HasPrefix(service.Address, "module.tool[") && service.number("desired_count") == 1
}

// inTask changes a field of one task's container.
func inTask(task, field string, value any) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		fields, ok := walk(p.Outputs["tasks"].After, task).(map[string]any)
		if !ok {
			t.Fatalf("the plan has no task %s", task)
		}
		fields[field] = value
	}
}

// TestPolicies judges every plan by every policy that it is under.
func TestPolicies(t *testing.T) {
	t.Parallel()
	plans := map[string]*plan{}
	for _, name := range roots {
		plans[name] = read(t, name)
	}
	for _, policy := range policies() {
		for _, name := range policy.of {
			for _, told := range policy.broken(plans[name]) {
				t.Errorf("%s: %s: %s", policy.name, name, told)
			}
		}
	}
}

// TestPlantedFaults proves that the policies can fail: each fault is planted
// into a sound plan, and has to be told.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	planted := 0
	for _, policy := range policies() {
		for name, plant := range policy.faults {
			p := read(t, policy.of[0])
			plant(t, p)
			planted++
			if len(policy.broken(p)) == 0 {
				t.Errorf("%s: %s was not found", policy.name, name)
			}
		}
	}
	t.Logf("%d policies, %d planted faults", len(policies()), planted)
}

// TestASecondPlanChangesNothing: after an apply against mocks, nothing is left
// to do.
func TestASecondPlanChangesNothing(t *testing.T) {
	t.Parallel()
	p := readRun(t, "options", "again")
	if len(p.Resources) < len(read(t, "options").Resources) {
		t.Errorf("only %d resources were looked at", len(p.Resources))
	}
	for _, r := range p.Resources {
		if !slices.Equal(r.Change.Actions, []string{"no-op"}) {
			t.Errorf("%s: %v", r.Address, r.Change.Actions)
		}
	}
}
