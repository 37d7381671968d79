# What runs by the clock: the backup, the tombstones between two of them, and the
# drill that proves a backup. And what a person runs by hand after a disaster:
# the restore. All are the tool's image: it reads and fills the tables itself, so
# that no image has to hold a pg_dump as new as the server.
locals {
  # A file is copied anew when its copy is so old: all that a backup of the last
  # 35 days needs is then locked, and lies where it is read at once.
  renew_days = 90

  # Where backups are put, and where a restore takes them from.
  backup_at = {
    BACKUP_DIR       = "s3://${local.backups.here}/"
    BACKUP_S3_REGION = var.region
  }
  restore_at = {
    BACKUP_DIR       = "s3://${var.restore_from == null ? local.backups.here : var.restore_from.bucket}/"
    BACKUP_S3_REGION = var.region
  }
  restore_bucket = trimsuffix(trimprefix(local.restore_at.BACKUP_DIR, "s3://"), "/")
  restore_alias  = var.restore_from == null ? local.key_alias : var.restore_from.key_alias

  job_table = {
    backup = {
      command = ["backup", "create", "--log"], cpu = 1024, memory = 2048, disk = null
      settings = merge(local.backup_at, {
        BACKUP_S3_KMS = local.key_alias
        BACKUP_RENEW  = "${local.renew_days * 24}h"
      }, { for name in ["SERVICE_MODE", "DATABASE_POOL_MODE", "LOG_LEVEL", "UPLOAD_PIPELINE_ENVIRONMENT", "UPLOAD_PIPELINE_STORAGE_ENVIRONMENT", "STORAGE_PROVIDER", "SUPABASE_URL"] : name => local.settings[name] })
      statements = local.archive_writes
    }
    drill = {
      command = ["restore", "drill", "--log"], cpu = 1024, memory = 4096, disk = var.backups.drill_disk
      settings = merge(local.restore_at, {
        for name in ["SERVICE_MODE", "DATABASE_POOL_MODE", "LOG_LEVEL", "UPLOAD_PIPELINE_ENVIRONMENT", "UPLOAD_PIPELINE_STORAGE_ENVIRONMENT"] : name => local.settings[name]
      })
      statements = local.archive_reads
    }
    restore = {
      command    = ["restore", "run", "--json"], cpu = 2048, memory = 4096, disk = null
      settings   = merge({ for name, value in local.settings : name => value if name != "STATUS_CACHE_TTL" }, local.restore_at) # nobody reads meanwhile
      statements = local.archive_reads
    }
  }

  # No job may delete: what is old goes by the buckets' lifecycle.
  archive_list = [
    { Sid = "List", Effect = "Allow", Action = ["s3:ListBucket"], Resource = "arn:aws:s3:::%s" },
    { Sid = "Read", Effect = "Allow", Action = ["s3:GetObject"], Resource = "arn:aws:s3:::%s/*" },
  ]
  archive_writes = concat(
    [for s in local.archive_list : merge(s, { Resource = format(s.Resource, local.backups.here) })],
    [
      { Sid = "Put", Effect = "Allow", Action = ["s3:AbortMultipartUpload", "s3:PutObject"], Resource = "arn:aws:s3:::${local.backups.here}/*" },
      {
        Sid       = "Key"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "arn:aws:kms:${local.at}:key/*"
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = local.key_alias } }
      },
    ],
  )
  archive_reads = concat(
    [for s in local.archive_list : merge(s, { Resource = format(s.Resource, local.restore_bucket) })],
    [{
      Sid       = "Key"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = "arn:aws:kms:${local.at}:key/*"
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = local.restore_alias } }
    }],
  )
}

module "job" {
  source       = "../modules/task"
  for_each     = local.job_table
  name         = "${local.name}-${each.key}"
  place        = local.place
  image        = "${local.registry}/navigator:${var.image_tag}"
  command      = each.value.command
  cpu          = each.value.cpu
  memory       = each.value.memory
  disk         = each.value.disk
  environment  = each.value.settings
  secrets      = local.secrets[each.key]
  key_alias    = local.key_alias
  key_arn      = aws_kms_key.main.arn
  statements   = each.value.statements
  stop_timeout = 120
  log_days     = var.log_days
}

locals {
  # When each runs. A schedule names a family and no revision: it takes the
  # newest, which each release registers.
  schedule_table = {
    backup     = { job = "backup", at = var.backups.create, command = ["backup", "create", "--log"] }
    tombstones = { job = "backup", at = var.backups.tombstones, command = ["backup", "tombstones", "--log"] }
    drill      = { job = "drill", at = var.backups.drill, command = ["restore", "drill", "--log"] }
  }
}

resource "aws_scheduler_schedule" "job" {
  for_each                     = local.schedule_table
  name                         = "${local.name}-${each.key}"
  schedule_expression          = each.value.at
  schedule_expression_timezone = "UTC"
  state                        = var.backups.run ? "ENABLED" : "DISABLED"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:ecs:${local.at}:cluster/${local.name}"
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ containerOverrides = [{ name = "app", command = each.value.command }] })
    ecs_parameters {
      task_definition_arn = "arn:aws:ecs:${local.at}:task-definition/${local.name}-${each.value.job}"
      launch_type         = "FARGATE"
      task_count          = 1
      network_configuration {
        subnets          = local.place.subnets
        security_groups  = [aws_security_group.migrate.id]
        assign_public_ip = false
      }
    }
    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }
  }
  depends_on = [module.job]
}

resource "aws_iam_role" "schedule" {
  name = "${local.name}-schedule"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

# It starts these two families in this cluster, and hands them their own roles.
resource "aws_iam_role_policy" "schedule" {
  name = "start"
  role = aws_iam_role.schedule.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Start"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = [for job in ["backup", "drill"] : "arn:aws:ecs:${local.at}:task-definition/${local.name}-${job}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = "arn:aws:ecs:${local.at}:cluster/${local.name}" } }
      },
      {
        Sid       = "TheirRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = flatten([for job in ["backup", "drill"] : [for kind in ["start", "run"] : "arn:aws:iam::${var.account_id}:role/${local.name}-${job}-${kind}"]])
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}
