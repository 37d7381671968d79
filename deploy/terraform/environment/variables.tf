variable "environment" {
  description = "Names everything; global names differ by it."
  type        = string
  validation {
    condition     = contains(["staging", "production", "production-dr"], var.environment)
    error_message = "staging, production or production-dr."
  }
}

variable "account_id" {
  description = "The account; another one's credentials are refused."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Twelve digits."
  }
}

variable "region" {
  description = "Region, near the database."
  type        = string
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region such as us-east-1."
  }
}

variable "replica_region" {
  description = "Region of the backups' copies; another one."
  type        = string
  validation {
    condition     = var.replica_region != var.region
    error_message = "A copy in the same region is none."
  }
}

variable "zones" {
  description = "Availability zones, at least two."
  type        = list(string)
  validation {
    condition     = length(distinct(var.zones)) >= 2 && length(distinct(var.zones)) == length(var.zones)
    error_message = "At least two different zones."
  }
}

variable "vpc_cidr" {
  description = "Addresses of the network, a /16."
  type        = string
  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && endswith(var.vpc_cidr, "/16")
    error_message = "A /16 such as 10.20.0.0/16."
  }
}

variable "nat_per_zone" {
  description = "A way out in each zone; false: one for all, which is cheaper and dies with its zone."
  type        = bool
  default     = true
}

variable "domain" {
  description = "Domain of this environment; the names api, ops and assets are made under it."
  type        = string
  validation {
    condition     = can(regex("^([a-z0-9-]+[.])+[a-z]{2,}$", var.domain))
    error_message = "A name such as navigator.example.com, without a scheme."
  }
}

variable "zone_id" {
  description = "Route 53 zone that holds the domain."
  type        = string
  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "The id of the zone, which begins with Z, and not its name."
  }
}

variable "failover" {
  description = "PRIMARY or SECONDARY where two regions answer for one name; null: this one alone."
  type        = string
  default     = null
  validation {
    condition     = var.failover == null ? true : contains(["PRIMARY", "SECONDARY"], var.failover)
    error_message = "PRIMARY, SECONDARY or null."
  }
}

variable "image_tag" {
  description = "Release that is run first; from then on the rollout changes it, and what it brought in stays."
  type        = string
  validation {
    condition     = var.image_tag != "latest" && can(regex("^[A-Za-z0-9._-]{1,128}$", var.image_tag))
    error_message = "The tag of one release, never latest."
  }
}

variable "services" {
  description = "Size of each service: cpu units, MiB, fewest and most tasks."
  type        = map(object({ cpu = number, memory = number, min = number, max = number }))
  default = {
    api     = { cpu = 2048, memory = 4096, min = 2, max = 10 }
    worker  = { cpu = 2048, memory = 4096, min = 2, max = 10 }
    webhook = { cpu = 1024, memory = 2048, min = 2, max = 6 }
  }
  validation {
    condition     = toset(keys(var.services)) == toset(["api", "worker", "webhook"])
    error_message = "A size for api, worker and webhook."
  }
  validation {
    condition     = alltrue([for name in ["api", "webhook"] : try(var.services[name].min >= 2, true)])
    error_message = "A public service has at least two tasks, so that a zone may be lost."
  }
  validation {
    condition     = alltrue([for service in values(var.services) : service.min >= 1 && service.max >= service.min])
    error_message = "At least one task, and the most not below the fewest."
  }
}

variable "service_mode" {
  description = "SERVICE_MODE of the services: what they refuse at start."
  type        = string
  default     = "PRODUCTION"
  validation {
    condition     = contains(["staging", "PRODUCTION"], var.service_mode)
    error_message = "staging or PRODUCTION; development has no place here."
  }
}

variable "pool_mode" {
  description = "DATABASE_POOL_MODE: what lies at the database's address."
  type        = string
  default     = "session"
  validation {
    condition     = contains(["direct", "session"], var.pool_mode)
    error_message = "direct or session; the worker needs LISTEN."
  }
}

variable "supabase_url" {
  description = "https://<ref>.supabase.co"
  type        = string
  validation {
    condition     = startswith(var.supabase_url, "https://")
    error_message = "An https address."
  }
}

variable "allowed_origins" {
  description = "ALLOWED_ORIGINS: pages that browsers may call the API from."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex("^https://[^*/]+$", origin))])
    error_message = "https origins, each by its name."
  }
}

variable "auth_redirects" {
  description = "AUTH_REDIRECTS: where mails lead people back to."
  type        = list(string)
  default     = []
}

variable "settings" {
  description = "Further settings, by name, the same for all services; a secret has no place here."
  type        = map(string)
  default     = {}
  validation {
    condition     = !anytrue([for name in keys(var.settings) : can(regex("KEY|SECRET|PASSWORD|TOKEN$|DATABASE_URL|REPLICA_URL|REDIS_URL", name))])
    error_message = "A secret is never a variable: name it in optional_secrets and put its value into Secrets Manager."
  }
  validation {
    condition     = !contains(keys(var.settings), "STATUS_CACHE_TTL")
    error_message = "STATUS_CACHE_TTL is status_cache_seconds, which lets the workers reach the cache, too."
  }
}

