resource "aws_sns_topic" "alert" {
  for_each          = { critical = var.alert_emails.critical, warning = var.alert_emails.warning }
  name              = "${local.name}-${each.key}"
  kms_master_key_id = aws_kms_key.main.arn
}

resource "aws_sns_topic_subscription" "alert" {
  for_each = merge([for level in ["critical", "warning"] : {
    for address in var.alert_emails[level] : "${level} ${address}" => { level = level, address = address }
  }]...)
  topic_arn = aws_sns_topic.alert[each.value.level].arn
  protocol  = "email"
  endpoint  = each.value.address
}

locals {
  metrics_of = { for name in ["api", "webhook"] : name => {
    LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.door[name].arn_suffix
  } }
  # By name, not by resource: the services wait for no alarm.
  undo = [for kind in ["errors", "slow"] : "${local.name}-api-${kind}"]
}

# These two undo a release: more than a tenth of the answers are 5xx (of more
# than 20 requests a minute), or one in twenty takes more than a minute.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-api-errors"
  alarm_description   = "More than 10 % of the API's answers are 5xx."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alert["critical"].arn]
  ok_actions          = [aws_sns_topic.alert["critical"].arn]
  metric_query {
    id          = "share"
    expression  = "IF(requests > 20, 100 * FILL(errors, 0) / requests, 0)"
    label       = "5xx, percent"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { errors = "HTTPCode_Target_5XX_Count", requests = "RequestCount" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
        dimensions  = local.metrics_of["api"]
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "${local.name}-api-slow"
  alarm_description   = "The 95th percentile of the API's answers is over a minute."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = local.metrics_of["api"]
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alert["critical"].arn]
}

resource "aws_cloudwatch_metric_alarm" "hosts" {
  for_each            = local.metrics_of
  alarm_name          = "${local.name}-${each.key}-hosts"
  alarm_description   = "Fewer than two healthy tasks of ${each.key}."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  dimensions          = each.value
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 2
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alert["warning"].arn]
}

# The look from outside. Its figures are in us-east-1 alone, so its alarm and
# its topic are there.
resource "aws_sns_topic" "outside" {
  provider          = aws.us_east_1
  name              = "${local.name}-outside"
  kms_master_key_id = aws_kms_key.outside.arn
}

resource "aws_kms_key" "outside" {
  provider                = aws.us_east_1
  description             = "${local.name}: alarm of the outside prober"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Account", Effect = "Allow", Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }, Action = "kms:*", Resource = "*" },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "outside" {
  provider  = aws.us_east_1
  for_each  = toset(var.alert_emails.critical)
  topic_arn = aws_sns_topic.outside.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_metric_alarm" "outside" {
  provider            = aws.us_east_1
  alarm_name          = "${local.name}-outside"
  alarm_description   = "From outside, ${local.host_region} is not ready."
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = aws_route53_health_check.outside.id }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.outside.arn]
}
