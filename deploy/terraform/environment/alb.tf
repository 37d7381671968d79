resource "aws_security_group" "balancer" {
  name        = "${local.name}-balancer"
  description = "the one door: HTTPS, and HTTP that leads to it"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.balancer.id
  description       = each.key
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# To the tasks behind each door, and to nothing else.
resource "aws_vpc_security_group_egress_rule" "balancer" {
  for_each                     = local.doors
  security_group_id            = aws_security_group.balancer.id
  description                  = "to ${each.key}"
  referenced_security_group_id = local.behind[each.key]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# The balancer itself does the sign-in of the tools, at Cognito.
resource "aws_vpc_security_group_egress_rule" "sign_in" {
  count             = local.tooled ? 1 : 0
  security_group_id = aws_security_group.balancer.id
  description       = "to the sign-in"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# The balancer's logs can be encrypted with S3's own key alone.
module "balancer_log" {
  source      = "../modules/bucket"
  name        = "${local.name}-balancer-${var.account_id}"
  expire_days = 90
  statements = [{
    Sid       = "BalancerWrites"
    Effect    = "Allow"
    Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
    Action    = "s3:PutObject"
    Resource  = "arn:aws:s3:::${local.name}-balancer-${var.account_id}/AWSLogs/${var.account_id}/*"
  }]
}

resource "aws_lb" "main" {
  name                       = local.name
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.balancer.id]
  subnets                    = [for zone in var.zones : aws_subnet.public[zone].id]
  idle_timeout               = 120
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protected
  access_logs {
    bucket  = module.balancer_log.name
    enabled = true
  }
}

locals {
  public_tools = { for name, tool in local.tools : name => tool if tool.path != null }
  tooled       = length(local.public_tools) > 0
  doors = merge(
    { api = { port = 8000, health = "/readyz" }, webhook = { port = 8001, health = "/readyz" } },
    { for name, tool in local.public_tools : name => { port = tool.port, health = tool.health } },
  )
  # The security group of who stands behind each door.
  behind = merge(
    { api = module.api.security_group_id, webhook = module.webhook.security_group_id },
    { for name in keys(local.public_tools) : name => module.tool[name].security_group_id },
  )
}

resource "aws_lb_target_group" "door" {
  for_each                      = local.doors
  name                          = "${local.name}-${each.key}"
  vpc_id                        = aws_vpc.main.id
  target_type                   = "ip"
  protocol                      = "HTTP"
  port                          = each.value.port
  load_balancing_algorithm_type = var.balancing
  deregistration_delay          = 60
  health_check {
    path                = each.value.health
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
  stickiness {
    type            = "lb_cookie"
    enabled         = var.sticky_seconds > 0
    cookie_duration = var.sticky_seconds > 0 ? var.sticky_seconds : 86400
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# A host that is not ours gets 404.
resource "aws_lb_listener" "https" {
  load_balancer_arn                                            = aws_lb.main.arn
  port                                                         = 443
  protocol                                                     = "HTTPS"
  ssl_policy                                                   = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn                                              = aws_acm_certificate_validation.main.certificate_arn
  routing_http_response_strict_transport_security_header_value = "max-age=63072000; includeSubDomains"
  routing_http_response_x_content_type_options_header_value    = "nosniff"
  routing_http_response_server_enabled                         = false
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "refused" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 5
  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
  condition {
    host_header {
      values = [local.host, local.host_region]
    }
  }
  condition {
    path_pattern {
      values = ["/metrics", "/debug/*"]
    }
  }
}

resource "aws_lb_listener_rule" "webhook" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.door["webhook"].arn
  }
  condition {
    host_header {
      values = [local.host, local.host_region]
    }
  }
  condition {
    path_pattern {
      values = ["/webhook/*", "/api/upload-pipeline/webhook/*"]
    }
  }
}

resource "aws_lb_listener_rule" "api" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 20
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.door["api"].arn
  }
  condition {
    host_header {
      values = [local.host, local.host_region]
    }
  }
}

resource "aws_lb_listener_rule" "tool" {
  for_each     = local.public_tools
  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority
  action {
    type = "authenticate-cognito"
    authenticate_cognito {
      user_pool_arn       = aws_cognito_user_pool.ops[0].arn
      user_pool_client_id = aws_cognito_user_pool_client.ops[0].id
      user_pool_domain    = aws_cognito_user_pool_domain.ops[0].domain
      session_timeout     = 28800
    }
  }
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.door[each.key].arn
  }
  condition {
    host_header {
      values = [local.host_ops]
    }
  }
  condition {
    path_pattern {
      values = [each.value.path, "${each.value.path}/*"]
    }
  }
}