variable "baa_confirmed" {
  description = "Agreements for health data are signed with every service that documents go to: until then production takes no uploads."
  type        = bool
  default     = false
}

variable "smtp" {
  description = "The mail server of local accounts (AUTH_PROVIDER=local in settings); its password is the optional secret SMTP_PASSWORD. null: accounts are at Supabase, which sends its own mails."
  type        = object({ host = string, port = optional(number, 587), username = optional(string, ""), from = string, security = optional(string, "starttls") })
  default     = null
  validation {
    condition     = var.smtp == null ? true : contains(["starttls", "tls"], var.smtp.security)
    error_message = "starttls, or tls from the first byte."
  }
  validation {
    condition     = var.smtp == null ? true : contains([465, 587, 2525], var.smtp.port)
    error_message = "A port of mail submission that Fargate lets out: 465, 587 or 2525."
  }
}

variable "optional_secrets" {
  description = "Optional secrets in use. A task does not start while one that it is given has no value."
  type        = set(string)
  default     = []
  validation {
    condition     = length(setsubtract(var.optional_secrets, ["DATABASE_REPLICA_URL", "WEBHOOK_MASTER_KEY_FORMER", "SUPABASE_JWT_SECRET", "OPENAI_ORGANIZATION", "OPENAI_PROJECT", "SMTP_PASSWORD", "AUTH_SIGNING_KEY", "AUTH_SIGNING_KEY_FORMER"])) == 0
    error_message = "DATABASE_REPLICA_URL, WEBHOOK_MASTER_KEY_FORMER, SUPABASE_JWT_SECRET, OPENAI_ORGANIZATION, OPENAI_PROJECT, SMTP_PASSWORD, AUTH_SIGNING_KEY, AUTH_SIGNING_KEY_FORMER."
  }
}

variable "queue_scaling" {
  description = "Scale the worker by its queue: jobs that wait for each task, and the age of the oldest. null: by CPU alone."
  type        = object({ jobs_per_task = number, age_seconds = number })
  default     = { jobs_per_task = 50, age_seconds = 300 }
  validation {
    condition     = var.queue_scaling == null ? true : var.queue_scaling.jobs_per_task >= 1 && var.queue_scaling.age_seconds >= 60
    error_message = "At least one job for each task, and an age of at least 60 seconds."
  }
}

variable "balancing" {
  description = "How the load balancer chooses a task."
  type        = string
  default     = "least_outstanding_requests"
  validation {
    condition     = contains(["round_robin", "least_outstanding_requests", "weighted_random"], var.balancing)
    error_message = "round_robin, least_outstanding_requests or weighted_random."
  }
}

variable "sticky_seconds" {
  description = "How long a client stays with its task; 0: not at all, for the services keep nothing between requests."
  type        = number
  default     = 0
  validation {
    condition     = var.sticky_seconds >= 0 && var.sticky_seconds <= 604800
    error_message = "0 to 604800 seconds."
  }
}

variable "rates" {
  description = "Requests of one address in five minutes: in all, and to /auth/."
  type        = object({ all = number, auth = number })
  default     = { all = 2000, auth = 100 }
  validation {
    condition     = var.rates.auth >= 10 && var.rates.all >= var.rates.auth
    error_message = "At least 10 (AWS's least), and no fewer in all than to /auth/."
  }
}

variable "blocked_cidrs" {
  description = "Addresses that are turned away."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for list in var.blocked_cidrs : can(cidrnetmask(list))])
    error_message = "IPv4 networks such as 192.0.2.0/24; one address is a /32."
  }
}

variable "webhook_allowed_cidrs" {
  description = "Addresses that may call the webhook; empty: any, for the parser publishes none and signs its calls."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for list in var.webhook_allowed_cidrs : can(cidrnetmask(list))])
    error_message = "IPv4 networks such as 192.0.2.0/24; one address is a /32."
  }
}

variable "ops_allowed_cidrs" {
  description = "Addresses that may see the tools' sign-in page; empty: any."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for list in var.ops_allowed_cidrs : can(cidrnetmask(list))])
    error_message = "IPv4 networks such as 192.0.2.0/24; one address is a /32."
  }
}

variable "shield_advanced" {
  description = "Shield Advanced, at 3,000 USD a month; Shield Standard is there without asking."
  type        = bool
  default     = false
}

variable "redis" {
  description = "ElastiCache, where the API counts request rates over all its tasks; null: each counts for itself."
  type        = object({ node_type = string, nodes = number })
  default     = null
  validation {
    condition     = var.redis == null ? true : var.redis.nodes >= 2
    error_message = "At least two nodes, in two zones."
  }
}

