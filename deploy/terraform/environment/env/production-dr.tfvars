# Every value with "example" or 123456789012 in it is to be replaced.
environment    = "production-dr"
account_id     = "123456789012"
region         = "us-west-2"
replica_region = "us-east-1"
zones          = ["us-west-2a", "us-west-2b"]
vpc_cidr       = "10.30.0.0/16"
domain         = "navigator.example.com"
zone_id        = "Z0123456789EXAMPLE"
supabase_url   = "https://abcdefghijklmnopqrst.supabase.co"
image_tag      = "v0.1.0"
alert_emails   = { critical = ["oncall@navigator.example.com"], warning = ["team@navigator.example.com"] }

allowed_origins = ["https://app.navigator.example.com"]
auth_redirects  = ["https://app.navigator.example.com/auth/callback"]

failover = "SECONDARY"

# It stands by: the first region makes the backups, and their copies are here.
backups      = { run = false }
restore_from = { bucket = "navigator-production-backup-copy-123456789012", key_alias = "alias/navigator-production-replica" }

# A pilot light: it takes the load by growing.
services = {
  api     = { cpu = 1024, memory = 2048, min = 2, max = 10 }
  worker  = { cpu = 1024, memory = 2048, min = 1, max = 10 }
  webhook = { cpu = 256, memory = 512, min = 2, max = 6 }
}

# Connections of each process; docs/platform.md adds them up.
settings = { DATABASE_MAX_CONNS = "8" }
