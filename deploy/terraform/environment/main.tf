# One environment: staging, production, or production's second region. The same
# root, one state each. Nothing here asks AWS anything while it plans, so that a
# plan needs no account; what AWS knows is given as a variable.
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
    tags = local.tags
  }
}

# Certificates of the content network and metrics of Route 53's health checks
# live there alone.
provider "aws" {
  alias               = "us_east_1"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = local.tags
  }
}

# Where the copies of the backups are.
provider "aws" {
  alias               = "replica"
  region              = var.replica_region
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = local.tags
  }
}

locals {
  name  = "navigator-${var.environment}"
  at    = "${var.region}:${var.account_id}"
  tags  = { Project = "navigator", Environment = var.environment, ManagedBy = "terraform", Root = "environment" }
  first = var.failover != "SECONDARY" # the second region has no assets and no tools of its own

  host        = "api.${var.domain}"
  host_region = "api-${var.region}.${var.domain}"
  host_ops    = "ops.${var.domain}"
  host_assets = "assets.${var.domain}"
  registry    = "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/navigator"
}
