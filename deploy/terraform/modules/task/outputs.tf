output "container" {
  description = "The container as it is run, for the policy tests."
  value       = local.container
}

output "first" {
  description = "The container that runs before it, as a list of none or one, for the policy tests."
  value       = local.first
}

output "run" {
  description = "What a service needs to know; the definition comes when its role may start it."
  value       = { name = var.name, definition = aws_ecs_task_definition.this.arn, port = var.port }
  depends_on  = [aws_iam_role_policy.start, aws_iam_role_policy.run]
}

output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}
