# What watches: the trail of every call, threat detection, the standard's
# checks, and mail for what is severe.
locals {
  trail     = "navigator"
  trail_arn = "arn:aws:cloudtrail:${local.at}:trail/${local.trail}"
}

module "trail" {
  source       = "../modules/bucket"
  name         = "navigator-trail-${var.account_id}"
  kms          = { arn = aws_kms_key.main.arn }
  lock         = { mode = "COMPLIANCE", days = 365 }
  cold_days    = 90
  expire_days  = 2200 # six years, which HIPAA asks of such records
  former_days  = 365
  archive_days = 365
  statements = [
    {
      Sid       = "TrailLooks"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = "arn:aws:s3:::navigator-trail-${var.account_id}"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
    },
    {
      Sid       = "TrailWrites"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::navigator-trail-${var.account_id}/AWSLogs/${var.account_id}/*"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
  ]
}

resource "aws_cloudtrail" "all" {
  name                          = local.trail
  s3_bucket_name                = module.trail.name
  kms_key_id                    = aws_kms_key.main.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
}

resource "aws_guardduty_detector" "main" {
  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
}

resource "aws_guardduty_detector_feature" "s3" {
  detector_id = aws_guardduty_detector.main.id
  name        = "S3_DATA_EVENTS"
  status      = "ENABLED"
}

resource "aws_guardduty_detector_feature" "tasks" {
  detector_id = aws_guardduty_detector.main.id
  name        = "RUNTIME_MONITORING"
  status      = "ENABLED"
  additional_configuration {
    name   = "ECS_FARGATE_AGENT_MANAGEMENT"
    status = "ENABLED"
  }
}

resource "aws_securityhub_account" "main" {
  enable_default_standards = false
}

resource "aws_securityhub_standards_subscription" "foundation" {
  standards_arn = "arn:aws:securityhub:${var.region}::standards/aws-foundational-security-best-practices/v/1.0.0"
  depends_on    = [aws_securityhub_account.main]
}

resource "aws_inspector2_enabler" "images" {
  account_ids    = [var.account_id]
  resource_types = ["ECR"]
}

resource "aws_accessanalyzer_analyzer" "account" {
  analyzer_name = "navigator"
  type          = "ACCOUNT"
}

resource "aws_s3_account_public_access_block" "account" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ebs_encryption_by_default" "account" {
  enabled = true
}

resource "aws_sns_topic" "security" {
  name              = "navigator-security"
  kms_master_key_id = aws_kms_key.main.arn
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
