# The true provider plans, with credentials that nobody has: nothing asks AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "invented"
  secret_key                  = "invented"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  task    = { name = "navigator-test-loki", definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/navigator-test-loki:1", port = 3100 }
  cluster = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/navigator-test", name = "navigator-test" }
  place = {
    account_id = "123456789012", region = "us-east-1", vpc_id = "vpc-0123456789abcdef0"
    subnets    = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  }
  egress       = [443]
  tasks        = 1
  namespace_id = "ns-0123456789abcdef"
}

run "one_is_stopped_before_its_successor" {
  command = plan
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 0 && aws_ecs_service.this.deployment_maximum_percent == 100
    error_message = "Two would write the same chunks."
  }
  assert {
    condition     = module.door.name == "loki" && length(module.door.open) == 0
    error_message = "Another name, or open to a load balancer that it has not."
  }
  assert {
    condition     = module.door.called == [443]
    error_message = "It calls other ports than it is let."
  }
}

run "two_take_turns" {
  command = plan
  variables {
    tasks = 2
    load_balancer = {
      target_group_arn  = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/navigator-test-loki/0123456789abcdef"
      security_group_id = "sg-0123456789abcdef0"
      resource_label    = "app/navigator-test/0123456789abcdef/targetgroup/navigator-test-loki/0123456789abcdef"
    }
  }
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "A public tool is away while it changes."
  }
  assert {
    condition     = one(module.door.open) == 3100
    error_message = "The load balancer does not reach it."
  }
}

run "refuses_none" {
  command = plan
  variables { tasks = 0 }
  expect_failures = [var.tasks]
}
