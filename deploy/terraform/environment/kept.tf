# What the tools keep and what they may do at AWS. A workspace of managed
# Prometheus has an address that only AWS knows, so the environment's tag names it.
locals {
  kept_buckets = { for name in ["loki", "tempo"] : name => "${local.name}-${name}-${var.account_id}" }
  kept_days    = { loki = 400, tempo = 30 } # Loki's own retention ends before; tempo's is tempo.yaml's

  workspace = {
    Resource  = "arn:aws:aps:${local.at}:workspace/*"
    Condition = { StringEquals = { "aws:ResourceTag/Project" = local.tags.Project, "aws:ResourceTag/Environment" = local.tags.Environment } }
  }
  use_key = {
    Sid       = "Key"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = "arn:aws:kms:${local.at}:key/*"
    Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = local.key_alias } }
  }

  tool_grants = merge(
    { for name, bucket in local.kept_buckets : name => [
      { Sid = "List", Effect = "Allow", Action = ["s3:ListBucket"], Resource = "arn:aws:s3:::${bucket}" },
      { Sid = "Chunks", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::${bucket}/*" },
      local.use_key,
    ] },
    {
      agent = [merge({ Sid = "Write", Effect = "Allow", Action = ["aps:RemoteWrite"] }, local.workspace)]
      grafana = [merge({
        Sid    = "Read"
        Effect = "Allow"
        Action = ["aps:GetAlertManagerStatus", "aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:ListAlertManagerAlertGroups",
        "aps:ListAlertManagerAlerts", "aps:ListAlertManagerReceivers", "aps:ListAlertManagerSilences", "aps:ListAlerts", "aps:ListRules", "aps:QueryMetrics"]
      }, local.workspace)]
      alertmanager = [
        { Sid = "Tell", Effect = "Allow", Action = ["sns:Publish"], Resource = "arn:aws:sns:${local.at}:${local.name}-alerts-*" },
        local.use_key,
      ]
    },
  )
}

module "kept_bucket" {
  for_each    = { for name, bucket in local.kept_buckets : name => bucket if contains(keys(var.tools), name) }
  source      = "../modules/bucket"
  name        = each.value
  kms         = { arn = aws_kms_key.main.arn }
  expire_days = local.kept_days[each.key]
  former_days = 1
}
