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

module "door" {
  source        = "../door"
  task          = var.task
  vpc_id        = var.place.vpc_id
  load_balancer = var.load_balancer
  egress        = var.egress
  namespace_id  = var.namespace_id
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
    security_groups  = [module.door.security_group_id]
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
    for_each = module.door.registries
    content {
      registry_arn = service_registries.value
    }
  }
  lifecycle {
    # The first is the scaling's. The second is the rollout's: an apply changes no
    # release, and changed settings go out with the next one.
    ignore_changes = [desired_count, task_definition]
  }
}
