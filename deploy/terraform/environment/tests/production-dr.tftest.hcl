# Production's second region: the same root, another state, and no global thing
# made twice.
run "planned" {
  command = plan
  assert {
    condition     = one(aws_route53_record.api.failover_routing_policy).type == "SECONDARY" && aws_route53_record.api.set_identifier == "us-west-2"
    error_message = "The second region answers first."
  }
  assert {
    condition     = length(aws_cloudfront_distribution.assets) == 0 && length(aws_cognito_user_pool.ops) == 0 && aws_route53_health_check.outside.fqdn == "api-us-west-2.navigator.example.com"
    error_message = "Static files or tools are there twice, or the look from outside is at the first region."
  }
  assert {
    condition     = output.api_url == "https://api.navigator.example.com" && local.settings.UPLOAD_PIPELINE_ENVIRONMENT == "production" && local.settings.SERVICE_MODE == "PRODUCTION"
    error_message = "Clients and documents would have to know which region they are in."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.door : length(group.name) <= 32 && startswith(group.name, "navigator-production-dr-")])
    error_message = "A name is too long for AWS, or is the first region's."
  }
  assert {
    condition     = alltrue([for name, service in var.services : service.max >= { api = 10, worker = 10, webhook = 6 }[name]])
    error_message = "A pilot light that cannot grow to the first region's size."
  }
  assert {
    condition     = var.replica_region == "us-east-1" && length(distinct([for subnet in aws_subnet.private : subnet.availability_zone])) == 2
    error_message = "Copies stay in the region, or it has one zone."
  }
}
