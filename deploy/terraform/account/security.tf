# What watches: the trail of every call, and in each region threat detection, the
# standard's checks, and mail for what is severe.
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
  advanced_event_selector {
    name = "every call that changes or asks"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
  # Who read or wrote a backup, a state or a log: of our buckets alone, and not
  # of the trail's own, which would write about itself.
  advanced_event_selector {
    name = "objects of our buckets"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field           = "resources.ARN"
      starts_with     = ["arn:aws:s3:::navigator-"]
      not_starts_with = ["arn:aws:s3:::navigator-trail-"]
    }
  }
}

# Each region has its own watch: what is not switched on there sees nothing there.
module "guard" {
  source       = "../modules/guard"
  account_id   = var.account_id
  region       = var.region
  alert_emails = var.alert_emails
}

module "guard_second" {
  source       = "../modules/guard"
  providers    = { aws = aws.replica }
  account_id   = var.account_id
  region       = var.replica_region
  alert_emails = var.alert_emails
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
