package terraform_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// accountPolicies are those of what an account has once.
func accountPolicies() []policy {
	const guard = "module.guard.aws_guardduty_"
	return []policy{
		{"images are scanned, and stay what they are for a time", account, both(
			there("aws_ecr_repository", "aws_ecr_replication_configuration"),
			each("aws_ecr_repository", "scanned, immutable, encrypted", func(r resource) bool {
				return r.text("image_tag_mutability") == "IMMUTABLE" && r.get("image_scanning_configuration", 0, "scan_on_push") == true && r.text("encryption_configuration", 0, "encryption_type") == "KMS"
			}),
			each("aws_ecr_repository_creation_template", "the copies are immutable and end, too", func(r resource) bool {
				return r.text("image_tag_mutability") == "IMMUTABLE" && ends(r.text("lifecycle_policy"))
			}),
			each("aws_ecr_lifecycle_policy", "untagged images and old ones end", func(r resource) bool { return ends(r.text("policy")) }),
			each("aws_ecr_registry_scanning_configuration", "scanned again when a fault becomes known", func(r resource) bool {
				return r.text("scan_type") == "ENHANCED" && strings.Contains(asJSON(r.get("rule")), `"CONTINUOUS_SCAN"`)
			}),
			counted(map[string]int{"aws_ecr_registry_scanning_configuration": 2, "aws_ecr_repository_creation_template": 1, "aws_inspector2_enabler": 2}),
			func(p *plan) []string {
				if len(p.of("aws_ecr_lifecycle_policy")) != len(p.of("aws_ecr_repository")) {
					return []string{"a repository keeps its images for ever"}
				}
				return nil
			},
		), map[string]func(*testing.T, *plan){
			"a tag that moves":       change(`aws_ecr_repository.image["api"]`, "image_tag_mutability", "MUTABLE"),
			"scanned never":          inBlock(`aws_ecr_repository.image["worker"]`, "scan_on_push", false, "image_scanning_configuration", 0),
			"scanned once":           change("aws_ecr_registry_scanning_configuration.all", "scan_type", "BASIC"),
			"kept for ever":          drop(`aws_ecr_lifecycle_policy.image["api"]`),
			"all but untagged stay":  change(`aws_ecr_lifecycle_policy.image["api"]`, "policy", `{"rules":[{"action":{"type":"expire"},"selection":{"tagStatus":"untagged"}}]}`),
			"no copy":                drop("aws_ecr_replication_configuration.second"),
			"copies that move":       change("aws_ecr_repository_creation_template.second", "image_tag_mutability", "MUTABLE"),
			"copies scanned never":   drop("aws_ecr_registry_scanning_configuration.second"),
			"no scanner of packages": drop("module.guard.aws_inspector2_enabler.images"),
		}},
		{"both regions are watched", account, both(
			counted(map[string]int{
				"aws_guardduty_detector": 2, "aws_guardduty_detector_feature": 4, "aws_securityhub_account": 2, "aws_securityhub_standards_subscription": 2,
				"aws_accessanalyzer_analyzer": 2, "aws_cloudwatch_event_target": 2, "aws_sns_topic_subscription": 2,
			}),
			each("aws_guardduty_detector", "on", func(r resource) bool { return r.get("enable") == true }),
			each("aws_guardduty_detector_feature", "on", func(r resource) bool { return r.text("status") == "ENABLED" }),
			each("aws_cloudwatch_event_rule", "what is severe", func(r resource) bool {
				return strings.Contains(r.text("event_pattern"), `"severity":[{"numeric":[">=",7]}]`) && strings.Contains(r.text("event_pattern"), "aws.guardduty")
			}),
		), map[string]func(*testing.T, *plan){
			"no detector":               drop(guard + "detector.main"),
			"a detector that is off":    change(guard+"detector.main", "enable", false),
			"objects not looked at":     change(guard+"detector_feature.s3", "status", "DISABLED"),
			"tasks not looked at":       drop(guard + "detector_feature.tasks"),
			"no watch elsewhere":        drop("module.guard_second.aws_guardduty_detector.main"),
			"no standard":               drop("module.guard.aws_securityhub_standards_subscription.foundation"),
			"nobody hears":              drop("module.guard.aws_cloudwatch_event_target.severe"),
			"only of the most severe":   change("module.guard.aws_cloudwatch_event_rule.severe", "event_pattern", `{"source":["aws.guardduty"],"detail":{"severity":[{"numeric":[">=",9]}]}}`),
			"access from outside alone": drop("module.guard_second.aws_accessanalyzer_analyzer.account"),
		}},
		{"every call is kept, where nobody can change it", account, both(counted(map[string]int{"aws_cloudtrail": 1}),
			each("aws_cloudtrail", "all regions, validated, encrypted, with the objects of our buckets", func(r resource) bool {
				events := asJSON(r.get("advanced_event_selector"))
				return r.get("is_multi_region_trail") == true && r.get("enable_log_file_validation") == true && r.set("kms_key_id") &&
					strings.Contains(events, `["Management"]`) && strings.Contains(events, `["arn:aws:s3:::navigator-"]`) && !strings.Contains(events, `"readOnly"`)
			}),
			func(p *plan) []string {
				for _, r := range p.of("aws_s3_bucket_object_lock_configuration") {
					if r.Address == "module.trail.aws_s3_bucket_object_lock_configuration.this[0]" && r.text("rule", 0, "default_retention", 0, "mode") == "COMPLIANCE" && r.number("rule", 0, "default_retention", 0, "days") >= 365 {
						return nil
					}
				}
				return []string{"the trail can be removed"}
			},
		), map[string]func(*testing.T, *plan){
			"one region":                 change("aws_cloudtrail.all", "is_multi_region_trail", false),
			"not validated":              change("aws_cloudtrail.all", "enable_log_file_validation", false),
			"backups read unseen":        change("aws_cloudtrail.all", "advanced_event_selector", []any{}),
			"a trail that can go":        drop("module.trail.aws_s3_bucket_object_lock_configuration.this[0]"),
			"a trail that somebody lets": inBlock("module.trail.aws_s3_bucket_object_lock_configuration.this[0]", "mode", "GOVERNANCE", "rule", 0, "default_retention", 0),
		}},
		{"people come with a second factor, machines without a key", account, people, map[string]func(*testing.T, *plan){
			"no second factor":     drop("aws_iam_group_policy.second_factor"),
			"allowed without it":   change("aws_iam_group_policy.second_factor", "policy", `{"Statement":[{"Effect":"Deny","NotAction":["*"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`),
			"short passwords":      change("aws_iam_account_password_policy.people", "minimum_password_length", 8.0),
			"images of any branch": change("aws_iam_role.images", "assume_role_policy", `{"Statement":[{"Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:insurance-navigator/navigator:*"}}}]}`),
			"a key that leaks": func(_ *testing.T, p *plan) {
				p.Resources = append(p.Resources, resource{Address: "aws_iam_access_key.x", Type: "aws_iam_access_key"})
			},
			"buckets may be public": change("aws_s3_account_public_access_block.account", "block_public_policy", false),
		}},
		{"money is told before it is spent", account, both(there("aws_budgets_budget", "aws_ce_anomaly_subscription"), each("aws_budgets_budget", "80 % spent, 100 % forecast, told to somebody", func(r resource) bool {
			told := asJSON(r.get("notification"))
			return strings.Contains(told, `"ACTUAL"`) && strings.Contains(told, `"FORECASTED"`) && strings.Contains(told, "@")
		})), map[string]func(*testing.T, *plan){
			"no budget":    drop("aws_budgets_budget.month"),
			"nobody hears": change("aws_budgets_budget.month", "notification", []any{}),
			"no anomalies": drop("aws_ce_anomaly_subscription.services"),
		}},
	}
}

