output "api_url" {
  description = "Where clients call."
  value       = "https://${local.host}"
}

output "egress_addresses" {
  description = "Where calls come from, for the database's allow list."
  value       = [for address in aws_eip.nat : address.public_ip]
}

output "rollout" {
  description = "Where the rollout finds everything: terraform output -json rollout > place.json"
  value = {
    url      = "https://${local.host}"
    cluster  = aws_ecs_cluster.main.name
    services = { for name in ["api", "worker", "webhook"] : name => "${local.name}-${name}" }
    migrate  = { family = "${local.name}-migrate", security_group = aws_security_group.migrate.id, log_group = module.task["migrate"].log_group }
    doctors = { for name, task in module.doctor : name => {
      family = "${local.name}-doctor-${name}", security_group = aws_security_group.migrate.id, log_group = task.log_group
    } }
    jobs    = { for name, task in module.job : name => { family = "${local.name}-${name}", security_group = aws_security_group.migrate.id, log_group = task.log_group } }
    subnets = local.place.subnets
    # Managed Prometheus' Alertmanager: its alerts with the action rollback undo a
    # release, as the alarms do.
    alerts = local.watched ? { url = "${aws_prometheus_workspace.main[0].prometheus_endpoint}alertmanager", region = var.region } : null
    alarms = { rollback = local.undo, page = [for name in keys(local.metrics_of) : "${local.name}-${name}-hosts"] }
  }
}

output "secrets" {
  description = "Secrets that wait for a value, and the settings they become."
  value       = { for name, row in local.secret_table : "${local.name}/${name}" => row.setting }
}

output "image_tag" {
  description = "Release that was run first."
  value       = var.image_tag
}

output "tasks" {
  description = "Every container as it is run; the policy tests read it."
  value = merge(
    { for name, task in module.task : name => task.container },
    { for name, task in module.doctor : "doctor-${name}" => task.container },
    { for name, task in module.job : name => task.container },
    { for name, task in module.tool_task : name => task.container },
    merge([for name, task in module.tool_task : { for first in task.first : "config-${name}" => first }]...),
  )
}

output "agent" {
  description = "What the Prometheus agent is told, with WORKSPACE for the address that only AWS knows; the policy tests read it."
  value       = local.watched ? local.agent_known : null
}
