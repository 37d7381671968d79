output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}

output "registries" {
  description = "Where the tasks are written down to be found: one, or none."
  value       = aws_service_discovery_service.this[*].arn
}

output "name" {
  description = "The name that it is found by; null: none."
  value       = one(aws_service_discovery_service.this[*].name)
}

output "open" {
  description = "Ports that the load balancer may come in by."
  value       = aws_vpc_security_group_ingress_rule.balancer[*].from_port
}

output "called" {
  description = "Ports that may be called anywhere."
  value       = [for rule in aws_vpc_security_group_egress_rule.outside : rule.from_port]
}
