# People come with a second factor or not at all; machines come by GitHub's
# token and have no key that could leak.
resource "aws_iam_account_password_policy" "people" {
  minimum_password_length        = 16
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  password_reuse_prevention      = 24
  max_password_age               = 90
  allow_users_to_change_password = true
}

resource "aws_iam_group" "operators" {
  name = "navigator-operators"
}

# Without a second factor a person can do one thing: set one up.
resource "aws_iam_group_policy" "second_factor" {
  name  = "second-factor-or-nothing"
  group = aws_iam_group.operators.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "OwnFactor"
        Effect   = "Allow"
        Action   = ["iam:ChangePassword", "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ResyncMFADevice"]
        Resource = ["arn:aws:iam::${var.account_id}:user/$${aws:username}", "arn:aws:iam::${var.account_id}:mfa/*"]
      },
      {
        Sid       = "NothingWithoutIt"
        Effect    = "Deny"
        NotAction = ["iam:ChangePassword", "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken"]
        Resource  = "*"
        Condition = { BoolIfExists = { "aws:MultiFactorAuthPresent" = "false" } }
      },
    ]
  })
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "images" {
  name                 = "navigator-images"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::${var.account_id}:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:${var.github_repository}:ref:refs/heads/main"
      } }
    }]
  })
}

resource "aws_iam_role_policy" "images" {
  name = "push"
  role = aws_iam_role.images.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Token", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" },
      {
        Sid    = "Push"
        Effect = "Allow"
        Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
        Resource = "arn:aws:ecr:${local.at}:repository/navigator/*"
      },
    ]
  })
}

# A release: what the rollout's own calls need. It changes no infrastructure.
# Who may release is what GitHub's environment says: approvals and branches.
locals {
  # Where each environment is: its region and account, as addresses have them.
  released_at = { staging = local.at, production = local.at, production-dr = "${var.replica_region}:${var.account_id}" }
}

resource "aws_iam_role" "deploy" {
  for_each             = local.released_at
  name                 = "navigator-deploy-${each.key}"
  max_session_duration = 7200
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::${var.account_id}:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:${var.github_repository}:environment:${each.key}"
      } }
    }]
  })
}

resource "aws_iam_role_policy" "deploy" {
  for_each = aws_iam_role.deploy
  name     = "release"
  role     = each.value.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # AWS knows no resource for these two.
      { Sid = "Definitions", Effect = "Allow", Action = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"], Resource = "*" },
      {
        Sid       = "NoteTheFormer"
        Effect    = "Allow"
        Action    = ["ecs:TagResource"]
        Resource  = "arn:aws:ecs:${local.released_at[each.key]}:task-definition/navigator-${each.key}-*:*"
        Condition = { StringEquals = { "ecs:CreateAction" = "RegisterTaskDefinition" } }
      },
      {
        Sid      = "Services"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
        Resource = "arn:aws:ecs:${local.released_at[each.key]}:service/navigator-${each.key}/*"
      },
      { Sid = "RunOnce", Effect = "Allow", Action = ["ecs:RunTask"], Resource = "arn:aws:ecs:${local.released_at[each.key]}:task-definition/navigator-${each.key}-*:*" },
      { Sid = "Watch", Effect = "Allow", Action = ["ecs:DescribeTasks"], Resource = "arn:aws:ecs:${local.released_at[each.key]}:task/navigator-${each.key}/*" },
      {
        Sid       = "ItsRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = ["arn:aws:iam::${var.account_id}:role/navigator-${each.key}-*-start", "arn:aws:iam::${var.account_id}:role/navigator-${each.key}-*-run"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      { Sid = "Alarms", Effect = "Allow", Action = ["cloudwatch:DescribeAlarms"], Resource = "arn:aws:cloudwatch:${local.released_at[each.key]}:alarm:navigator-${each.key}-*" },
      # A workspace has an address that nobody chose: its tags say whose it is.
      {
        Sid      = "Alerts"
        Effect   = "Allow"
        Action   = ["aps:ListAlertManagerAlerts"]
        Resource = "arn:aws:aps:${local.released_at[each.key]}:workspace/*"
        Condition = { StringEquals = {
          "aws:ResourceTag/Project"     = "navigator"
          "aws:ResourceTag/Environment" = each.key
        } }
      },
      { Sid = "LastWords", Effect = "Allow", Action = ["logs:GetLogEvents"], Resource = "arn:aws:logs:${local.released_at[each.key]}:log-group:/navigator/navigator-${each.key}-*:log-stream:*" },
    ]
  })
}
