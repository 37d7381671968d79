# Nothing is asked of AWS: who may come in, and who is called, is in the plan.
mock_provider "aws" {}

variables {
  task          = { name = "navigator-test-api", port = 8000 }
  vpc_id        = "vpc-0123456789abcdef0"
  load_balancer = { security_group_id = "sg-0123456789abcdef0" }
  egress        = [443, 5432]
  namespace_id  = { id = "ns-0123456789abcdef" }
}

run "open_to_the_balancer_alone" {
  command = plan
  assert {
    condition     = output.open == [8000] && aws_vpc_security_group_ingress_rule.balancer[0].cidr_ipv4 == null
    error_message = "Another port, or the world."
  }
  assert {
    condition     = output.called == [443, 5432] && output.name == "api"
    error_message = "It calls what it may not, or is not found by its name."
  }
}

run "closed_where_nobody_comes" {
  command = plan
  variables {
    load_balancer = null
    namespace_id  = null
  }
  assert {
    condition     = length(output.open) == 0 && output.name == null && length(output.registries) == 0
    error_message = "An open port, or a name that nobody looks for."
  }
}
