variable "task" {
  description = "What is run: the outputs of the module task."
  type        = object({ name = string, definition = string, port = number })
}

variable "cluster" {
  description = "Cluster that the tasks run in."
  type        = object({ arn = string, name = string })
}

variable "place" {
  description = "Where it runs: account, region, network, and private subnets in at least two zones."
  type        = object({ account_id = string, region = string, vpc_id = string, subnets = list(string) })
}

variable "load_balancer" {
  description = "Target group that sends requests, and the security group that they come from; null: none."
  type        = object({ target_group_arn = string, security_group_id = string, resource_label = string })
  default     = null
}

variable "egress" {
  description = "Ports that may be called anywhere: AWS and outside services have no fixed addresses."
  type        = list(number)
}

variable "tasks" {
  description = "How many tasks."
  type        = number
  validation {
    condition     = var.tasks >= 1
    error_message = "At least one."
  }
}

variable "namespace_id" {
  description = "Private DNS namespace in which it is found, by the last part of its name."
  type        = string
}
