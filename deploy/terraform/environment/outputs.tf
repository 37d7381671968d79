output "api_url" {
  description = "Where clients call."
  value       = "https://${local.host}"
}

output "egress_addresses" {
  description = "Where calls come from, for the database's allow list."
  value       = [for address in aws_eip.nat : address.public_ip]
}

output "migrate" {
  description = "What aws ecs run-task needs for the migration."
  value = {
    cluster         = aws_ecs_cluster.main.name
    task_definition = module.task["migrate"].run.definition
    subnets         = local.place.subnets
    security_group  = aws_security_group.migrate.id
    log_group       = module.task["migrate"].log_group
  }
}

output "secrets" {
  description = "Secrets that wait for a value, and the settings they become."
  value       = { for name, row in local.secret_table : "${local.name}/${name}" => row.setting }
}

output "image_tag" {
  description = "Release that runs, for the way back."
  value       = var.image_tag
}

output "tasks" {
  description = "Every container as it is run; the policy tests read it."
  value = merge(
    { for name, task in module.task : name => task.container },
    { for name, task in module.tool_task : name => task.container },
  )
}
