# The true provider plans, with credentials that nobody has: nothing asks AWS.
provider "aws" {
  region                      = "us-west-2"
  access_key                  = "invented"
  secret_key                  = "invented"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  account_id   = "123456789012"
  region       = "us-west-2"
  alert_emails = ["operations@navigator.example.com", "oncall@navigator.example.com"]
}

run "watches" {
  command = plan
  assert {
    condition     = aws_guardduty_detector.main.enable && aws_securityhub_standards_subscription.foundation.standards_arn == "arn:aws:securityhub:us-west-2::standards/aws-foundational-security-best-practices/v/1.0.0"
    error_message = "Nobody looks for threats, or the standard is another region's."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.security) == 2 && jsondecode(aws_cloudwatch_event_rule.severe.event_pattern).detail.severity[0].numeric == [">=", 7]
    error_message = "Somebody does not hear of what is severe."
  }
}

run "refuses_findings_that_nobody_hears" {
  command = plan
  variables { alert_emails = [] }
  expect_failures = [var.alert_emails]
}
