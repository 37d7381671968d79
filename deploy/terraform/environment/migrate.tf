# The migration and the preflights run in no service: they have a group of their
# own.
resource "aws_security_group" "migrate" {
  name        = "${local.name}-migrate"
  description = "calls the database, and is called by nobody"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_egress_rule" "migrate" {
  for_each          = { for port in local.egress_mails : tostring(port) => port }
  security_group_id = aws_security_group.migrate.id
  description       = "AWS, the database, and the mail server"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}
