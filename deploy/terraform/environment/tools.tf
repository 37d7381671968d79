# Programs that are not ours, each an option: the image of its maker, and
# configuration that is fetched at its start (carried.tf). Prometheus runs as an
# agent where there is managed Prometheus (watch.tf).
locals {
  images = merge(var.tools, local.watched ? { agent = var.watch.agent } : {})
  inside = aws_service_discovery_private_dns_namespace.main.name

  # Who may call it: by port, the services and tools. "migrate" is the group that
  # the preflights are in, which ask every option whether it answers.
  services = ["api", "webhook", "worker"]
  asking   = concat(local.services, ["migrate"])
  tool_table = {
    riverui = {
      port        = 8080, path = "/river", priority = 30, health = "/river/api/health-checks/complete", cpu = 256, memory = 1024, egress = [443, 5432]
      calls       = {}, entrypoint = null, command = null, home = null
      environment = { PATH_PREFIX = "/river", RIVER_SCHEMA = "river", RIVER_BASIC_AUTH_USER = "operator", RIVER_JOB_LIST_HIDE_ARGS_BY_DEFAULT = "true" }
    }
    grafana = {
      port        = 3000, path = "/grafana", priority = 31, health = "/api/health", cpu = 256, memory = 1024, egress = [443]
      calls       = {}, entrypoint = null, command = null, home = "/var/lib/grafana"
      environment = merge(local.grafana_settings, local.grafana_sources)
    }
    loki = {
      port       = 3100, path = null, priority = 0, health = null, cpu = 256, memory = 2048, egress = [443]
      calls      = { 3100 = concat(local.asking, ["agent", "grafana"]) }
      entrypoint = null, command = ["-config.file=/etc/loki/loki.yaml", "-config.expand-env=true"], home = "/etc/loki"
      environment = merge({
        LOKI_HOST = "0.0.0.0", LOKI_DIR = "/tmp/loki", LOKI_RULES = "/etc/loki/rules", LOKI_STORE = "s3", LOKI_BUCKET = local.kept_buckets.loki, LOKI_REGION = var.region
      }, contains(keys(var.tools), "alertmanager") ? { ALERTMANAGER_URL = "http://alertmanager.${local.inside}:9093" } : {})
    }
    alertmanager = {
      port        = 9093, path = null, priority = 0, health = null, cpu = 256, memory = 512, egress = [443]
      calls       = { 9093 = ["agent", "loki"] }
      entrypoint  = null, home = "/etc/alertmanager"
      command     = ["--config.file=/etc/alertmanager/alertmanager.yaml", "--storage.path=/tmp/alertmanager", "--cluster.listen-address="]
      environment = { AWS_REGION = var.region }
    }
    agent = {
      port        = 9090, path = null, priority = 0, health = null, cpu = 512, memory = 1024, egress = [443]
      calls       = { 9090 = ["migrate"] }
      entrypoint  = null, home = "/etc/prometheus"
      command     = ["--config.file=/etc/prometheus/prometheus.yaml", "--agent", "--storage.agent.path=/tmp/agent", "--web.listen-address=0.0.0.0:9090"]
      environment = { AWS_REGION = var.region }
    }
    prober = {
      port        = 9115, path = null, priority = 0, health = null, cpu = 256, memory = 512, egress = [443]
      calls       = { 9115 = ["agent", "migrate"] }
      entrypoint  = null, command = ["--config.file=/etc/blackbox/blackbox.yaml"], home = "/etc/blackbox"
      environment = {}
    }
    tempo = {
      port        = 3200, path = null, priority = 0, health = null, cpu = 256, memory = 1024, egress = [443]
      calls       = { 3200 = ["agent", "grafana"], 4318 = local.asking }
      entrypoint  = null, command = ["-config.file=/etc/tempo/tempo.yaml", "-config.expand-env=true"], home = "/etc/tempo"
      environment = { TEMPO_BUCKET = local.kept_buckets.tempo, TEMPO_REGION = var.region }
    }
    clamd = {
      port        = 3310, path = null, priority = 0, health = null, cpu = 1024, memory = 4096, egress = [443]
      calls       = { 3310 = ["migrate", "worker"] }
      entrypoint  = ["/bin/sh"], command = ["/etc/clamd/start.sh"], home = "/etc/clamd"
      environment = {}
    }
  }
  tools = { for name, tool in local.tool_table : name => tool if contains(keys(local.images), name) }

  grafana_settings = {
    GF_SERVER_ROOT_URL                        = "https://${local.host_ops}/grafana/"
    GF_SERVER_SERVE_FROM_SUB_PATH             = "true"
    GF_AUTH_ANONYMOUS_ENABLED                 = "false"
    GF_AUTH_SIGV4_AUTH_ENABLED                = "true"
    GF_USERS_ALLOW_SIGN_UP                    = "false"
    GF_PATHS_DATA                             = "/tmp/grafana"
    GF_PATHS_PLUGINS                          = "/tmp/plugins"
    GF_PATHS_PROVISIONING                     = "/var/lib/grafana/provisioning"
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH = "/var/lib/grafana/dashboards/docpipe-slo.json"
    GF_ANALYTICS_REPORTING_ENABLED            = "false"
    GF_ANALYTICS_CHECK_FOR_UPDATES            = "false"
  }
  # Where it reads; the provisioning files name these.
  grafana_sources = merge(
    { AWS_REGION = var.region },
    local.watched ? {
      PROMETHEUS_URL   = trimsuffix(aws_prometheus_workspace.main[0].prometheus_endpoint, "/")
      ALERTMANAGER_URL = "${aws_prometheus_workspace.main[0].prometheus_endpoint}alertmanager"
    } : {},
    contains(keys(var.tools), "loki") ? { LOKI_URL = "http://loki.${local.inside}:3100" } : {},
    contains(keys(var.tools), "tempo") ? { TEMPO_URL = "http://tempo.${local.inside}:3200" } : {},
  )

  # What the services are told of the tools that run.
  reached = merge([for name, settings in {
    agent  = { ADMIN_HOST = var.vpc_cidr, ADMIN_PORT = tostring(local.admin_port), METRICS_AGENT_URL = "http://agent.${local.inside}:9090" }
    loki   = { LOKI_URL = "http://loki.${local.inside}:3100" }
    tempo  = { OTEL_EXPORTER_OTLP_ENDPOINT = "http://tempo.${local.inside}:4318" }
    clamd  = { CLAMD_ADDRESS = "clamd.${local.inside}:3310" }
    prober = { PROBER_URL = "http://prober.${local.inside}:9115" }
  } : settings if contains(keys(local.images), name)]...)
}