variable "status_cache_seconds" {
  description = "STATUS_CACHE_TTL: how long the API keeps statuses of documents under way in the cache; 0: every status is read from the database. null: 5 where redis is, else 0."
  type        = number
  default     = null
  validation {
    condition     = var.status_cache_seconds == null ? true : contains(range(6), var.status_cache_seconds)
    error_message = "0 to 5 seconds."
  }
  validation {
    condition     = try(var.status_cache_seconds > 0, false) ? var.redis != null : true
    error_message = "Statuses are kept in redis, which is null."
  }
}

variable "tools" {
  description = "Programs of others to run, by name, with the pinned image of each: riverui, grafana, loki, alertmanager (which Loki tells), clamd, tempo, prober."
  type        = map(string)
  default     = {}
  validation {
    condition     = length(setsubtract(keys(var.tools), ["riverui", "grafana", "loki", "alertmanager", "clamd", "tempo", "prober"])) == 0
    error_message = "riverui, grafana, loki, alertmanager, clamd, tempo, prober."
  }
  validation {
    condition     = var.watch != null || length(setintersection(keys(var.tools), ["grafana", "alertmanager", "prober"])) == 0
    error_message = "grafana, alertmanager and prober need managed Prometheus: set watch."
  }
}

variable "config_image" {
  description = "Pinned image of AWS's command line, which fetches the configuration of the tools."
  type        = string
  default     = "public.ecr.aws/aws-cli/aws-cli:2.27.50"
}

variable "probed" {
  description = "Addresses that the prober asks; empty: this environment's own. In the second region, those of the first."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for address in var.probed : startswith(address, "https://")])
    error_message = "https addresses."
  }
}

variable "deadman_url" {
  description = "Where an outside dead man's switch takes the messages of Watchdog; null: an alarm of CloudWatch alone."
  type        = string
  default     = null
  validation {
    condition     = var.deadman_url == null ? true : startswith(var.deadman_url, "https://")
    error_message = "An https address."
  }
}

variable "alert_emails" {
  description = "Who hears of what is critical, and of what is a warning."
  type        = object({ critical = list(string), warning = list(string) })
  validation {
    condition     = length(var.alert_emails.critical) > 0
    error_message = "Somebody has to hear of what is critical."
  }
}

variable "watch" {
  description = "Managed Prometheus with the rules and the Alertmanager's tree: the pinned image of the Prometheus that brings the metrics there, and where people find the runbooks and the dashboards, without a slash at the end. null: none."
  type        = object({ agent = string, runbooks = string, dashboards = string })
  default     = null
  validation {
    condition     = var.watch == null ? true : alltrue([for address in [var.watch.runbooks, var.watch.dashboards] : can(regex("^https://.*[^/]$", address))])
    error_message = "https addresses without a slash at the end."
  }
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 days and some longer times."
  }
}

variable "backup_lock" {
  description = "How long no backup can be removed, and by whom not."
  type        = object({ mode = string, days = number })
  default     = { mode = "COMPLIANCE", days = 125 }
  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.backup_lock.mode) && var.backup_lock.days >= 7
    error_message = "GOVERNANCE or COMPLIANCE, for at least seven days."
  }
  validation {
    condition     = var.backup_lock.mode != "COMPLIANCE" || var.backup_lock.days >= 125
    error_message = "At least 125 days: a backup of the last 35 needs files that were copied up to 90 days before it."
  }
}

variable "backups" {
  description = "When backups are made, tombstones kept and a backup is proved, in UTC, and whether at all: a second region that stands by makes none. drill_disk: GiB of the drill's disk; null: 20."
  type = object({
    run        = optional(bool, true)
    create     = optional(string, "cron(15 2 * * ? *)")
    tombstones = optional(string, "rate(5 minutes)")
    drill      = optional(string, "cron(15 5 ? * SUN *)")
    drill_disk = optional(number)
  })
  default = {}
  validation {
    condition = alltrue([for at in [var.backups.create, var.backups.drill] : can(regex(
      "^cron\\([0-5]?[0-9](/[0-9]+)? ([01]?[0-9]|2[0-3]|\\*)(/[0-9]+)? (\\*|\\?|[1-9]|[12][0-9]|3[01]) (\\*|[1-9]|1[0-2]) (\\*|\\?|[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT) \\*\\)$", at))
    && length(regexall("\\?", at)) == 1])
    error_message = "create and drill are cron(minute hour day month weekday *) with ? for either the day or the weekday, such as cron(15 2 * * ? *)."
  }
  validation {
    condition     = can(regex("^rate\\(([2-9]|[1-5][0-9]) minutes\\)$", var.backups.tombstones))
    error_message = "tombstones is rate(2 minutes) to rate(59 minutes)."
  }
  validation {
    condition     = var.backups.drill_disk == null ? true : var.backups.drill_disk >= 21 && var.backups.drill_disk <= 200
    error_message = "21 to 200 GiB, or null for the 20 that are there anyhow."
  }
}

variable "restore_from" {
  description = "Bucket in this region that a restore and the drill read, and the alias of its key: the copies of another region's backups. null: this environment's own."
  type        = object({ bucket = string, key_alias = string })
  default     = null
}

variable "protected" {
  description = "The load balancer and the sign-in cannot be deleted by an apply."
  type        = bool
  default     = true
}
