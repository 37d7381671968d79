# An apply of everything against providers that answer what they are told: all
# wires up, and a second look changes nothing (the policies read that plan).
mock_provider "aws" {
  source = "./tests/mocks"
}
mock_provider "aws" {
  alias  = "us_east_1"
  source = "./tests/mocks"
}
mock_provider "aws" {
  alias  = "replica"
  source = "./tests/mocks"
}

override_resource {
  target = aws_lb_target_group.door["api"]
  values = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/navigator-production-api/0000000000000001", arn_suffix = "targetgroup/navigator-production-api/0000000000000001" }
}
override_resource {
  target = aws_lb_target_group.door["webhook"]
  values = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/navigator-production-webhook/0000000000000002", arn_suffix = "targetgroup/navigator-production-webhook/0000000000000002" }
}
override_resource {
  target = aws_acm_certificate.main
  values = {
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
    domain_validation_options = [for host in ["api.navigator.example.com", "api-us-east-1.navigator.example.com", "ops.navigator.example.com"] :
    { domain_name = host, resource_record_name = "_proof.${host}", resource_record_type = "CNAME", resource_record_value = "_answer.${host}" }]
  }
}
override_resource {
  target = aws_acm_certificate.assets
  values = {
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000002"
    domain_validation_options = [{
      domain_name = "assets.navigator.example.com", resource_record_name = "_proof.assets", resource_record_type = "CNAME", resource_record_value = "_answer.assets"
    }]
  }
}

run "made" {
  assert {
    condition     = aws_lb_listener_rule.webhook.action[0].target_group_arn == aws_lb_target_group.door["webhook"].arn && aws_lb_listener_rule.webhook.action[0].target_group_arn != aws_lb_listener_rule.api.action[0].target_group_arn
    error_message = "/webhook/* leads elsewhere than to the webhook."
  }
  assert {
    condition     = aws_lb_listener_rule.api.action[0].target_group_arn == aws_lb_target_group.door["api"].arn
    error_message = "The API's rule leads elsewhere."
  }
  assert {
    condition     = keys(aws_route53_record.proof) == ["api-us-east-1.navigator.example.com", "api.navigator.example.com", "ops.navigator.example.com"] && aws_route53_record.proof["api.navigator.example.com"].records == toset(["_answer.api.navigator.example.com"])
    error_message = "A name is not proved, or with another's record."
  }
  assert {
    condition     = length(output.egress_addresses) == length(var.zones) && length(output.rollout.subnets) == length(var.zones)
    error_message = "The database's allow list or the rollout lacks a zone."
  }
  assert {
    condition = alltrue([for task in concat([output.rollout.migrate], values(output.rollout.doctors)) :
    startswith(task.family, "navigator-production-") && task.log_group == "/navigator/${task.family}" && task.security_group == aws_security_group.migrate.id])
    error_message = "The rollout looks for a task, its log or its group under another name."
  }
  assert {
    condition     = alltrue([for name in keys(output.secrets) : startswith(name, "navigator-production/")]) && output.secrets["navigator-production/redis-url"] == "REDIS_URL"
    error_message = "Secrets are looked for under other names."
  }
  assert {
    condition     = startswith(nonsensitive(aws_secretsmanager_secret_version.redis[0].secret_string), "rediss://:") && endswith(nonsensitive(aws_secretsmanager_secret_version.redis[0].secret_string), "@master.mock.cache.amazonaws.com:6379")
    error_message = "The API is given another address of the cache, or one without TLS."
  }
}

run "again" {
  command = plan
}
