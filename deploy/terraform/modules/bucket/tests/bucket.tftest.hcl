# The true provider plans, with credentials that nobody has: nothing asks AWS.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "invented"
  secret_key                  = "invented"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name = "navigator-test-bucket"
}

run "private_by_itself" {
  command = plan
  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "The bucket can be made public."
  }
  assert {
    condition     = length(aws_s3_bucket_object_lock_configuration.this) == 0 && aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "No versions, or a lock that nobody asked for."
  }
  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Resource if s.Effect == "Deny" && s.Condition.Bool["aws:SecureTransport"] == "false"] == [
      ["arn:aws:s3:::navigator-test-bucket", "arn:aws:s3:::navigator-test-bucket/*"]
    ]
    error_message = "The bucket can be asked without TLS."
  }
}

run "locked_where_asked" {
  command = plan
  variables { lock = { mode = "COMPLIANCE", days = 35 } }
  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && one(aws_s3_bucket_object_lock_configuration.this[0].rule).default_retention[0].days == 35
    error_message = "No lock of 35 days."
  }
}

run "refuses_a_lock_that_is_none" {
  command = plan
  variables { lock = { mode = "NONE", days = 35 } }
  expect_failures = [var.lock]
}

run "refuses_a_name_that_s3_has_not" {
  command = plan
  variables { name = "Navigator_Bucket" }
  expect_failures = [var.name]
}
