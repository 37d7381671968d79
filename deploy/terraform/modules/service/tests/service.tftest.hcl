# Nothing is made: an apply against a provider that answers what it is told. It
# shows that all wires up, and that a second look changes nothing.
mock_provider "aws" {}

variables {
  place = {
    account_id = "123456789012", region = "us-east-1", vpc_id = "vpc-0123456789abcdef0"
    subnets    = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  }
  task    = { name = "navigator-test-api", definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/navigator-test-api:1", port = 8000 }
  cluster = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/navigator-test", name = "navigator-test" }
  tasks   = { min = 2, max = 4 }
  alarms  = ["navigator-test-api-errors"]
  load_balancer = {
    target_group_arn  = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/navigator-test-api/0123456789abcdef"
    security_group_id = "sg-0123456789abcdef0", resource_label = "app/navigator-test/0123456789abcdef/targetgroup/navigator-test-api/0123456789abcdef"
  }
}

run "made" {
  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].rollback && aws_ecs_service.this.alarms[0].rollback && length(module.door.open) == 1
    error_message = "A bad release is not undone, or nobody comes in."
  }
}

# A release is the rollout's: another definition in Terraform changes nothing
# that runs.
run "an_apply_changes_no_release" {
  variables {
    task = { name = "navigator-test-api", definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/navigator-test-api:2", port = 8000 }
  }
  assert {
    condition     = endswith(aws_ecs_service.this.task_definition, ":1")
    error_message = "An apply released something."
  }
}

run "without_a_balancer_nobody_comes_in" {
  command = plan
  variables { load_balancer = null }
  assert {
    condition     = length(module.door.open) == 0 && length(aws_appautoscaling_policy.depth) == 0
    error_message = "An open port, or scaling by a queue that was not asked for."
  }
}

run "refuses_no_tasks" {
  command = plan
  variables { tasks = { min = 0, max = 4 } }
  expect_failures = [var.tasks]
}

run "refuses_one_zone" {
  command = plan
  variables {
    place = { account_id = "123456789012", region = "us-east-1", vpc_id = "vpc-0123456789abcdef0", subnets = ["subnet-0123456789abcdef0"] }
  }
  expect_failures = [var.place]
}
