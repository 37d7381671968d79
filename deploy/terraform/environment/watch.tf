# Managed Prometheus and its Alertmanager, an option: the very rules and the very
# tree that are tested in observability/, with a topic for each receiver; and the
# agent that brings the metrics there.
locals {
  watched       = var.watch != null
  observability = "${path.module}/../../../observability"
  # The label env is what the services call themselves: the second region's alerts
  # call people, too. The label region says which of the two it is.
  env   = trimsuffix(var.environment, "-dr")
  links = local.watched ? { runbooks = var.watch.runbooks, dashboards = var.watch.dashboards } : { runbooks = "", dashboards = "" }
  # Who stands behind a receiver of the tree. Nobody is told of "rollback" by a
  # message: the rollout asks the Alertmanager itself, and the pager has it, too.
  receivers = local.watched ? {
    pager     = var.alert_emails.critical
    security  = var.alert_emails.critical
    chat      = var.alert_emails.warning
    test-chat = var.alert_emails.warning
    business  = var.alert_emails.warning
    deadman   = []
  } : {}

  # What is scraped, by what runs: the services, who watches, and the prober.
  scraped = concat(local.services, ["prometheus"], [for name in ["alertmanager", "loki", "tempo"] : name if contains(keys(var.tools), name)],
  contains(keys(var.tools), "prober") ? ["blackbox", "probe"] : [])
  agent_template = yamldecode(templatefile("${local.observability}/agent/prometheus.yaml", {
    env = local.env, region = var.region, namespace = local.inside, admin_port = local.admin_port, workspace = "WORKSPACE"
  }))
  probed = length(var.probed) > 0 ? var.probed : ["https://${local.host}/health", "https://${local.host}/webhook/status"]
  # Everything but the workspace's address, which only AWS knows.
  agent_known = yamlencode(merge(local.agent_template, {
    scrape_configs = [for job in local.agent_template.scrape_configs :
      merge(job, job.job_name == "probe" ? { static_configs = [{ targets = local.probed }] } : {}) if contains(local.scraped, job.job_name)
    ]
  }))
  agent_config = local.watched ? replace(local.agent_known, "WORKSPACE", aws_prometheus_workspace.main[0].prometheus_endpoint) : ""

  # The tree for managed Prometheus, and for the Alertmanager that Loki tells: they
  # differ in where the messages are.
  alert_trees = { for which, messages in { managed = "messages", self = "/etc/alertmanager/messages.tmpl" } : which => yamlencode(merge(
    yamldecode(file("${local.observability}/alertmanager/tree.yaml")), {
      templates = [messages]
      receivers = concat([{ name = "nowhere" }, { name = "rollback" }], [for name in keys(local.receivers) : {
        name = name
        sns_configs = [{
          topic_arn     = "arn:aws:sns:${local.at}:${local.name}-alerts-${name}" # by name, so that the plan shows it whole
          sigv4         = { region = var.region }
          send_resolved = name != "deadman"
          subject       = "{{ template \"navigator.subject\" . }}"
          message       = "{{ template \"navigator.message\" . }}"
        }]
      }])
  })) }
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
    env = local.env, runbooks = local.links.runbooks, dashboards = local.links.dashboards
  })
}

resource "aws_prometheus_alert_manager_definition" "main" {
  count        = local.watched ? 1 : 0
  workspace_id = aws_prometheus_workspace.main[0].id
  depends_on   = [aws_sns_topic.receiver]
  definition = yamlencode({
    template_files      = { messages = file("${local.observability}/alertmanager/messages.tmpl") }
    alertmanager_config = local.alert_trees.managed
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

# The dead man's switch: Watchdog fires always, and whoever is behind the address
# calls when it stops. Where nobody is, and beside who is, an alarm of CloudWatch
# tells that no message came: it depends on nothing that it watches but SNS.
resource "aws_sns_topic_subscription" "deadman" {
  count     = local.watched && var.deadman_url != null ? 1 : 0
  topic_arn = aws_sns_topic.receiver["deadman"].arn
  protocol  = "https"
  endpoint  = var.deadman_url
}

resource "aws_cloudwatch_metric_alarm" "deadman" {
  count               = local.watched ? 1 : 0
  alarm_name          = "${local.name}-deadman"
  alarm_description   = "Managed Prometheus has sent no Watchdog for ten minutes: its alerts may not come."
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfMessagesPublished"
  dimensions          = { TopicName = "${local.name}-alerts-deadman" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alert["critical"].arn]
  ok_actions          = [aws_sns_topic.alert["critical"].arn]
}
