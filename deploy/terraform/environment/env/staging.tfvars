# Every value with "example" or 123456789012 in it is to be replaced.
environment    = "staging"
account_id     = "123456789012"
region         = "us-east-1"
replica_region = "us-west-2"
zones          = ["us-east-1a", "us-east-1b"]
vpc_cidr       = "10.10.0.0/16"
domain         = "staging.navigator.example.com"
zone_id        = "Z0123456789EXAMPLE"
supabase_url   = "https://abcdefghijklmnopqrst.supabase.co"
image_tag      = "v0.1.0"
alert_emails   = { critical = ["oncall@navigator.example.com"], warning = ["team@navigator.example.com"] }

allowed_origins = ["https://app.staging.navigator.example.com"]
auth_redirects  = ["https://app.staging.navigator.example.com/auth/callback"]

nat_per_zone = false
protected    = false
service_mode = "staging"
backup_lock  = { mode = "GOVERNANCE", days = 7 }

services = {
  api     = { cpu = 512, memory = 1024, min = 2, max = 3 }
  worker  = { cpu = 512, memory = 1024, min = 1, max = 2 }
  webhook = { cpu = 256, memory = 512, min = 2, max = 2 }
}

# Connections of each process; docs/platform.md adds them up.
settings = { DATABASE_MAX_CONNS = "5" }
