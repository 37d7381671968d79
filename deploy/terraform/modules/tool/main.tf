# One program that is not ours, as a service on ECS Fargate. Its image and its
# configuration are Terraform's: an apply starts the new ones, where a service of
# ours waits for a release (modules/service). Terraform knows no ignore_changes
# that is a choice, so these are two modules.
terraform {
  required_version = ">= 1.11, < 2"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

resource "aws_security_group" "this" {
  name        = var.task.name
  description = "${var.task.name}: its own port from those who call it"
  vpc_id      = var.place.vpc_id
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  count                        = var.load_balancer == null ? 0 : 1
  security_group_id            = aws_security_group.this.id
  description                  = "from the load balancer"
  referenced_security_group_id = var.load_balancer.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.task.port
  to_port                      = var.task.port
}

resource "aws_vpc_security_group_egress_rule" "outside" {
  for_each          = { for port in var.egress : tostring(port) => port }
  security_group_id = aws_security_group.this.id
  description       = "outside services, which have no fixed addresses"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_service_discovery_service" "this" {
  name = element(split("-", var.task.name), length(split("-", var.task.name)) - 1)
  dns_config {
    namespace_id   = var.namespace_id
    routing_policy = "MULTIVALUE"
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

# One that runs alone is stopped before its successor starts: two of them would
# write the same series, or the same chunks.
resource "aws_ecs_service" "this" {
  name                               = var.task.name
  cluster                            = var.cluster.arn
  task_definition                    = var.task.definition
  desired_count                      = var.tasks
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  deployment_minimum_healthy_percent = var.tasks > 1 ? 100 : 0
  deployment_maximum_percent         = var.tasks > 1 ? 200 : 100
  availability_zone_rebalancing      = var.tasks > 1 ? "ENABLED" : "DISABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  wait_for_steady_state              = true
  health_check_grace_period_seconds  = var.load_balancer == null ? null : 60
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets          = var.place.subnets
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }
  dynamic "load_balancer" {
    for_each = var.load_balancer == null ? [] : [var.load_balancer]
    content {
      target_group_arn = load_balancer.value.target_group_arn
      container_name   = "app"
      container_port   = var.task.port
    }
  }
  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }
}
