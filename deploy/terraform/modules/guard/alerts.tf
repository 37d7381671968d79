# EventBridge tells the key no account, so it is admitted by its name alone.
resource "aws_kms_key" "this" {
  description             = "navigator: severe findings"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Account", Effect = "Allow", Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }, Action = "kms:*", Resource = "*" },
      { Sid = "Alerts", Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = ["kms:GenerateDataKey*", "kms:Decrypt"], Resource = "*" },
    ]
  })
}

resource "aws_sns_topic" "security" {
  name              = "navigator-security"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "security" {
  arn = aws_sns_topic.security.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Events"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:${local.at}:navigator-security"
    }]
  })
}

resource "aws_sns_topic_subscription" "security" {
  for_each  = toset(var.alert_emails)
  topic_arn = aws_sns_topic.security.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_event_rule" "severe" {
  name        = "navigator-severe-findings"
  description = "GuardDuty findings of severity 7 and more"
  event_pattern = jsonencode({
    source      = ["aws.guardduty"]
    detail-type = ["GuardDuty Finding"]
    detail      = { severity = [{ numeric = [">=", 7] }] }
  })
}

resource "aws_cloudwatch_event_target" "severe" {
  rule = aws_cloudwatch_event_rule.severe.name
  arn  = aws_sns_topic.security.arn
}
