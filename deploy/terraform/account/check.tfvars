account_id        = "123456789012"
region            = "us-east-1"
replica_region    = "us-west-2"
github_repository = "insurance-navigator/navigator"
alert_emails      = ["operations@navigator.example.com"]
monthly_budget    = 800