module "tool_task" {
  source      = "../modules/task"
  for_each    = local.tools
  name        = "${local.name}-${each.key}"
  place       = local.place
  image       = local.images[each.key]
  entrypoint  = each.value.entrypoint
  command     = each.value.command
  cpu         = each.value.cpu
  memory      = each.value.memory
  port        = each.value.port
  environment = each.value.environment
  secrets     = local.secrets[each.key]
  key_alias   = local.key_alias
  key_arn     = aws_kms_key.main.arn
  log_days    = var.log_days
  statements  = lookup(local.tool_grants, each.key, [])
  config = each.value.home == null ? null : {
    bucket = local.carried_bucket, prefix = each.key, path = each.value.home, hash = local.carried_hashes[each.key], image = var.config_image
  }
  depends_on = [aws_s3_object.carried]
}

module "tool" {
  source        = "../modules/tool"
  for_each      = local.tools
  task          = module.tool_task[each.key].run
  cluster       = local.cluster
  place         = local.place
  tasks         = each.value.path == null ? 1 : 2
  egress        = each.value.egress
  load_balancer = each.value.path == null ? null : local.balanced[each.key]
  namespace_id  = aws_service_discovery_private_dns_namespace.main.id
  depends_on    = [aws_lb_listener_rule.tool, aws_route.private]
}

# Each pair of one that calls and one that is called, where both run, has two
# rules; and the agent asks each service for its metrics.
locals {
  admin_port = 9000
  groups = merge(
    { api = module.api.security_group_id, webhook = module.webhook.security_group_id, worker = module.worker.security_group_id, migrate = aws_security_group.migrate.id },
    { for name, tool in module.tool : name => tool.security_group_id },
  )
  callers = concat(local.asking, keys(local.tools))
  calls = { for pair in concat(
    flatten([for name, tool in local.tools : [for port, from in tool.calls : [
      for caller in from : { to = name, from = caller, port = tonumber(port) } if contains(local.callers, caller)
    ]]]),
    [for name in local.services : { to = name, from = "agent", port = local.admin_port } if local.watched],
  ) : "${pair.from}-${pair.to}-${pair.port}" => pair }
}

resource "aws_vpc_security_group_ingress_rule" "tool" {
  for_each                     = local.calls
  security_group_id            = local.groups[each.value.to]
  description                  = "from ${each.value.from}"
  referenced_security_group_id = local.groups[each.value.from]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "tool" {
  for_each                     = local.calls
  security_group_id            = local.groups[each.value.from]
  description                  = "to ${each.value.to}"
  referenced_security_group_id = local.groups[each.value.to]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}
