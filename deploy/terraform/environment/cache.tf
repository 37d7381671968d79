# ElastiCache: the API counts its request rates there, over all its tasks, and keeps
# statuses of documents under way. While it is away each task counts for itself and
# reads the database.
locals {
  status_cache = var.redis == null ? 0 : coalesce(var.status_cache_seconds, 5)

  # Who may reach it. Whoever moves a document takes its kept status away: the
  # workers need the cache only where statuses are kept there.
  cache_users = var.redis == null ? {} : merge(
    { API = module.api.security_group_id, preflight = aws_security_group.migrate.id },
    local.status_cache == 0 ? {} : { worker = module.worker.security_group_id },
  )
}

# AWS changes no description: another one would replace the group, which is in use.
resource "aws_security_group" "cache" {
  count       = var.redis == null ? 0 : 1
  name        = "${local.name}-cache"
  description = "TLS and AUTH, from the API alone"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  for_each                     = local.cache_users
  security_group_id            = aws_security_group.cache[0].id
  description                  = "from the ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_egress_rule" "cache" {
  for_each                     = local.cache_users
  security_group_id            = each.value
  description                  = "to the cache"
  referenced_security_group_id = aws_security_group.cache[0].id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

# The names that these rules had: they stay as they are.
moved {
  from = aws_vpc_security_group_ingress_rule.cache[0]
  to   = aws_vpc_security_group_ingress_rule.cache["API"]
}

moved {
  from = aws_vpc_security_group_egress_rule.cache[0]
  to   = aws_vpc_security_group_egress_rule.cache["API"]
}

moved {
  from = aws_vpc_security_group_ingress_rule.cache_doctor[0]
  to   = aws_vpc_security_group_ingress_rule.cache["preflight"]
}

moved {
  from = aws_vpc_security_group_egress_rule.cache_doctor[0]
  to   = aws_vpc_security_group_egress_rule.cache["preflight"]
}

resource "aws_elasticache_subnet_group" "main" {
  count      = var.redis == null ? 0 : 1
  name       = local.name
  subnet_ids = local.place.subnets
}

# Provider 5.100 has no write-only token: this one is in the state, which is
# encrypted. Change it with: terraform apply -replace=terraform_data.cache_token[0]
resource "terraform_data" "cache_token" {
  count = var.redis == null ? 0 : 1
  input = sensitive(replace("${uuid()}${uuid()}", "-", ""))
  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_elasticache_replication_group" "main" {
  count                      = var.redis == null ? 0 : 1
  replication_group_id       = local.name
  description                = local.name
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = var.redis.node_type
  num_cache_clusters         = var.redis.nodes
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.main[0].name
  security_group_ids         = [aws_security_group.cache[0].id]
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
  auth_token                 = terraform_data.cache_token[0].output
  snapshot_retention_limit   = 7
}

# What API and worker read as REDIS_URL.
resource "aws_secretsmanager_secret_version" "redis" {
  count         = var.redis == null ? 0 : 1
  secret_id     = aws_secretsmanager_secret.main["redis-url"].id
  secret_string = "rediss://:${terraform_data.cache_token[0].output}@${aws_elasticache_replication_group.main[0].primary_endpoint_address}:6379"
}