// counted tells the types of which there are not as many as there should be.
func counted(want map[string]int) func(*plan) []string {
	return func(p *plan) (told []string) {
		for kind, number := range want {
			if len(p.of(kind)) != number {
				told = append(told, "not as many as there should be: "+kind)
			}
		}
		return told
	}
}

// ends reports whether a registry's rules remove untagged images and old ones.
func ends(policy string) bool {
	return strings.Contains(policy, `"tagStatus":"untagged"`) && strings.Contains(policy, `"countType":"imageCountMoreThan"`)
}

// people holds the operators to a second factor, releases to GitHub's token of
// the main branch, and the account to no keys and no public buckets.
func people(p *plan) []string {
	factor := func(p *plan) []string {
		for _, r := range p.of("aws_iam_group_policy") {
			var document struct {
				Statement []struct {
					Effect, Sid string
					NotAction   []string
					Condition   map[string]map[string]string
				}
			}
			if json.Unmarshal([]byte(r.text("policy")), &document) != nil {
				continue
			}
			for _, s := range document.Statement {
				open := slices.ContainsFunc(s.NotAction, func(action string) bool { return strings.Contains(action, "*") })
				if s.Effect == "Deny" && s.Condition["BoolIfExists"]["aws:MultiFactorAuthPresent"] == "false" && !open && len(s.NotAction) > 0 {
					return nil
				}
			}
		}
		return []string{"people may do without a second factor"}
	}
	return both(factor, counted(map[string]int{"aws_iam_access_key": 0, "aws_iam_user": 0, "aws_iam_account_password_policy": 1, "aws_s3_account_public_access_block": 1}),
		each("aws_iam_account_password_policy", "16 characters", func(r resource) bool { return r.number("minimum_password_length") >= 16 }),
		each("aws_s3_account_public_access_block", "no bucket is public", func(r resource) bool {
			return r.get("block_public_acls") == true && r.get("block_public_policy") == true && r.get("ignore_public_acls") == true && r.get("restrict_public_buckets") == true
		}),
		each("aws_iam_role", "images of the main branch alone", func(r resource) bool {
			return r.Address != "aws_iam_role.images" || strings.Contains(r.text("assume_role_policy"), `"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:insurance-navigator/navigator:ref:refs/heads/main"}`)
		}),
	)(p)
}
