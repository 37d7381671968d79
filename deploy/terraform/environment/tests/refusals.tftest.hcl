# Every variable that has a rule refuses what breaks it, all of them at once:
# nothing is planned after that.
run "refuses_nonsense" {
  command = plan
  variables {
    environment           = "test"
    account_id            = "1234"
    replica_region        = "us-east-1"
    zones                 = ["us-east-1a", "us-east-1a"]
    vpc_cidr              = "10.20.0.0/24"
    domain                = "https://navigator.example.com"
    zone_id               = "navigator.example.com"
    failover              = "BOTH"
    image_tag             = "latest"
    services              = { api = { cpu = 512, memory = 1024, min = 2, max = 3 } }
    service_mode          = "development"
    pool_mode             = "transaction"
    supabase_url          = "http://abcdefghijklmnopqrst.supabase.co"
    allowed_origins       = ["*"]
    settings              = { OPENAI_API_KEY = "in the open" }
    smtp                  = { host = "smtp.example.com", from = "no-reply@navigator.example.com", security = "none" }
    optional_secrets      = ["NOT_A_SECRET"]
    queue_scaling         = { jobs_per_task = 0, age_seconds = 300 }
    balancing             = "random"
    sticky_seconds        = -1
    rates                 = { all = 50, auth = 100 }
    blocked_cidrs         = ["192.0.2.1"]
    webhook_allowed_cidrs = ["anywhere"]
    ops_allowed_cidrs     = ["2001:db8::/32"]
    redis                 = { node_type = "cache.t4g.small", nodes = 1 }
    tools                 = { jenkins = "jenkins:2" }
    alert_emails          = { critical = [], warning = [] }
    probed                = ["http://api.navigator.example.com/health"]
    deadman_url           = "http://deadman.example.com"
    log_days              = 17
    backup_lock           = { mode = "NONE", days = 35 }
    backups               = { create = "daily", tombstones = "rate(1 minute)", drill_disk = 5 }
  }
  expect_failures = [
    var.environment, var.account_id, var.replica_region, var.zones, var.vpc_cidr, var.domain, var.zone_id, var.failover, var.image_tag,
    var.services, var.service_mode, var.pool_mode, var.supabase_url, var.allowed_origins, var.settings, var.smtp, var.optional_secrets, var.queue_scaling,
    var.balancing, var.sticky_seconds, var.rates, var.blocked_cidrs, var.webhook_allowed_cidrs, var.ops_allowed_cidrs, var.redis, var.tools,
    var.alert_emails, var.probed, var.deadman_url, var.log_days, var.backup_lock, var.backups,
  ]
}

# The second rules of the same variables; and those that another one's rule asks
# for.
run "refuses_other_nonsense" {
  command = plan
  variables {
    region               = "Virginia"
    settings             = { STATUS_CACHE_TTL = "5s" }
    redis                = null
    status_cache_seconds = 5
    zones                = ["us-east-1a"]
    services             = { api = { cpu = 512, memory = 1024, min = 1, max = 3 }, worker = { cpu = 512, memory = 1024, min = 1, max = 3 }, webhook = { cpu = 256, memory = 512, min = 2, max = 2 } }
    smtp                 = { host = "smtp.example.com", from = "no-reply@navigator.example.com", port = 0 }
    backup_lock          = { mode = "COMPLIANCE", days = 35 }
    watch                = { agent = "prom/prometheus:v3.5.0", runbooks = "http://docs.example.com", dashboards = "https://ops.example.com/" }
  }
  expect_failures = [var.region, var.zones, var.services, var.settings, var.status_cache_seconds, var.smtp, var.backup_lock, var.watch]
}

run "refuses_a_service_that_cannot_grow" {
  command = plan
  variables {
    environment          = "test" # so that nothing is planned
    status_cache_seconds = 6
    services             = { api = { cpu = 512, memory = 1024, min = 2, max = 1 }, worker = { cpu = 512, memory = 1024, min = 1, max = 3 }, webhook = { cpu = 256, memory = 512, min = 2, max = 2 } }
  }
  expect_failures = [var.environment, var.services, var.status_cache_seconds]
}
