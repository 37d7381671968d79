# Once per account: image registry, money, people, and the watch over it all.
terraform {
  required_version = ">= 1.11, < 2"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
  backend "s3" {}
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { Project = "navigator", Environment = "account", ManagedBy = "terraform", Root = "account" }
  }
}

# The second region: copies of the images, and its own watch.
provider "aws" {
  alias               = "replica"
  region              = var.replica_region
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { Project = "navigator", Environment = "account", ManagedBy = "terraform", Root = "account" }
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
  description = "Main region."
  type        = string
}

variable "replica_region" {
  description = "Region that images are copied to, for the second region."
  type        = string
  validation {
    condition     = var.replica_region != var.region
    error_message = "A copy in the same region is none."
  }
}

variable "github_repository" {
  description = "owner/name whose main branch may push images, and whose environments staging, production and production-dr may release."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "owner/name."
  }
}

variable "alert_emails" {
  description = "Who hears of security findings and of money."
  type        = list(string)
  validation {
    condition     = length(var.alert_emails) > 0
    error_message = "Somebody has to hear of it."
  }
}

variable "monthly_budget" {
  description = "USD a month; 80 % spent and 100 % forecast are told."
  type        = number
  validation {
    condition     = var.monthly_budget > 0
    error_message = "More than nothing."
  }
}

variable "images" {
  description = "Repositories: one a service, and one for each self-hosted tool."
  type        = set(string)
  default     = ["api", "worker", "webhook", "migrate", "navigator", "grafana", "loki", "prometheus", "alertmanager"]
}

locals {
  at = "${var.region}:${var.account_id}"
}

resource "aws_kms_key" "main" {
  description             = "Trail, findings and images of the account"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Account", Effect = "Allow", Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }, Action = "kms:*", Resource = "*" },
      {
        Sid       = "Trail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:DescribeKey", "kms:Decrypt"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${local.at}:*" } }
      },
      {
        Sid       = "Alerts"
        Effect    = "Allow"
        Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
        Resource  = "*"
      },
    ]
  })
}

resource "aws_kms_alias" "main" {
  name          = "alias/navigator-account"
  target_key_id = aws_kms_key.main.key_id
}
