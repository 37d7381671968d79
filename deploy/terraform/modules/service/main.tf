# One service on ECS Fargate: rolling deployment that undoes itself.
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
  count = var.namespace_id == null ? 0 : 1
  name  = element(split("-", var.task.name), length(split("-", var.task.name)) - 1)
  dns_config {
    namespace_id   = var.namespace_id.id
    routing_policy = "MULTIVALUE"
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

resource "aws_ecs_service" "this" {
  name                               = var.task.name
  cluster                            = var.cluster.arn
  task_definition                    = var.task.definition
  desired_count                      = var.tasks.min
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  wait_for_steady_state              = true
  health_check_grace_period_seconds  = var.load_balancer == null ? null : 60
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  dynamic "alarms" {
    for_each = length(var.alarms) == 0 ? [] : [var.alarms]
    content {
      alarm_names = alarms.value
      enable      = true
      rollback    = true
    }
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
  dynamic "service_registries" {
    for_each = aws_service_discovery_service.this
    content {
      registry_arn = service_registries.value.arn
    }
  }
  lifecycle {
    # The first is the scaling's. The second is the rollout's: an apply changes no
    # release, and changed settings go out with the next one.
    ignore_changes = [desired_count, task_definition]
  }
}
