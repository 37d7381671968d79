# Once per account, before all else: the bucket that the other roots keep their
# state in. Its own state begins on the operator's disk and is moved into the
# bucket afterwards (docs/deploy.md).
terraform {
  required_version = ">= 1.11, < 2"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "account_id" {
  description = "The account; another one's credentials are refused."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Twelve digits."
  }
}

variable "region" {
  description = "Where the state is kept."
  type        = string
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { Project = "navigator", Environment = "account", ManagedBy = "terraform", Root = "bootstrap" }
  }
}

resource "aws_kms_key" "state" {
  description             = "Terraform state"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "state" {
  name          = "alias/navigator-state"
  target_key_id = aws_kms_key.state.key_id
}

module "state" {
  source      = "../modules/bucket"
  name        = "navigator-state-${var.account_id}"
  kms         = { arn = aws_kms_key.state.arn }
  former_days = 365
}

output "bucket" {
  description = "The value of bucket in the *.s3.tfbackend files."
  value       = module.state.name
}
