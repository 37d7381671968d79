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
  validation {
    condition     = length(var.place.subnets) >= 2
    error_message = "Subnets in at least two zones."
  }
}

variable "load_balancer" {
  description = "Target group that sends requests, and the security group that they come from; null: none."
  type        = object({ target_group_arn = string, security_group_id = string, resource_label = string })
  default     = null
}

variable "egress" {
  description = "Ports that may be called anywhere: outside services have no fixed addresses."
  type        = list(number)
  default     = [443, 5432]
}

variable "tasks" {
  description = "Fewest and most tasks."
  type        = object({ min = number, max = number })
  validation {
    condition     = var.tasks.min >= 1 && var.tasks.max >= var.tasks.min
    error_message = "At least one task, and the most not below the fewest."
  }
}

variable "requests_per_task" {
  description = "Requests a minute that one task should get; null: not scaled by them."
  type        = number
  default     = null
}

variable "queue" {
  description = "Metrics of the queue to scale by: namespace, jobs waiting for each task, age of the oldest in seconds; null: CPU alone."
  type        = object({ namespace = string, jobs_per_task = number, age_seconds = number })
  default     = null
}

variable "alarms" {
  description = "Alarms that undo a release."
  type        = list(string)
  default     = []
}

variable "namespace_id" {
  description = "Private DNS namespace in which the service is found; null: it is not looked for."
  type        = object({ id = string })
  default     = null
}
