# Every option at once, for the checks; nobody deploys this.
# Every value with "example" or 123456789012 in it is to be replaced.
environment    = "production"
account_id     = "123456789012"
region         = "us-east-1"
replica_region = "us-west-2"
zones          = ["us-east-1a", "us-east-1b"]
vpc_cidr       = "10.20.0.0/16"
domain         = "navigator.example.com"
zone_id        = "Z0123456789EXAMPLE"
supabase_url   = "https://abcdefghijklmnopqrst.supabase.co"
image_tag      = "v0.1.0"
alert_emails   = { critical = ["oncall@navigator.example.com"], warning = ["team@navigator.example.com"] }

allowed_origins = ["https://app.navigator.example.com"]
auth_redirects  = ["https://app.navigator.example.com/auth/callback"]

failover = "PRIMARY"

tools = {
  riverui      = "ghcr.io/riverqueue/riverui:0.22.0"
  grafana      = "grafana/grafana:12.1.1"
  loki         = "grafana/loki:3.5.3"
  alertmanager = "prom/alertmanager:v0.28.1"
  clamd        = "clamav/clamav:1.4.3"
  tempo        = "grafana/tempo:2.8.2"
  prober       = "prom/blackbox-exporter:v0.27.0"
}
deadman_url = "https://switch.example.com/01234567"

redis                 = { node_type = "cache.t4g.small", nodes = 2 }
status_cache_seconds  = 2
shield_advanced       = true
watch                 = { agent = "prom/prometheus:v3.5.0", runbooks = "https://docs.navigator.example.com/runbooks", dashboards = "https://ops.navigator.example.com/grafana" }
queue_scaling         = { jobs_per_task = 50, age_seconds = 300 }
sticky_seconds        = 300
blocked_cidrs         = ["192.0.2.0/24"]
webhook_allowed_cidrs = ["198.51.100.0/24"]
ops_allowed_cidrs     = ["203.0.113.0/24"]
optional_secrets      = ["DATABASE_REPLICA_URL", "WEBHOOK_MASTER_KEY_FORMER", "SUPABASE_JWT_SECRET", "SMTP_PASSWORD"]
baa_confirmed         = true
smtp                  = { host = "smtp.example.com", from = "no-reply@navigator.example.com", username = "navigator" }
