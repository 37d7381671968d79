# The configuration of the tools: the very files of observability/, as objects
# that each task fetches before it starts. A folder a tool; its file "complete"
# holds the hash of the others, which the task's definition names.
locals {
  boards         = "${local.observability}/grafana"
  carried_bucket = "${local.name}-config-${var.account_id}"
  # By tool and by the path below its home (tools.tf), the text.
  carried = { for name, files in local.carried_table : name => files if contains(keys(local.tools), name) }
  carried_table = {
    grafana = merge(
      { for file in fileset("${local.boards}/dashboards", "*.json") : "dashboards/${file}" => file("${local.boards}/dashboards/${file}") },
      { for file in fileset("${local.boards}/provisioning", "dashboards/*.yaml") : "provisioning/${file}" => file("${local.boards}/provisioning/${file}") },
      { for source in local.grafana_reads : "provisioning/datasources/${source}.yaml" => file("${local.boards}/aws/${source}.yaml") },
    )
    loki = merge(
      { "loki.yaml" = file("${local.observability}/loki/loki.yaml") },
      { for file in fileset("${local.observability}/loki/rules", "**/*.yaml") : "rules/${file}" => templatefile("${local.observability}/loki/rules/${file}", local.links) },
    )
    alertmanager = { "alertmanager.yaml" = local.alert_trees.self, "messages.tmpl" = file("${local.observability}/alertmanager/messages.tmpl") }
    agent        = { "prometheus.yaml" = local.agent_config }
    prober       = { "blackbox.yaml" = file("${path.module}/../../compose/blackbox.yaml") }
    tempo        = { "tempo.yaml" = file("${local.observability}/tempo/tempo.yaml") }
    clamd        = { for file in fileset("${path.module}/../../clamd", "*.{conf,sh}") : file => file("${path.module}/../../clamd/${file}") }
  }
  # Where Grafana reads. With traces, Loki's file is the one that links to them.
  grafana_reads = concat(
    local.watched ? ["prometheus"] : [],
    contains(keys(var.tools), "tempo") ? ["traces"] : [],
    contains(keys(var.tools), "loki") ? [contains(keys(var.tools), "tempo") ? "loki-traces" : "loki"] : [],
  )
  carried_hashes = { for name, files in local.carried : name => sha256(jsonencode(files)) }
  carried_files = merge([for name, files in local.carried : merge(
    { for path, text in files : "${name}/${path}" => text },
    { "${name}/complete" = local.carried_hashes[name] },
  )]...)
}

module "carried_bucket" {
  count       = length(local.carried) == 0 ? 0 : 1
  source      = "../modules/bucket"
  name        = local.carried_bucket
  kms         = { arn = aws_kms_key.main.arn }
  former_days = 30
}

resource "aws_s3_object" "carried" {
  for_each   = local.carried_files
  bucket     = local.carried_bucket
  key        = each.key
  content    = each.value
  depends_on = [module.carried_bucket]
}
