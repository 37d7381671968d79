# Staging: the same, smaller; what costs and what cannot be taken down is off.
run "planned" {
  command = plan
  assert {
    condition     = length(aws_nat_gateway.main) == 1 && length(aws_route.private) == length(var.zones)
    error_message = "Not one way out for all zones."
  }
  assert {
    condition     = length(aws_elasticache_replication_group.main) == 0 && length(aws_shield_protection.balancer) == 0 && length(aws_cognito_user_pool.ops) == 0
    error_message = "Something is paid for that staging does not need."
  }
  assert {
    condition     = !contains(keys(local.settings), "STATUS_CACHE_TTL") && !contains(keys(aws_vpc_security_group_egress_rule.cache), "worker")
    error_message = "Statuses are to be kept in a cache that is not there."
  }
  assert {
    condition     = length(aws_route53_record.api.failover_routing_policy) == 0 && aws_route53_record.api.health_check_id == null
    error_message = "There is no second region of staging."
  }
  assert {
    condition     = !aws_lb.main.enable_deletion_protection && var.backup_lock.mode == "GOVERNANCE"
    error_message = "Staging cannot be taken down."
  }
  assert {
    condition     = alltrue([for name, service in var.services : service.cpu <= 512 && service.max <= 3])
    error_message = "Staging is as large as production."
  }
  assert {
    condition     = local.settings.SERVICE_MODE == "staging" && local.settings.UPLOAD_PIPELINE_ENVIRONMENT == "staging" && output.api_url == "https://api.staging.navigator.example.com"
    error_message = "Staging takes itself for another environment."
  }
}
