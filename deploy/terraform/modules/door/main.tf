# Who comes to the tasks of one program, whom they call, and how they are found:
# a service of ours and a tool alike.
terraform {
  required_version = ">= 1.11, < 2"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

resource "aws_security_group" "this" {
  name        = var.task.name
  description = "${var.task.name}: its own port from those who call it"
  vpc_id      = var.vpc_id
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  count                        = var.load_balancer == null ? 0 : 1
  security_group_id            = aws_security_group.this.id
  description                  = "from the load balancer"
  referenced_security_group_id = var.load_balancer.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.task.port
  to_port                      = var.task.port
}

resource "aws_vpc_security_group_egress_rule" "outside" {
  for_each          = { for port in var.egress : tostring(port) => port }
  security_group_id = aws_security_group.this.id
  description       = "outside services, which have no fixed addresses"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_service_discovery_service" "this" {
  count = var.namespace_id == null ? 0 : 1
  name  = element(split("-", var.task.name), length(split("-", var.task.name)) - 1)
  dns_config {
    namespace_id   = var.namespace_id.id
    routing_policy = "MULTIVALUE"
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}
