output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}
