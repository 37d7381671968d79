# What is run: the container, its log and its two roles; and, where it has
# configuration, a container before it that fetches that.
terraform {
  required_version = ">= 1.11, < 2"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/navigator/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

locals {
  # The container as an object: a plan can show it where its JSON would be
  # unknown as a whole, for the secrets' addresses have a random end.
  container = {
    name                   = "app"
    image                  = var.image
    entryPoint             = var.entrypoint
    command                = var.command
    dependsOn              = var.config == null ? null : [{ containerName = "config", condition = "SUCCESS" }]
    essential              = true
    readonlyRootFilesystem = true
    user                   = "65532:65532"
    stopTimeout            = var.stop_timeout
    environment            = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    secrets                = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = var.secrets[name].arn }]
    portMappings           = var.port == null ? [] : [{ containerPort = var.port, hostPort = var.port, protocol = "tcp" }]
    mountPoints = concat([{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }],
    var.config == null ? [] : [{ sourceVolume = "config", containerPath = var.config.path, readOnly = true }])
    linuxParameters = { initProcessEnabled = false, capabilities = { drop = ["ALL"] } }
    healthCheck = var.healthcheck == null ? null : {
      command = concat(["CMD"], var.healthcheck), interval = 15, timeout = 5, retries = 3, startPeriod = 60
    }
    logConfiguration = local.log
  }
  log = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = "/navigator/${var.name}"
      awslogs-region        = var.place.region
      awslogs-stream-prefix = "app"
      mode                  = "non-blocking"
      max-buffer-size       = "25m"
    }
  }
  # The hash is there so that a changed file makes a new definition, and new tasks.
  environment = merge(var.environment, var.config == null ? {} : { CONFIG_HASH = var.config.hash })
}

# skip_destroy keeps the former revisions: a rollback needs one to return to.
resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.run.arn
  container_definitions    = jsonencode([for c in concat([local.container], local.first) : { for name, value in c : name => value if value != null }])
  skip_destroy             = true
  track_latest             = false
  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }
  volume {
    name = "tmp"
  }
  dynamic "volume" {
    for_each = local.first
    content {
      name = "config"
    }
  }
  dynamic "ephemeral_storage" {
    for_each = var.disk == null ? [] : [var.disk]
    content {
      size_in_gib = ephemeral_storage.value
    }
  }
}
