# Planned with the true provider; check.sh gives it credentials that nobody has.
run "planned" {
  command = plan
  assert {
    condition     = output.bucket == "navigator-state-${var.account_id}"
    error_message = "The backends' files name another bucket."
  }
  assert {
    condition     = aws_kms_key.state.enable_key_rotation && aws_kms_alias.state.name == "alias/navigator-state"
    error_message = "The states' key is not rotated, or has another name."
  }
}

run "refuses_what_is_no_account" {
  command = plan
  variables { account_id = "1234" }
  expect_failures = [var.account_id]
}
