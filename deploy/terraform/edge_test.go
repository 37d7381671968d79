package terraform_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// first are the environments that have static files and tools.
var first = []string{"production", "staging", "options"}

// edgePolicies are those of what lies before the services: names, firewall,
// load balancer, content network.
func edgePolicies() []policy {
	return []policy{
		{"the load balancer keeps its log, and no broken header passes", here, both(there("aws_lb", "aws_lb_listener"), each("aws_lb", "a log, no broken headers", func(r resource) bool {
			return r.get("access_logs", 0, "enabled") == true && r.text("access_logs", 0, "bucket") != "" && r.get("drop_invalid_header_fields") == true && r.number("idle_timeout") > 60
		})), map[string]func(*testing.T, *plan){
			"no log":              inBlock("aws_lb.main", "enabled", false, "access_logs", 0),
			"broken headers":      change("aws_lb.main", "drop_invalid_header_fields", false),
			"cut off before 60 s": change("aws_lb.main", "idle_timeout", 30.0),
			"no listener":         func(_ *testing.T, p *plan) { p.without("aws_lb_listener") },
		}},
		{"a task that is not ready gets no requests", here, both(there("aws_lb_target_group"), each("aws_lb_target_group", "asked often, with time to end", func(r resource) bool {
			asked := r.get("health_check", 0)
			return walk(asked, "matcher") == "200" && r.number("health_check", 0, "interval") <= 30 && r.number("health_check", 0, "timeout") < r.number("health_check", 0, "interval") &&
				r.number("health_check", 0, "unhealthy_threshold") <= 3 && r.text("deregistration_delay") == "60" && slices.Contains([]string{"least_outstanding_requests", "round_robin", "weighted_random"}, r.text("load_balancing_algorithm_type"))
		})), map[string]func(*testing.T, *plan){
			"any answer is health": inBlock(`aws_lb_target_group.door["api"]`, "matcher", "200-499", "health_check", 0),
			"asked every 5 min":    inBlock(`aws_lb_target_group.door["webhook"]`, "interval", 300.0, "health_check", 0),
			"cut off at once":      change(`aws_lb_target_group.door["api"]`, "deregistration_delay", "0"),
		}},
		{"figures for machines are not for the world", here, func(p *plan) []string {
			for _, r := range p.of("aws_lb_listener_rule") {
				paths := fmt.Sprint(r.get("condition"))
				if r.number("priority") < 10 && r.text("action", 0, "type") == "fixed-response" && strings.Contains(paths, "/metrics") && strings.Contains(paths, "/debug/*") {
					return nil
				}
			}
			return []string{"/metrics or /debug is answered"}
		}, map[string]func(*testing.T, *plan){
			"after the API's rule": change("aws_lb_listener_rule.refused", "priority", 40.0),
			"passed on":            inBlock("aws_lb_listener_rule.refused", "type", "forward", "action", 0),
		}},
		{"the firewall stands before the load balancer, and notes no secret", here, both(there("aws_wafv2_web_acl_association"), func(p *plan) []string {
			for _, r := range p.of("aws_wafv2_web_acl_logging_configuration") {
				if hidden := fmt.Sprint(r.get("redacted_fields")); strings.Contains(hidden, "authorization") && strings.Contains(hidden, "cookie") && strings.Contains(hidden, "query_string") {
					return nil
				}
			}
			return []string{"the firewall has no log, or one with tokens in it"}
		}), map[string]func(*testing.T, *plan){
			"before nothing":    drop("aws_wafv2_web_acl_association.main"),
			"no log":            drop("aws_wafv2_web_acl_logging_configuration.main"),
			"tokens in its log": change("aws_wafv2_web_acl_logging_configuration.main", "redacted_fields", []any{}),
		}},
		{"the firewall's rules", here, fenced, map[string]func(*testing.T, *plan){
			"a managed set missing": inWAF("AWSManagedRulesSQLiRuleSet", func(rule map[string]any) { rule["name"] = "other" }),
			"a managed set that counts": inWAF("AWSManagedRulesCommonRuleSet", func(rule map[string]any) {
				rule["override_action"] = []any{map[string]any{"count": []any{map[string]any{}}}}
			}),
			"large bodies blocked by AWS": inWAF("AWSManagedRulesCommonRuleSet", withoutIn("rule_action_override", "statement", 0, "managed_rule_group_statement", 0)),
			"a rate on the webhook":       inWAF("rate-all", withoutIn("scope_down_statement", "statement", 0, "rate_based_statement", 0)),
			"no rate":                     inWAF("rate-all", func(rule map[string]any) { rule["action"] = []any{map[string]any{"count": []any{map[string]any{}}}} }),
			"no rate on sign-in":          inWAF("rate-auth", withoutIn("scope_down_statement", "statement", 0, "rate_based_statement", 0)),
			"uploads blocked":             inWAF("large-body", withoutIn("and_statement", "statement", 0)),
			"judged before it is counted": inWAF("large-body", func(rule map[string]any) { rule["priority"] = 5.0 }),
			"two rules in one place":      inWAF("rate-auth", func(rule map[string]any) { rule["priority"] = 10.0 }),
		}},
		{"lists of addresses", []string{"options"}, both(there("aws_shield_protection"), func(p *plan) (told []string) {
			rules := p.firewall()
			for _, name := range []string{"blocked", "only-webhook", "only-ops"} {
				if action := fmt.Sprint(walk(rules[name], "action", 0, "block")); rules[name] == nil || action == "[]" || action == "<nil>" {
					told = append(told, name+": nobody is turned away")
				}
			}
			return told
		}), map[string]func(*testing.T, *plan){
			"nobody blocked":         inWAF("blocked", func(rule map[string]any) { rule["action"] = []any{map[string]any{"allow": []any{map[string]any{}}}} }),
			"anybody at the webhook": inWAF("only-webhook", func(rule map[string]any) { rule["name"] = "other" }),
		}},
		{"static files say how long they may be kept", first, cached, map[string]func(*testing.T, *plan){
			"no cache header":        change(`aws_cloudfront_response_headers_policy.assets["immutable"]`, "custom_headers_config", []any{}),
			"kept for a year":        inBlock(`aws_cloudfront_response_headers_policy.assets["short"]`, "value", "public, max-age=31536000", "custom_headers_config", 0, "items", 0),
			"no HSTS":                inBlock(`aws_cloudfront_response_headers_policy.assets["short"]`, "strict_transport_security", []any{}, "security_headers_config", 0),
			"one copy for each name": inBlock(`aws_cloudfront_cache_policy.assets["short"]`, "query_string_behavior", "all", "parameters_in_cache_key_and_forwarded_to_origin", 0, "query_strings_config", 0),
			"writing":                inBlock("aws_cloudfront_distribution.assets[0]", "allowed_methods", []any{"GET", "HEAD", "PUT"}, "default_cache_behavior", 0),
			"a bucket for everybody": drop("aws_cloudfront_origin_access_control.assets[0]"),
		}},
		{"one name, two regions", []string{"production", "production-dr", "options"}, both(there("aws_route53_health_check", "aws_acm_certificate_validation"), func(p *plan) (told []string) {
			turn := map[bool]string{true: "SECONDARY", false: "PRIMARY"}[strings.HasSuffix(p.name(), "-dr")]
			for _, r := range p.of("aws_route53_record") {
				if r.Address == "aws_route53_record.api" && (r.text("failover_routing_policy", 0, "type") != turn || r.get("alias", 0, "evaluate_target_health") != true || !r.set("health_check_id")) {
					told = append(told, r.Address+": does not answer as "+turn+", or whatever its health is")
				}
			}
			return append(told, each("aws_route53_health_check", "HTTPS at /readyz of this region's name", func(r resource) bool {
				return r.text("type") == "HTTPS" && r.text("resource_path") == "/readyz" && strings.HasPrefix(r.text("fqdn"), "api-")
			})(p)...)
		}), map[string]func(*testing.T, *plan){
			"both answer first":        change("aws_route53_record.api", "failover_routing_policy", []any{map[string]any{"type": "SECONDARY"}}),
			"whatever its health is":   change("aws_route53_record.api", "health_check_id", nil),
			"the look at another name": change("aws_route53_health_check.outside", "fqdn", "navigator.example.com"),
			"a certificate not proved": func(_ *testing.T, p *plan) { p.without("aws_acm_certificate_validation") },
		}},
		{"tools are behind a sign-in with a second factor", []string{"options", "production"}, both(there("aws_cognito_user_pool"),
			each("aws_cognito_user_pool", "a second factor, nobody by himself", func(r resource) bool {
				return r.text("mfa_configuration") == "ON" && r.get("admin_create_user_config", 0, "allow_admin_create_user_only") == true && r.number("password_policy", 0, "minimum_length") >= 12
			}), func(p *plan) (told []string) {
				for _, r := range p.of("aws_lb_listener_rule") {
					if strings.HasPrefix(r.Address, "aws_lb_listener_rule.tool[") && (r.text("action", 0, "type") != "authenticate-cognito" || r.text("action", 1, "type") != "forward") {
						told = append(told, r.Address+": shown to anybody")
					}
				}
				return told
			}), map[string]func(*testing.T, *plan){
			"a second factor by choice": change("aws_cognito_user_pool.ops[0]", "mfa_configuration", "OPTIONAL"),
			"anybody signs up":          inBlock("aws_cognito_user_pool.ops[0]", "allow_admin_create_user_only", false, "admin_create_user_config", 0),
			"a tool without sign-in":    change(`aws_lb_listener_rule.tool["riverui"]`, "action", []any{map[string]any{"type": "forward"}}),
		}},
	}
}

