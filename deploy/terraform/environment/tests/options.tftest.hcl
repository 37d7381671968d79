# Every option at once.
run "planned" {
  command = plan
  assert {
    condition     = one(aws_shield_protection.balancer[*].name) == "navigator-production" && keys(aws_wafv2_ip_set.list) == ["blocked", "ops", "webhook"]
    error_message = "Shield Advanced or a list of addresses is missing."
  }
  assert {
    condition = alltrue([for group in aws_lb_target_group.door : one(group.stickiness).enabled && one(group.stickiness).cookie_duration == 300 &&
    group.load_balancing_algorithm_type == var.balancing])
    error_message = "Clients do not stay with their task."
  }
  assert {
    condition     = aws_cognito_user_pool.ops[0].mfa_configuration == "ON" && one(aws_cognito_user_pool.ops[0].admin_create_user_config).allow_admin_create_user_only
    error_message = "The tools can be seen without a second factor, or by anybody who signs up."
  }
  assert {
    condition     = alltrue([for rule in aws_lb_listener_rule.tool : rule.action[0].type == "authenticate-cognito" && rule.action[1].type == "forward"])
    error_message = "A tool is shown before the sign-in."
  }
  assert {
    condition     = contains(keys(aws_vpc_security_group_egress_rule.migrate), tostring(var.smtp.port)) && local.settings.SMTP_PORT == tostring(var.smtp.port)
    error_message = "Mails cannot leave, or the preflight cannot try it."
  }
  assert {
    condition     = local.settings.STATUS_CACHE_TTL == "2s"
    error_message = "Statuses are kept for another time than was asked for."
  }
  assert {
    condition     = length(aws_prometheus_workspace.main) == 1 && output.rollout.cluster == "navigator-production"
    error_message = "No managed Prometheus, or the rollout is told of another cluster."
  }
}
