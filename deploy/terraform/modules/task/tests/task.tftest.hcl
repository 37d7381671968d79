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
  name = "navigator-test-api"
  place = {
    account_id = "123456789012", region = "us-east-1", vpc_id = "vpc-0123456789abcdef0"
    subnets    = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  }
  image     = "123456789012.dkr.ecr.us-east-1.amazonaws.com/navigator/api:1a2b3c4d5e6f"
  cpu       = 512
  memory    = 1024
  port      = 8000
  key_alias = "alias/navigator-test"
  key_arn   = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
  log_days  = 30
  secrets   = { DATABASE_URL = { name = "navigator-test/app-database-url", arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:navigator-test/app-database-url-AbCdEf" } }
}

run "locked_down" {
  command = plan
  assert {
    condition     = output.container.readonlyRootFilesystem && output.container.user == "65532:65532" && output.container.linuxParameters.capabilities.drop[0] == "ALL"
    error_message = "A writable root, another user, or capabilities."
  }
  assert {
    condition     = [for s in output.container.secrets : s.name] == ["DATABASE_URL"] && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Other secrets than were given, or another log."
  }
  assert {
    condition     = aws_ecs_task_definition.this.skip_destroy && length(aws_iam_role_policy.run) == 0
    error_message = "Former definitions have to stay, and the process itself may do nothing at AWS."
  }
}

run "reads_its_own_secrets_alone" {
  command = plan
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.start.policy).Statement : s.Resource if s.Sid == "Secrets"] == [
      ["arn:aws:secretsmanager:us-east-1:123456789012:secret:navigator-test/app-database-url-??????"]
    ]
    error_message = "The start may read other secrets than the task is given."
  }
}

run "refuses_latest" {
  command = plan
  variables { image = "navigator/api:latest" }
  expect_failures = [var.image]
}

run "refuses_what_fargate_has_not" {
  command = plan
  variables { memory = 8192 }
  expect_failures = [var.memory]
}

run "refuses_a_stop_that_fargate_cuts_off" {
  command = plan
  variables { stop_timeout = 300 }
  expect_failures = [var.stop_timeout]
}

run "refuses_one_zone" {
  command = plan
  variables {
    place = { account_id = "123456789012", region = "us-east-1", vpc_id = "vpc-0123456789abcdef0", subnets = ["subnet-0123456789abcdef0"] }
  }
  expect_failures = [var.place]
}

run "refuses_a_name_whose_roles_have_none" {
  command = plan
  variables { name = "navigator-production-dr-doctor-of-a-service-with-a-long-name" }
  expect_failures = [var.name]
}

run "fetches_its_configuration" {
  command = plan
  variables {
    config = {
      bucket = "navigator-test-config-123456789012", prefix = "loki", path = "/etc/loki", hash = "0123", image = "public.ecr.aws/aws-cli/aws-cli:2.27.50"
    }
  }
  assert {
    condition     = output.first[0].user == "0:0" && output.first[0].readonlyRootFilesystem && !output.first[0].essential && output.container.dependsOn[0].condition == "SUCCESS"
    error_message = "It is not fetched before the program, by a container of its own."
  }
  assert {
    condition     = one([for m in output.container.mountPoints : m.readOnly if m.sourceVolume == "config"]) && one([for e in output.container.environment : e.value if e.name == "CONFIG_HASH"]) == "0123"
    error_message = "The program can change it, or its definition does not name it."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.run[0].policy).Statement : s.Resource if contains(["ConfigList", "Config"], s.Sid)] == [
      "arn:aws:s3:::navigator-test-config-123456789012", "arn:aws:s3:::navigator-test-config-123456789012/loki/*"
    ]
    error_message = "It reads another one's configuration."
  }
}

run "refuses_a_command_line_that_moves" {
  command = plan
  variables {
    config = { bucket = "b", prefix = "loki", path = "/etc/loki", hash = "0123", image = "public.ecr.aws/aws-cli/aws-cli:latest" }
  }
  expect_failures = [var.config]
}