// there tells the types of which a plan has nothing.
func there(kinds ...string) func(*plan) []string {
	return func(p *plan) (told []string) {
		for _, kind := range kinds {
			if len(p.of(kind)) == 0 {
				told = append(told, "no "+kind)
			}
		}
		return told
	}
}

// firewall is the rules of the web ACL, by name.
func (p *plan) firewall() map[string]map[string]any {
	rules := map[string]map[string]any{}
	for _, r := range p.of("aws_wafv2_web_acl") {
		list, _ := r.get("rule").([]any)
		for _, item := range list {
			if rule, ok := item.(map[string]any); ok {
				rules[fmt.Sprint(rule["name"])] = rule
			}
		}
	}
	return rules
}

// inWAF changes one rule of the firewall.
func inWAF(name string, plant func(map[string]any)) func(*testing.T, *plan) {
	return func(t *testing.T, p *plan) {
		t.Helper()
		rule := p.firewall()[name]
		if rule == nil {
			t.Fatalf("the firewall has no rule %s", name)
		}
		plant(rule)
	}
}

// withoutIn empties a block of a block.
func withoutIn(name string, path ...any) func(map[string]any) {
	return func(rule map[string]any) {
		if block, ok := walk(rule, path...).(map[string]any); ok {
			block[name] = []any{}
		}
	}
}

