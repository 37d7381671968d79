# Planned with the true provider; check.sh gives it credentials that nobody has.
run "planned" {
  command = plan
  assert {
    condition     = alltrue([for name in ["api", "worker", "webhook", "migrate", "navigator"] : contains(keys(aws_ecr_repository.image), name)])
    error_message = "A program has no repository for its image."
  }
  assert {
    condition     = keys(aws_ecr_lifecycle_policy.image) == keys(aws_ecr_repository.image) && aws_ecr_registry_scanning_configuration.all.scan_type == "ENHANCED"
    error_message = "Images are kept for ever, or not scanned for what is found out later."
  }
  assert {
    condition     = one(one(aws_ecr_replication_configuration.second.replication_configuration).rule).destination[0].region == var.replica_region
    error_message = "The second region gets no images."
  }
  assert {
    condition     = aws_budgets_budget.month.limit_amount == "800" && length(aws_budgets_budget.month.notification) == 2
    error_message = "Nobody hears of money before it is spent."
  }
  assert {
    condition     = aws_iam_role.deploy["staging"].max_session_duration == 7200 && keys(aws_iam_role.deploy) == ["production", "production-dr", "staging"]
    error_message = "A release takes longer than its role, or other environments have one."
  }
  assert {
    condition     = aws_ecr_repository_creation_template.second.lifecycle_policy == aws_ecr_lifecycle_policy.image["api"].policy
    error_message = "Copies are kept for another time than what they are copies of."
  }
}

run "refuses_nonsense" {
  command = plan
  variables {
    account_id        = "1234"
    replica_region    = "us-east-1"
    github_repository = "https://github.com/insurance-navigator/navigator"
    alert_emails      = []
    monthly_budget    = 0
  }
  expect_failures = [var.account_id, var.replica_region, var.github_repository, var.alert_emails, var.monthly_budget]
}
