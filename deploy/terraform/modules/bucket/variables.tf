variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "kms" {
  description = "Key that objects are encrypted with; null: S3's own key, which load balancer logs and public assets need."
  type        = object({ arn = string })
  default     = null
}

variable "lock" {
  description = "Object lock: no version can be removed for so many days. GOVERNANCE lets an administrator, COMPLIANCE nobody."
  type        = object({ mode = string, days = number })
  default     = null
  validation {
    condition     = var.lock == null ? true : contains(["GOVERNANCE", "COMPLIANCE"], var.lock.mode) && var.lock.days >= 1
    error_message = "The lock's mode is GOVERNANCE or COMPLIANCE, for at least one day."
  }
}

variable "cold_days" {
  description = "Age at which objects move to instant-access cold storage; null: never."
  type        = number
  default     = null
}

variable "archive_days" {
  description = "Age at which objects move to the deep archive, from which a restore takes hours; null: never."
  type        = number
  default     = null
}

variable "expire_days" {
  description = "Age at which objects are removed; null: never."
  type        = number
  default     = null
}

variable "former_days" {
  description = "How long a version that was replaced or deleted is kept."
  type        = number
  default     = 30
}

variable "statements" {
  description = "Statements of the bucket's policy, beside the one that refuses connections without TLS."
  type        = any
  default     = []
}
