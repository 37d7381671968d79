# Production, as its committed variables plan it with the true provider:
# check.sh gives credentials that nobody has. The policies judge the same plan.
run "planned" {
  command = plan
  assert {
    condition = alltrue([for subnets in [aws_subnet.public, aws_subnet.private] :
    length(distinct([for subnet in subnets : subnet.availability_zone])) >= 2]) && length(aws_nat_gateway.main) == length(var.zones)
    error_message = "A zone that is lost takes the others with it."
  }
  assert {
    condition = (aws_acm_certificate.main.domain_name == "api.navigator.example.com" &&
    aws_acm_certificate.main.subject_alternative_names == toset(["api.navigator.example.com", "api-us-east-1.navigator.example.com", "ops.navigator.example.com"]))
    error_message = "The certificate has not the names that are served."
  }
  assert {
    condition     = one(aws_route53_record.api.failover_routing_policy).type == "PRIMARY" && aws_route53_record.api.set_identifier == "us-east-1"
    error_message = "The first region does not answer first."
  }
  assert {
    condition = (aws_route53_health_check.outside.fqdn == "api-us-east-1.navigator.example.com" && aws_route53_health_check.outside.type == "HTTPS" &&
    aws_route53_health_check.outside.resource_path == "/readyz")
    error_message = "The look from outside is at another region, or at nothing."
  }
  assert {
    condition     = aws_lb.main.enable_deletion_protection && one(aws_lb.main.access_logs).enabled && aws_lb.main.drop_invalid_header_fields
    error_message = "The load balancer can be deleted, keeps no log, or passes broken headers on."
  }
  assert {
    condition = alltrue([for name in ["api", "webhook"] :
      aws_lb_target_group.door[name].load_balancing_algorithm_type == "least_outstanding_requests" && !one(aws_lb_target_group.door[name].stickiness).enabled &&
    one(aws_lb_target_group.door[name].health_check).path == "/readyz"])
    error_message = "Requests do not go to the task that has the fewest, or health is asked elsewhere."
  }
  assert {
    condition = (aws_lb_listener_rule.refused.priority < aws_lb_listener_rule.webhook.priority &&
    aws_lb_listener_rule.webhook.priority < aws_lb_listener_rule.api.priority)
    error_message = "The rules stand in another order."
  }
  assert {
    condition     = output.rollout.alarms.rollback == ["navigator-production-api-errors", "navigator-production-api-slow"] && output.api_url == "https://api.navigator.example.com"
    error_message = "A rollout looks at other alarms, or at another address."
  }
  assert {
    condition     = aws_elasticache_replication_group.main[0].num_cache_clusters == 2 && aws_elasticache_replication_group.main[0].multi_az_enabled
    error_message = "Request rates are counted by each task for itself, or in one zone."
  }
  assert {
    condition = (local.settings.STATUS_CACHE_TTL == "5s" && contains(keys(local.secrets["worker"]), "REDIS_URL") && !contains(keys(local.secrets["webhook"]), "REDIS_URL") &&
    contains(keys(aws_vpc_security_group_ingress_rule.cache), "worker") && contains(keys(aws_vpc_security_group_egress_rule.cache), "worker"))
    error_message = "Statuses are kept in the cache, and who moves documents cannot take them away."
  }
  assert {
    condition     = !contains(keys(local.job_table.restore.settings), "STATUS_CACHE_TTL")
    error_message = "A restore is asked for a cache that it does not have."
  }
  assert {
    condition     = aws_cloudfront_distribution.assets[0].aliases == toset(["assets.navigator.example.com"]) && var.backup_lock.mode == "COMPLIANCE"
    error_message = "No static files, or backups that somebody can remove."
  }
}
