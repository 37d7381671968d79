# Images: a tag names one image for ever, each is scanned when it comes and
# again whenever a vulnerability becomes known.
resource "aws_ecr_repository" "image" {
  for_each             = var.images
  name                 = "navigator/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.main.arn
  }
}

locals {
  kept_images = jsonencode({ rules = [
    { rulePriority = 1, description = "untagged images go after a week", action = { type = "expire" },
    selection = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 } },
    { rulePriority = 2, description = "the last thirty stay", action = { type = "expire" },
    selection = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 } },
  ] })
}

resource "aws_ecr_lifecycle_policy" "image" {
  for_each   = aws_ecr_repository.image
  repository = each.value.name
  policy     = local.kept_images
}

resource "aws_ecr_registry_scanning_configuration" "all" {
  scan_type = "ENHANCED"
  rule {
    scan_frequency = "CONTINUOUS_SCAN"
    repository_filter {
      filter      = "navigator/*"
      filter_type = "WILDCARD"
    }
  }
}

resource "aws_ecr_replication_configuration" "second" {
  replication_configuration {
    rule {
      destination {
        region      = var.replica_region
        registry_id = var.account_id
      }
      repository_filter {
        filter      = "navigator/"
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}

# The copies' repositories are made by the copying: they begin as this says. A
# key of our own would need a role for ECR; S3's encrypts them.
resource "aws_ecr_repository_creation_template" "second" {
  provider             = aws.replica
  prefix               = "navigator"
  applied_for          = ["REPLICATION"]
  image_tag_mutability = "IMMUTABLE"
  lifecycle_policy     = local.kept_images
  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_registry_scanning_configuration" "second" {
  provider  = aws.replica
  scan_type = "ENHANCED"
  rule {
    scan_frequency = "CONTINUOUS_SCAN"
    repository_filter {
      filter      = "navigator/*"
      filter_type = "WILDCARD"
    }
  }
}
