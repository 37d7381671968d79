variable "name" {
  description = "Full name, such as navigator-production-api."
  type        = string
  validation {
    condition     = length(var.name) <= 50
    error_message = "At most 50 characters: the names of the roles are longer, and end at 64."
  }
}

variable "place" {
  description = "Where it runs: account, region, network, and private subnets in at least two zones."
  type        = object({ account_id = string, region = string, vpc_id = string, subnets = list(string) })
  validation {
    condition     = length(var.place.subnets) >= 2
    error_message = "Subnets in at least two zones."
  }
}

variable "image" {
  description = "Image with its tag or digest; latest is refused."
  type        = string
  validation {
    condition     = can(regex("(:|@sha256:)[A-Za-z0-9._-]+$", var.image)) && !endswith(var.image, ":latest")
    error_message = "Pin the image: a tag other than latest, or a digest."
  }
}

variable "cpu" {
  description = "CPU units; 1024 are one."
  type        = number
}

variable "memory" {
  description = "MiB. Fargate has a table of what goes with which cpu."
  type        = number
  validation {
    condition = contains(lookup({
      256  = [512, 1024, 2048]
      512  = [1024, 2048, 3072, 4096]
      1024 = [2048, 3072, 4096, 5120, 6144, 7168, 8192]
      2048 = [for g in range(4, 17) : g * 1024]
      4096 = [for g in range(8, 31) : g * 1024]
    }, var.cpu, []), var.memory)
    error_message = "Fargate has no task of this cpu and memory."
  }
}

variable "disk" {
  description = "GiB of its disk, 21 to 200; null: the 20 that are there anyhow."
  type        = number
  default     = null
}

variable "port" {
  description = "Port that the service listens on; null: none."
  type        = number
  default     = null
}

variable "command" {
  description = "Arguments of the image's entry point; null: none."
  type        = list(string)
  default     = null
}

variable "entrypoint" {
  description = "Program in place of the image's entry point; null: the image's."
  type        = list(string)
  default     = null
}

variable "config" {
  description = "Configuration that is fetched before the program starts: the bucket and the prefix in it, where the program finds it, the hash that its file \"complete\" holds, and the image of AWS's command line that fetches it; null: none."
  type        = object({ bucket = string, prefix = string, path = string, hash = string, image = string })
  default     = null
  validation {
    condition     = var.config == null ? true : can(regex("^/[a-z/]+[a-z]$", var.config.path)) && can(regex("(:|@sha256:)[A-Za-z0-9._-]+$", var.config.image)) && !endswith(var.config.image, ":latest")
    error_message = "A folder from the root, and a pinned image."
  }
}

variable "environment" {
  description = "Settings that anybody may read."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Settings that come from Secrets Manager: the setting's name to the secret's name and address."
  type        = map(object({ name = string, arn = string }))
  default     = {}
}

variable "key_alias" {
  description = "Alias of the environment's key, which the secrets and logs are encrypted with."
  type        = string
}

variable "key_arn" {
  description = "Address of the same key."
  type        = string
}

variable "statements" {
  description = "What the process itself may do at AWS; none of our services needs anything."
  type        = any
  default     = []
}

variable "healthcheck" {
  description = "Command that says whether the process lives; null: nothing is asked inside the task."
  type        = list(string)
  default     = null
}

variable "stop_timeout" {
  description = "Seconds from the request to stop until the process is ended; Fargate allows 120."
  type        = number
  default     = 60
  validation {
    condition     = var.stop_timeout >= 30 && var.stop_timeout <= 120
    error_message = "30 to 120 seconds."
  }
}

variable "log_days" {
  description = "How long the log is kept."
  type        = number
}
