locals {
  served = toset(concat([local.host, local.host_region], local.tooled ? [local.host_ops] : []))
}

resource "aws_acm_certificate" "main" {
  domain_name               = local.host
  subject_alternative_names = sort(setsubtract(local.served, [local.host]))
  validation_method         = "DNS"
  lifecycle {
    create_before_destroy = true
  }
}

# By name and not by validation option: two regions that share a name share its
# record, too.
resource "aws_route53_record" "proof" {
  for_each        = local.served
  zone_id         = var.zone_id
  allow_overwrite = true
  ttl             = 300
  name            = one([for o in aws_acm_certificate.main.domain_validation_options : o.resource_record_name if o.domain_name == each.key])
  type            = one([for o in aws_acm_certificate.main.domain_validation_options : o.resource_record_type if o.domain_name == each.key])
  records         = [one([for o in aws_acm_certificate.main.domain_validation_options : o.resource_record_value if o.domain_name == each.key])]
}

resource "aws_acm_certificate_validation" "main" {
  certificate_arn         = aws_acm_certificate.main.arn
  validation_record_fqdns = [for record in aws_route53_record.proof : record.fqdn]
}

resource "aws_route53_record" "api" {
  zone_id         = var.zone_id
  name            = local.host
  type            = "A"
  set_identifier  = var.failover == null ? null : var.region
  health_check_id = var.failover == null ? null : aws_route53_health_check.outside.id
  alias {
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = true
  }
  dynamic "failover_routing_policy" {
    for_each = var.failover == null ? [] : [var.failover]
    content {
      type = failover_routing_policy.value
    }
  }
}

resource "aws_route53_record" "region" {
  for_each = setsubtract(local.served, [local.host])
  zone_id  = var.zone_id
  name     = each.key
  type     = "A"
  alias {
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = true
  }
}

# Asked from outside our network, under a name that always means this region.
resource "aws_route53_health_check" "outside" {
  type              = "HTTPS"
  fqdn              = local.host_region
  port              = 443
  resource_path     = "/readyz"
  request_interval  = 30
  failure_threshold = 3
  measure_latency   = true
  enable_sni        = true
  tags              = { Name = "${local.name}-outside" }
}
