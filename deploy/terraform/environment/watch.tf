# Managed Prometheus and its Alertmanager, an option: the very rules and the very
# tree that are tested in observability/, with a topic for each receiver.
locals {
  watched       = var.watch != null
  observability = "${path.module}/../../../observability"
  # Who stands behind a receiver of the tree. Those without an address are for
  # programs to subscribe to: the dead man's switch, and what takes a release back.
  receivers = local.watched ? {
    pager     = var.alert_emails.critical
    security  = var.alert_emails.critical
    chat      = var.alert_emails.warning
    test-chat = var.alert_emails.warning
    business  = var.alert_emails.warning
    rollback  = []
    deadman   = []
  } : {}
}

resource "aws_prometheus_workspace" "main" {
  count       = local.watched ? 1 : 0
  alias       = local.name
  kms_key_arn = aws_kms_key.main.arn
}

resource "aws_prometheus_rule_group_namespace" "main" {
  for_each     = local.watched ? fileset("${local.observability}/prometheus", "*.yaml") : []
  name         = trimsuffix(each.value, ".yaml")
  workspace_id = aws_prometheus_workspace.main[0].id
  data = templatefile("${local.observability}/prometheus/${each.value}", {
    env = var.environment, runbooks = var.watch.runbooks, dashboards = var.watch.dashboards
  })
}

resource "aws_prometheus_alert_manager_definition" "main" {
  count        = local.watched ? 1 : 0
  workspace_id = aws_prometheus_workspace.main[0].id
  depends_on   = [aws_sns_topic.receiver]
  definition = yamlencode({
    template_files = { messages = file("${local.observability}/alertmanager/messages.tmpl") }
    alertmanager_config = yamlencode(merge(yamldecode(file("${local.observability}/alertmanager/tree.yaml")), {
      templates = ["messages"]
      receivers = concat([{ name = "nowhere" }], [for name in keys(local.receivers) : {
        name = name
        sns_configs = [{
          topic_arn     = "arn:aws:sns:${local.at}:${local.name}-alerts-${name}" # by name, so that the plan shows it whole
          sigv4         = { region = var.region }
          send_resolved = name != "deadman"
          subject       = "{{ template \"navigator.subject\" . }}"
          message       = "{{ template \"navigator.message\" . }}"
        }]
      }])
    }))
  })
}

resource "aws_sns_topic" "receiver" {
  for_each          = local.receivers
  name              = "${local.name}-alerts-${each.key}"
  kms_master_key_id = aws_kms_key.main.arn
}

resource "aws_sns_topic_policy" "receiver" {
  for_each = aws_sns_topic.receiver
  arn      = each.value.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alerts"
      Effect    = "Allow"
      Principal = { Service = "aps.amazonaws.com" }
      Action    = ["sns:Publish", "sns:GetTopicAttributes"]
      Resource  = each.value.arn
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id }, ArnEquals = { "aws:SourceArn" = aws_prometheus_workspace.main[0].arn } }
    }]
  })
}

resource "aws_sns_topic_subscription" "receiver" {
  for_each = merge([for name, addresses in local.receivers : {
    for address in addresses : "${name} ${address}" => { name = name, address = address }
  }]...)
  topic_arn = aws_sns_topic.receiver[each.value.name].arn
  protocol  = "email"
  endpoint  = each.value.address
}
