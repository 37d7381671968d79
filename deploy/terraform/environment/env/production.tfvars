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

redis = { node_type = "cache.t4g.small", nodes = 2 }

tools = {
  riverui = "ghcr.io/riverqueue/riverui:0.18.1"
}

# Connections of each process; docs/platform.md adds them up.
settings = { DATABASE_MAX_CONNS = "8" }
