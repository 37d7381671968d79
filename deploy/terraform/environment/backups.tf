# Where backups are kept: nobody can remove them for a while, they grow cold,
# and each is copied to another region.
locals {
  backups = {
    here  = "${local.name}-backup-${var.account_id}"
    there = "${local.name}-backup-copy-${var.account_id}"
  }
}

module "backup" {
  source       = "../modules/bucket"
  name         = local.backups.here
  kms          = { arn = aws_kms_key.main.arn }
  lock         = var.backup_lock
  cold_days    = 35
  archive_days = 125
  expire_days  = 400
  former_days  = 35
}

module "backup_copy" {
  source       = "../modules/bucket"
  providers    = { aws = aws.replica }
  name         = local.backups.there
  kms          = { arn = aws_kms_key.replica.arn }
  lock         = var.backup_lock
  cold_days    = 35
  archive_days = 125
  expire_days  = 400
  former_days  = 35
}

resource "aws_iam_role" "copy" {
  name = "${local.name}-backup-copy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "copy" {
  name = "copy"
  role = aws_iam_role.copy.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Bucket", Effect = "Allow", Action = ["s3:GetReplicationConfiguration", "s3:ListBucket"], Resource = "arn:aws:s3:::${local.backups.here}" },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
        Resource = "arn:aws:s3:::${local.backups.here}/*"
      },
      { Sid = "Write", Effect = "Allow", Action = ["s3:ReplicateObject", "s3:ReplicateTags"], Resource = "arn:aws:s3:::${local.backups.there}/*" },
      {
        Sid       = "KeyHere"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = "arn:aws:kms:${local.at}:key/*"
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = local.key_alias } }
      },
      {
        Sid       = "KeyThere"
        Effect    = "Allow"
        Action    = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = "arn:aws:kms:${var.replica_region}:${var.account_id}:key/*"
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "${local.key_alias}-replica" } }
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "backup" {
  bucket = module.backup.name
  role   = aws_iam_role.copy.arn
  rule {
    id     = "all"
    status = "Enabled"
    filter {}
    delete_marker_replication {
      status = "Disabled"
    }
    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }
    destination {
      bucket        = module.backup_copy.arn
      storage_class = "STANDARD_IA"
      encryption_configuration {
        replica_kms_key_id = aws_kms_key.replica.arn
      }
    }
  }
}
