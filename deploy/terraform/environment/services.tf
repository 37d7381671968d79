resource "aws_ecs_cluster" "main" {
  name = local.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_service_discovery_private_dns_namespace" "main" {
  name = "${local.name}.internal"
  vpc  = aws_vpc.main.id
}

locals {
  # One block for all: processes whose settings differ refuse to run beside
  # each other.
  settings = merge({
    SERVICE_MODE                        = var.service_mode
    UPLOAD_PIPELINE_ENVIRONMENT         = trimsuffix(var.environment, "-dr")
    UPLOAD_PIPELINE_STORAGE_ENVIRONMENT = trimsuffix(var.environment, "-dr")
    LOG_LEVEL                           = "info"
    DATABASE_POOL_MODE                  = var.pool_mode
    PORT                                = "8000"
    WEBHOOK_PORT                        = "8001"
    WORKER_PORT                         = "8002"
    PUBLIC_URL                          = "https://${local.host}"
    SPOOL_DIR                           = "/tmp/spool"
    ALLOWED_ORIGINS                     = join(",", var.allowed_origins)
    TRUSTED_HOPS                        = "1"
    WEBHOOK_URL                         = "https://${local.host}"
    WEBHOOK_MODE                        = "callback"
    AUTH_PROVIDER                       = "supabase"
    AUTH_REDIRECTS                      = join(",", var.auth_redirects)
    STORAGE_PROVIDER                    = "supabase"
    SUPABASE_URL                        = var.supabase_url
    PARSER                              = "llamaparse"
    BAA_CONFIRMED                       = tostring(var.baa_confirmed)
    }, var.smtp == null ? {} : {
    MAIL_PROVIDER = "smtp"
    MAIL_FROM     = var.smtp.from
    SMTP_HOST     = var.smtp.host
    SMTP_PORT     = tostring(var.smtp.port)
    SMTP_USERNAME = var.smtp.username
    SMTP_SECURITY = var.smtp.security
    }, local.status_cache == 0 ? {} : {
    STATUS_CACHE_TTL = "${local.status_cache}s"
  }, local.reached, var.settings)
  cluster = { arn = aws_ecs_cluster.main.arn, name = aws_ecs_cluster.main.name }
  alive   = ["/app", "healthcheck"]
  # The agent finds the services by name, and nobody else looks for them.
  found = local.watched ? { id = aws_service_discovery_private_dns_namespace.main.id } : null
}

locals {
  # What each task is: its size, its release, and what it alone has.
  task_table = {
    api     = merge(var.services.api, { port = 8000, tag = var.image_tag, settings = local.settings, alive = local.alive, stop = 60 })
    webhook = merge(var.services.webhook, { port = 8001, tag = var.image_tag, settings = local.settings, alive = local.alive, stop = 60 })
    worker  = merge(var.services.worker, { port = 8002, tag = var.image_tag, settings = local.settings, alive = local.alive, stop = 120 })
    # Run once by a release, before its services: the new release migrates while
    # the former one still serves.
    migrate = {
      cpu = 512, memory = 1024, min = 0, max = 0, port = null, alive = null, stop = 120
      tag = var.image_tag, settings = { SERVICE_MODE = var.service_mode }
    }
  }
}

module "task" {
  source       = "../modules/task"
  for_each     = local.task_table
  name         = "${local.name}-${each.key}"
  place        = local.place
  image        = "${local.registry}/${each.key}:${each.value.tag}"
  cpu          = each.value.cpu
  memory       = each.value.memory
  port         = each.value.port
  environment  = each.value.settings
  secrets      = local.secrets[each.key]
  key_alias    = local.key_alias
  key_arn      = aws_kms_key.main.arn
  healthcheck  = each.value.alive
  stop_timeout = each.value.stop
  log_days     = var.log_days
}

# The preflight of each: the doctor, with the very settings and secrets, run
# once by a release before anything else.
module "doctor" {
  source       = "../modules/task"
  for_each     = local.task_table
  name         = "${local.name}-doctor-${each.key}"
  place        = local.place
  image        = "${local.registry}/navigator:${var.image_tag}"
  command      = ["doctor", "preflight", "--service", each.key, "--json"]
  cpu          = 512
  memory       = 1024
  environment  = each.value.settings
  secrets      = local.secrets[each.key]
  key_alias    = local.key_alias
  key_arn      = aws_kms_key.main.arn
  stop_timeout = 30
  log_days     = var.log_days
}

module "api" {
  source            = "../modules/service"
  task              = module.task["api"].run
  namespace_id      = local.found
  cluster           = local.cluster
  place             = local.place
  tasks             = { min = var.services.api.min, max = var.services.api.max }
  requests_per_task = 600
  egress            = local.egress_mails
  alarms            = local.undo
  load_balancer     = local.balanced["api"]
  depends_on        = [aws_lb_listener_rule.api, aws_route.private]
}

module "webhook" {
  source        = "../modules/service"
  task          = module.task["webhook"].run
  namespace_id  = local.found
  cluster       = local.cluster
  place         = local.place
  tasks         = { min = var.services.webhook.min, max = var.services.webhook.max }
  alarms        = local.undo
  load_balancer = local.balanced["webhook"]
  depends_on    = [aws_lb_listener_rule.webhook, aws_route.private]
}

module "worker" {
  source       = "../modules/service"
  task         = module.task["worker"].run
  namespace_id = local.found
  cluster      = local.cluster
  place        = local.place
  tasks        = { min = var.services.worker.min, max = var.services.worker.max }
  queue = var.queue_scaling == null ? null : {
    namespace = local.name, jobs_per_task = var.queue_scaling.jobs_per_task, age_seconds = var.queue_scaling.age_seconds
  }
  depends_on = [aws_route.private]
}

locals {
  # Where the API, and the preflight in its place, may call: AWS and the providers,
  # the database, and the mail server where there is one.
  egress_mails = distinct(concat([443, 5432], var.smtp == null ? [] : [var.smtp.port]))
  balanced = { for name, group in aws_lb_target_group.door : name => {
    target_group_arn  = group.arn
    security_group_id = aws_security_group.balancer.id
    resource_label    = "${aws_lb.main.arn_suffix}/${group.arn_suffix}"
  } }
}
