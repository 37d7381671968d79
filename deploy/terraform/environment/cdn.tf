# Static files alone. API and uploads go straight to the load balancer, so that
# a client's address stays one hop away and no body meets another limit.
module "assets" {
  count  = local.first ? 1 : 0
  source = "../modules/bucket"
  name   = "${local.name}-assets-${var.account_id}"
  statements = [{
    Sid       = "ContentNetwork"
    Effect    = "Allow"
    Principal = { Service = "cloudfront.amazonaws.com" }
    Action    = "s3:GetObject"
    Resource  = "arn:aws:s3:::${local.name}-assets-${var.account_id}/*"
    Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.assets[0].arn } }
  }]
}

resource "aws_cloudfront_origin_access_control" "assets" {
  count                             = local.first ? 1 : 0
  name                              = local.name
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Files with a hash in their name never change; the rest is asked for again.
resource "aws_cloudfront_cache_policy" "assets" {
  for_each    = local.first ? { immutable = 31536000, short = 300 } : {}
  name        = "${local.name}-${each.key}"
  min_ttl     = 0
  default_ttl = each.value
  max_ttl     = each.value
  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "assets" {
  for_each = local.first ? { immutable = "public, max-age=31536000, immutable", short = "public, max-age=300" } : {}
  name     = "${local.name}-${each.key}"
  custom_headers_config {
    items {
      header   = "Cache-Control"
      value    = each.value
      override = true
    }
  }
  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
    content_type_options {
      override = true
    }
    frame_options {
      frame_option = "DENY"
      override     = true
    }
    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }
  }
}

resource "aws_acm_certificate" "assets" {
  count             = local.first ? 1 : 0
  provider          = aws.us_east_1
  domain_name       = local.host_assets
  validation_method = "DNS"
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "assets_proof" {
  count           = local.first ? 1 : 0
  zone_id         = var.zone_id
  allow_overwrite = true
  ttl             = 300
  name            = one(aws_acm_certificate.assets[0].domain_validation_options[*].resource_record_name)
  type            = one(aws_acm_certificate.assets[0].domain_validation_options[*].resource_record_type)
  records         = aws_acm_certificate.assets[0].domain_validation_options[*].resource_record_value
}

resource "aws_acm_certificate_validation" "assets" {
  count                   = local.first ? 1 : 0
  provider                = aws.us_east_1
  certificate_arn         = aws_acm_certificate.assets[0].arn
  validation_record_fqdns = aws_route53_record.assets_proof[*].fqdn
}

resource "aws_cloudfront_distribution" "assets" {
  count           = local.first ? 1 : 0
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = "PriceClass_100"
  aliases         = [local.host_assets]
  comment         = local.name
  origin {
    origin_id                = "assets"
    domain_name              = "${local.name}-assets-${var.account_id}.s3.${var.region}.amazonaws.com"
    origin_access_control_id = aws_cloudfront_origin_access_control.assets[0].id
  }
  default_cache_behavior {
    target_origin_id           = "assets"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.assets["short"].id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.assets["short"].id
  }
  ordered_cache_behavior {
    path_pattern               = "/immutable/*"
    target_origin_id           = "assets"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.assets["immutable"].id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.assets["immutable"].id
  }
  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.assets[0].certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
}

resource "aws_route53_record" "assets" {
  count   = local.first ? 1 : 0
  zone_id = var.zone_id
  name    = local.host_assets
  type    = "A"
  alias {
    name                   = aws_cloudfront_distribution.assets[0].domain_name
    zone_id                = aws_cloudfront_distribution.assets[0].hosted_zone_id
    evaluate_target_health = false
  }
}
