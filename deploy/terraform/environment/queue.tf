# How much waits, for the worker's scaling: each worker says it every 15 seconds
# in a line of its log, which becomes a metric here. The Go code knows no AWS.
locals {
  queue_metrics = { QueueDepth = "$.available", QueueAgeSeconds = "$.age_seconds" }
}

resource "aws_cloudwatch_log_metric_filter" "queue" {
  for_each       = local.queue_metrics
  name           = "${local.name}-${each.key}"
  log_group_name = module.task["worker"].log_group
  pattern        = "{ $.msg = \"queue depth\" }"
  metric_transformation {
    namespace = local.name
    name      = each.key
    value     = each.value
  }
}
