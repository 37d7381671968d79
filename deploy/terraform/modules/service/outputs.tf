output "security_group_id" {
  description = "Security group of the tasks."
  value       = module.door.security_group_id
}
