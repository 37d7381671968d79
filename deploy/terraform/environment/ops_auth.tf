# Who sees River UI and Grafana: people whom an administrator made, with a
# second factor.
resource "aws_cognito_user_pool" "ops" {
  count               = local.tooled ? 1 : 0
  name                = "${local.name}-ops"
  mfa_configuration   = "ON"
  deletion_protection = var.protected ? "ACTIVE" : "INACTIVE"
  admin_create_user_config {
    allow_admin_create_user_only = true
  }
  software_token_mfa_configuration {
    enabled = true
  }
  password_policy {
    minimum_length                   = 16
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = true
    temporary_password_validity_days = 3
  }
}

resource "aws_cognito_user_pool_domain" "ops" {
  count        = local.tooled ? 1 : 0
  domain       = "${local.name}-${var.account_id}"
  user_pool_id = aws_cognito_user_pool.ops[0].id
}

resource "aws_cognito_user_pool_client" "ops" {
  count                                = local.tooled ? 1 : 0
  name                                 = "balancer"
  user_pool_id                         = aws_cognito_user_pool.ops[0].id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid"]
  supported_identity_providers         = ["COGNITO"]
  callback_urls                        = ["https://${local.host_ops}/oauth2/idpresponse"]
  prevent_user_existence_errors        = "ENABLED"
}
