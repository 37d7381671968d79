# Whether the jobs did what they are for. Each says so in one line of its log; a
# line that is missing is as bad as one that says it failed. CloudWatch looks back
# a week at most, and at a day where the period is an hour or less.
locals {
  job_lines = {
    backup     = { job = "backup", msg = "backup", metric = "Backup", what = "No backup was made for more than a day", hours = 26, level = "critical", runbook = "BackupMissing" }
    tombstones = { job = "backup", msg = "tombstones", metric = "Tombstones", what = "No deletions were kept beside the backups for an hour", hours = 1, level = "warning", runbook = "BackupMissing" }
    drill      = { job = "drill", msg = "restore drill", metric = "RestoreDrill", what = "No backup was proved for a week", hours = 168, level = "warning", runbook = "RestoreDrillMissing" }
  }
  job_metrics = merge([for name, line in local.job_lines : {
    for end in ["Done", "Failed"] : "${line.metric}${end}" => { job = line.job, pattern = "{ $.msg = \"${line.msg} ${lower(end)}\" }" }
  }]...)
}

resource "aws_cloudwatch_log_metric_filter" "job" {
  for_each       = local.job_metrics
  name           = "${local.name}-${each.key}"
  log_group_name = module.job[each.value.job].log_group
  pattern        = each.value.pattern
  metric_transformation {
    namespace = local.name
    name      = each.key
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "job_missing" {
  for_each            = var.backups.run ? local.job_lines : {}
  alarm_name          = "${local.name}-${each.key}-missing"
  alarm_description   = "${each.value.what}: docs/runbooks/${each.value.runbook}.md"
  namespace           = local.name
  metric_name         = "${each.value.metric}Done"
  statistic           = "Sum"
  period              = each.value.hours == 1 ? 3600 : 86400
  evaluation_periods  = max(1, floor(each.value.hours / 24))
  datapoints_to_alarm = max(1, floor(each.value.hours / 24))
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alert[each.value.level].arn]
  ok_actions          = [aws_sns_topic.alert[each.value.level].arn]
}

resource "aws_cloudwatch_metric_alarm" "job_failed" {
  for_each            = var.backups.run ? local.job_lines : {}
  alarm_name          = "${local.name}-${each.key}-failed"
  alarm_description   = "It ended with an error, which its log tells: docs/runbooks/${each.value.runbook}.md"
  namespace           = local.name
  metric_name         = "${each.value.metric}Failed"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alert[each.value.level].arn]
}
