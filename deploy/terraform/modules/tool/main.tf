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

module "door" {
  source        = "../door"
  task          = var.task
  vpc_id        = var.place.vpc_id
  load_balancer = var.load_balancer
  egress        = var.egress
  namespace_id  = { id = var.namespace_id }
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
  service_registries {
    registry_arn = one(module.door.registries)
  }
}
