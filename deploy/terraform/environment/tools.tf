# Self-hosted tools, each an option. River UI runs from its maker's image; the
# images of the others carry their configuration within.
locals {
  tool_table = {
    riverui = {
      port        = 8080, path = "/river", priority = 30, health = "/river/api/health-checks/complete", callers = []
      environment = { PATH_PREFIX = "/river", RIVER_SCHEMA = "river", RIVER_BASIC_AUTH_USER = "operator", RIVER_JOB_LIST_HIDE_ARGS_BY_DEFAULT = "true" }
    }
    grafana = {
      port = 3000, path = "/grafana", priority = 31, health = "/api/health", callers = []
      environment = {
        GF_SERVER_ROOT_URL             = "https://${local.host_ops}/grafana/"
        GF_SERVER_SERVE_FROM_SUB_PATH  = "true"
        GF_AUTH_ANONYMOUS_ENABLED      = "false"
        GF_USERS_ALLOW_SIGN_UP         = "false"
        GF_PATHS_DATA                  = "/tmp/grafana"
        GF_ANALYTICS_REPORTING_ENABLED = "false"
      }
    }
    loki         = { port = 3100, path = null, priority = 0, health = null, callers = ["grafana"], environment = {} }
    prometheus   = { port = 9090, path = null, priority = 0, health = null, callers = ["grafana"], environment = {} }
    alertmanager = { port = 9093, path = null, priority = 0, health = null, callers = ["prometheus", "grafana"], environment = {} }
  }
  tools = { for name, tool in local.tool_table : name => tool if contains(keys(var.tools), name) }
  # Each pair of one that calls and one that is called, where both run.
  calls = { for pair in flatten([for name, tool in local.tools : [
    for caller in tool.callers : { to = name, from = caller, port = tool.port } if contains(keys(local.tools), caller)
  ]]) : "${pair.from}-${pair.to}" => pair }
}

module "tool_task" {
  source      = "../modules/task"
  for_each    = local.tools
  name        = "${local.name}-${each.key}"
  place       = local.place
  image       = var.tools[each.key]
  cpu         = 256
  memory      = 1024
  port        = each.value.port
  environment = each.value.environment
  secrets     = local.secrets[each.key]
  key_alias   = local.key_alias
  key_arn     = aws_kms_key.main.arn
  log_days    = var.log_days
  statements = [for statement in [
    { Sid = "List", Effect = "Allow", Action = ["s3:ListBucket"], Resource = "arn:aws:s3:::${local.logs_bucket}" },
    { Sid = "Chunks", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::${local.logs_bucket}/*" },
    {
      Sid       = "Key"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "arn:aws:kms:${local.at}:key/*"
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = local.key_alias } }
    },
  ] : statement if each.key == "loki"]
}

module "tool" {
  source        = "../modules/service"
  for_each      = local.tools
  task          = module.tool_task[each.key].run
  cluster       = local.cluster
  place         = local.place
  tasks         = { min = each.value.path == null ? 1 : 2, max = each.value.path == null ? 1 : 2 }
  load_balancer = each.value.path == null ? null : local.balanced[each.key]
  namespace_id  = { id = aws_service_discovery_private_dns_namespace.main.id }
  depends_on    = [aws_lb_listener_rule.tool, aws_route.private]
}

resource "aws_vpc_security_group_ingress_rule" "tool" {
  for_each                     = local.calls
  security_group_id            = module.tool[each.value.to].security_group_id
  description                  = "from ${each.value.from}"
  referenced_security_group_id = module.tool[each.value.from].security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "tool" {
  for_each                     = local.calls
  security_group_id            = module.tool[each.value.from].security_group_id
  description                  = "to ${each.value.to}"
  referenced_security_group_id = module.tool[each.value.to].security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

locals {
  logs_bucket = "${local.name}-loki-${var.account_id}"
}

module "loki_bucket" {
  count       = contains(keys(local.tools), "loki") ? 1 : 0
  source      = "../modules/bucket"
  name        = local.logs_bucket
  kms         = { arn = aws_kms_key.main.arn }
  expire_days = 400
  former_days = 1
}
