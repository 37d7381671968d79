variable "task" {
  description = "Whose door it is: its name, and the port that it listens on."
  type        = object({ name = string, port = number })
}

variable "vpc_id" {
  description = "Network that it is in."
  type        = string
}

variable "load_balancer" {
  description = "Whoever sends requests, by its security group; null: nobody."
  type        = object({ security_group_id = string })
}

variable "egress" {
  description = "Ports that may be called anywhere: outside services have no fixed addresses."
  type        = list(number)
}

variable "namespace_id" {
  description = "Private DNS namespace in which it is found, by the last part of its name; null: it is not looked for."
  type        = object({ id = string })
}
