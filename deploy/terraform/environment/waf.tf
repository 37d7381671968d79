# The firewall before the load balancer. AWS looks at the first 8 KiB of a body
# there: its rule on large bodies would refuse every upload, so that rule counts
# and one of ours blocks what it labelled elsewhere.
locals {
  address_lists = { for name, list in {
    blocked = var.blocked_cidrs, webhook = var.webhook_allowed_cidrs, ops = var.ops_allowed_cidrs
  } : name => list if length(list) > 0 }
  # Name of the list, and where its addresses alone may come.
  fenced = { for name, fence in {
    webhook = { priority = 2, field = "path", text = "/webhook/" }
    ops     = { priority = 3, field = "host", text = local.host_ops }
  } : name => fence if contains(keys(local.address_lists), name) }
  managed = {
    AWSManagedRulesAmazonIpReputationList = 20
    AWSManagedRulesKnownBadInputsRuleSet  = 21
    AWSManagedRulesSQLiRuleSet            = 22
    AWSManagedRulesCommonRuleSet          = 23
  }
  webhook_paths = ["/webhook/", "/api/upload-pipeline/webhook/"]
  upload_paths  = concat(["/upload-document-backend", "/documents"], local.webhook_paths)
}

resource "aws_wafv2_ip_set" "list" {
  for_each           = local.address_lists
  name               = "${local.name}-${each.key}"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = each.value
}

resource "aws_wafv2_web_acl" "main" {
  name  = local.name
  scope = "REGIONAL"
  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = contains(keys(local.address_lists), "blocked") ? [1] : []
    content {
      name     = "blocked"
      priority = 1
      action {
        block {}
      }
      statement {
        ip_set_reference_statement {
          arn = aws_wafv2_ip_set.list["blocked"].arn
        }
      }
      visibility_config {
        metric_name                = "blocked"
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  dynamic "rule" {
    for_each = local.fenced
    content {
      name     = "only-${rule.key}"
      priority = rule.value.priority
      action {
        block {}
      }
      statement {
        and_statement {
          statement {
            byte_match_statement {
              search_string         = rule.value.text
              positional_constraint = rule.value.field == "path" ? "CONTAINS" : "EXACTLY"
              field_to_match {
                dynamic "uri_path" {
                  for_each = rule.value.field == "path" ? [1] : []
                  content {}
                }
                dynamic "single_header" {
                  for_each = rule.value.field == "host" ? ["host"] : []
                  content {
                    name = single_header.value
                  }
                }
              }
              text_transformation {
                priority = 0
                type     = "LOWERCASE"
              }
            }
          }
          statement {
            not_statement {
              statement {
                ip_set_reference_statement {
                  arn = aws_wafv2_ip_set.list[rule.key].arn
                }
              }
            }
          }
        }
      }
      visibility_config {
        metric_name                = "only-${rule.key}"
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  # The parser calls from few addresses and in bursts: its path has no rate.
  rule {
    name     = "rate-all"
    priority = 10
    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }
    statement {
      rate_based_statement {
        limit                 = var.rates.all
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300
        scope_down_statement {
          not_statement {
            statement {
              or_statement {
                dynamic "statement" {
                  for_each = local.webhook_paths
                  content {
                    byte_match_statement {
                      search_string         = statement.value
                      positional_constraint = "STARTS_WITH"
                      field_to_match {
                        uri_path {}
                      }
                      text_transformation {
                        priority = 0
                        type     = "NONE"
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    visibility_config {
      metric_name                = "rate-all"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "rate-auth"
    priority = 11
    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }
    statement {
      rate_based_statement {
        limit                 = var.rates.auth
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300
        scope_down_statement {
          byte_match_statement {
            search_string         = "/auth/"
            positional_constraint = "STARTS_WITH"
            field_to_match {
              uri_path {}
            }
            text_transformation {
              priority = 0
              type     = "LOWERCASE"
            }
          }
        }
      }
    }
    visibility_config {
      metric_name                = "rate-auth"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.managed
    content {
      name     = rule.key
      priority = rule.value
      override_action {
        none {}
      }
      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key
          dynamic "rule_action_override" {
            for_each = rule.key == "AWSManagedRulesCommonRuleSet" ? ["SizeRestrictions_BODY"] : []
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }
      visibility_config {
        metric_name                = rule.key
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  rule {
    name     = "large-body"
    priority = 30
    action {
      block {
        custom_response {
          response_code = 413
        }
      }
    }
    statement {
      and_statement {
        statement {
          label_match_statement {
            scope = "LABEL"
            key   = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
          }
        }
        dynamic "statement" {
          for_each = local.upload_paths
          content {
            not_statement {
              statement {
                byte_match_statement {
                  search_string         = statement.value
                  positional_constraint = "STARTS_WITH"
                  field_to_match {
                    uri_path {}
                  }
                  text_transformation {
                    priority = 0
                    type     = "NONE"
                  }
                }
              }
            }
          }
        }
      }
    }
    visibility_config {
      metric_name                = "large-body"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    metric_name                = local.name
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "main" {
  resource_arn = aws_lb.main.arn
  web_acl_arn  = aws_wafv2_web_acl.main.arn
}

# AWS demands that the name begin so.
resource "aws_cloudwatch_log_group" "waf" {
  name              = "aws-waf-logs-${local.name}"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_wafv2_web_acl_logging_configuration" "main" {
  resource_arn            = aws_wafv2_web_acl.main.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
  redacted_fields {
    query_string {}
  }
}

resource "aws_shield_protection" "balancer" {
  count        = var.shield_advanced ? 1 : 0
  name         = local.name
  resource_arn = aws_lb.main.arn
}
