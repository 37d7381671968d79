# Two roles: what ECS may do to start the task, and what the process may do. An
# address in a policy is put together from names, so that the policy is known
# in a plan and can be judged there.
locals {
  at     = "${var.place.region}:${var.place.account_id}"
  trusts = "ecs-tasks.amazonaws.com"
  assume = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = local.trusts }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.place.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:${local.at}:*" }
      }
    }]
  })
  # ECR gives its token for all repositories or none: no resource can be named.
  start = concat([
    { Sid = "RegistryToken", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" },
    {
      Sid      = "Images"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = "arn:aws:ecr:${local.at}:repository/navigator/*"
    },
    {
      Sid      = "Log"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:aws:logs:${local.at}:log-group:/navigator/${var.name}:*"
    },
    ], [for statement in [
      {
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [for name in sort(keys(var.secrets)) : "arn:aws:secretsmanager:${local.at}:secret:${var.secrets[name].name}-??????"]
      },
      {
        Sid       = "SecretsKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = "arn:aws:kms:${local.at}:key/*"
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = var.key_alias } }
      },
  ] : statement if length(var.secrets) > 0])
}

resource "aws_iam_role" "start" {
  name               = "${var.name}-start"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "start" {
  name   = "start"
  role   = aws_iam_role.start.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.start })
}

resource "aws_iam_role" "run" {
  name               = "${var.name}-run"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "run" {
  count  = length(var.statements) == 0 && var.config == null ? 0 : 1
  name   = "run"
  role   = aws_iam_role.run.name
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(var.statements, local.fetches) })
}
