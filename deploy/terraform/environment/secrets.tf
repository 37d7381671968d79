# Names alone: a value is put in by a person, and never stands in a file, a
# variable or a state, but for that of the cache, which is made here. Each secret says who gets it, and as which setting.
locals {
  secret_table = merge(
    {
      app-database-url          = { setting = "DATABASE_URL", to = ["api"] }
      worker-database-url       = { setting = "WORKER_DATABASE_URL", to = ["worker", "webhook", "restore"] }
      migrate-database-url      = { setting = "MIGRATE_DATABASE_URL", to = ["migrate", "backup", "restore"] }
      webhook-master-key        = { setting = "WEBHOOK_MASTER_KEY", to = ["api", "worker", "webhook", "restore"] }
      supabase-service-role-key = { setting = "SUPABASE_SERVICE_ROLE_KEY", to = ["api", "worker", "backup", "restore"] }
      supabase-anon-key         = { setting = "SUPABASE_ANON_KEY", to = ["api"] }
      llamaparse-api-key        = { setting = "LLAMAPARSE_API_KEY", to = ["worker", "restore"] }
      openai-api-key            = { setting = "OPENAI_API_KEY", to = ["api", "worker", "restore"] }
      backup-key                = { setting = "BACKUP_KEY", to = ["backup", "drill", "restore"] }
      drill-database-url        = { setting = "DRILL_DATABASE_URL", to = ["drill"] }
    },
    { for name, row in local.optional_secrets : name => row if contains(var.optional_secrets, row.setting) },
    var.redis == null ? {} : { redis-url = { setting = "REDIS_URL", to = local.status_cache == 0 ? ["api"] : ["api", "worker"] } }, # its value is cache.tf's
    { for name, row in local.tool_secrets : name => row if contains(keys(var.tools), row.to[0]) },
  )
  optional_secrets = {
    app-replica-url           = { setting = "DATABASE_REPLICA_URL", to = ["api"] }
    webhook-master-key-former = { setting = "WEBHOOK_MASTER_KEY_FORMER", to = ["api", "worker", "webhook", "restore"] }
    supabase-jwt-secret       = { setting = "SUPABASE_JWT_SECRET", to = ["api"] }
    openai-organization       = { setting = "OPENAI_ORGANIZATION", to = ["api", "worker"] }
    smtp-password             = { setting = "SMTP_PASSWORD", to = ["api"] }
    auth-signing-key          = { setting = "AUTH_SIGNING_KEY", to = ["api"] }
    auth-signing-key-former   = { setting = "AUTH_SIGNING_KEY_FORMER", to = ["api"] }
    openai-project            = { setting = "OPENAI_PROJECT", to = ["api", "worker"] }
  }
  tool_secrets = {
    riverui-database-url   = { setting = "DATABASE_URL", to = ["riverui"] }
    riverui-password       = { setting = "RIVER_BASIC_AUTH_PASS", to = ["riverui"] }
    grafana-admin-password = { setting = "GF_SECURITY_ADMIN_PASSWORD", to = ["grafana"] }
  }
  # Who gets what: the task, then the setting.
  secrets = { for task in concat(["api", "worker", "webhook", "migrate"], keys(local.job_table), keys(local.images)) : task => {
    for name, row in local.secret_table : row.setting => {
      name = "${local.name}/${name}", arn = aws_secretsmanager_secret.main[name].arn
    } if contains(row.to, task)
  } }
}

resource "aws_secretsmanager_secret" "main" {
  for_each                = local.secret_table
  name                    = "${local.name}/${each.key}"
  description             = "${each.value.setting} of ${join(", ", each.value.to)}"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = 30
}