// fenced holds the firewall to AWS's four sets, to rates, and to uploads that
// pass: AWS's rule on large bodies counts, and ours behind it leaves the
// uploads' paths out.
func fenced(p *plan) (told []string) {
	rules, places := p.firewall(), map[float64]string{}
	for name, rule := range rules {
		place := number(rule["priority"])
		if other, taken := places[place]; taken {
			told = append(told, name+" and "+other+" have one place")
		}
		places[place] = name
	}
	for _, name := range []string{"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet", "AWSManagedRulesCommonRuleSet"} {
		if acts, _ := walk(rules[name], "override_action", 0, "none").([]any); len(acts) != 1 {
			told = append(told, name+": missing, or it only counts")
		}
	}
	common, body := rules["AWSManagedRulesCommonRuleSet"], rules["large-body"]
	if counted := asJSON(walk(common, "statement", 0, "managed_rule_group_statement", 0, "rule_action_override")); !strings.Contains(counted, `"SizeRestrictions_BODY"`) || !strings.Contains(counted, `"count":[{`) {
		told = append(told, "AWS's rule refuses uploads")
	}
	excepted := asJSON(walk(body, "statement", 0, "and_statement"))
	for _, path := range []string{"/upload-document-backend", "/documents", "/webhook/"} {
		if strings.Count(excepted, `"search_string":"`+path+`"`) != 1 || number(body["priority"]) <= number(common["priority"]) {
			told = append(told, "large bodies: "+path+" is not left out, or is judged before it is counted")
		}
	}
	for name, path := range map[string]string{"rate-all": "/webhook/", "rate-auth": "/auth/"} {
		scope := asJSON(walk(rules[name], "statement", 0, "rate_based_statement", 0, "scope_down_statement"))
		blocks, _ := walk(rules[name], "action", 0, "block").([]any)
		if len(blocks) != 1 || !strings.Contains(scope, `"search_string":"`+path+`"`) || strings.Contains(scope, `"not_statement":[{`) != (name == "rate-all") {
			told = append(told, name+": no rate, or not where it belongs")
		}
	}
	return told
}

// asJSON is a value as JSON.
func asJSON(value any) string {
	text, _ := json.Marshal(value) //nolint:errchkjson // it was JSON a moment ago
	return string(text)
}

// cached holds static files to what their answers say of caches, and to their
// own origin.
func cached(p *plan) (told []string) {
	want := map[string]string{"immutable": "public, max-age=31536000, immutable", "short": "public, max-age=300"}
	for _, r := range p.of("aws_cloudfront_response_headers_policy") {
		for name, value := range want {
			if strings.Contains(r.Address, name) && (r.text("custom_headers_config", 0, "items", 0, "value") != value || r.number("security_headers_config", 0, "strict_transport_security", 0, "access_control_max_age_sec") < 31536000) {
				told = append(told, r.Address+": not "+value+" with HSTS")
			}
		}
	}
	for _, r := range p.of("aws_cloudfront_cache_policy") {
		if r.text("parameters_in_cache_key_and_forwarded_to_origin", 0, "query_strings_config", 0, "query_string_behavior") != "none" {
			told = append(told, r.Address+": a copy for each query")
		}
	}
	for _, r := range p.of("aws_cloudfront_distribution") {
		if methods := words(r.get("default_cache_behavior", 0, "allowed_methods")); len(methods) != 2 {
			told = append(told, fmt.Sprintf("%s: %v", r.Address, methods))
		}
	}
	return append(told, there("aws_cloudfront_distribution", "aws_cloudfront_origin_access_control", "aws_cloudfront_response_headers_policy")(p)...)
}
