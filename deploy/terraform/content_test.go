package terraform_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
)

// lasting is how long each kind of static file is kept, in seconds: those with a
// hash in their name for a year, the rest as long as the API's own.
var lasting = map[string]float64{"immutable": 31536000, "short": httpapi.KeptSeconds}

// content holds the content network to the static files: it is led to their
// bucket alone and takes nothing; it keeps nothing that is somebody's; and it
// says of each file what the API would say.
func content(p *plan) (told []string) {
	for _, r := range p.of("aws_cloudfront_distribution") {
		origins, _ := r.get("origin").([]any)
		aliases, _ := r.get("aliases").([]any)
		if len(origins) != 1 || !strings.Contains(r.text("origin", 0, "domain_name"), "-assets-") || !strings.Contains(r.text("origin", 0, "domain_name"), ".s3.") {
			told = append(told, r.Address+": it is led to more than the bucket of static files")
		}
		if len(aliases) != 1 || !strings.HasPrefix(fmt.Sprint(aliases[0]), "assets.") {
			told = append(told, fmt.Sprintf("%s: it answers for %v", r.Address, aliases))
		}
		for _, behavior := range behaviors(r) {
			for _, methods := range []string{"allowed_methods", "cached_methods"} {
				if got := words(walk(behavior, methods)); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"GET", "HEAD"}) {
					told = append(told, fmt.Sprintf("%s: %s are %v", r.Address, methods, got))
				}
			}
		}
	}
	for kind, seconds := range lasting {
		told = append(told, shared(p, kind, seconds)...)
		told = append(told, said(p, kind, seconds)...)
	}
	return told
}

// behaviors are all of a distribution's.
func behaviors(r resource) []any {
	first, _ := r.get("default_cache_behavior").([]any)
	others, _ := r.get("ordered_cache_behavior").([]any)
	return append(slices.Clone(first), others...)
}

// shared holds a cache policy: nothing of a person is part of what is kept, and
// nothing is kept longer than is said.
func shared(p *plan, kind string, seconds float64) []string {
	const key = "parameters_in_cache_key_and_forwarded_to_origin"
	for _, r := range p.of("aws_cloudfront_cache_policy") {
		if !strings.HasSuffix(r.Address, `["`+kind+`"]`) {
			continue
		}
		nobody := r.text(key, 0, "cookies_config", 0, "cookie_behavior") == "none" && r.text(key, 0, "headers_config", 0, "header_behavior") == "none" &&
			r.text(key, 0, "query_strings_config", 0, "query_string_behavior") == "none"
		if !nobody || r.number("max_ttl") != seconds || r.number("default_ttl") != seconds {
			return []string{fmt.Sprintf("%s: it keeps what is somebody's, or not for %v s", r.Address, seconds)}
		}
		return nil
	}
	return []string{"there is no cache policy " + kind}
}

// said holds the headers of an answer: those of the API.
func said(p *plan, kind string, seconds float64) (told []string) {
	want := fmt.Sprintf("public, max-age=%.0f", seconds)
	if kind == "immutable" {
		want += ", immutable"
	}
	for _, r := range p.of("aws_cloudfront_response_headers_policy") {
		if !strings.HasSuffix(r.Address, `["`+kind+`"]`) {
			continue
		}
		if r.text("custom_headers_config", 0, "items", 0, "header") != "Cache-Control" || r.text("custom_headers_config", 0, "items", 0, "value") != want {
			told = append(told, r.Address+": Cache-Control is not "+want)
		}
		const security, strict = "security_headers_config", "strict_transport_security"
		transport := fmt.Sprintf("max-age=%.0f", numberAt(r, security, 0, strict, 0, "access_control_max_age_sec"))
		if r.get(security, 0, strict, 0, "include_subdomains") == true {
			transport += "; includeSubDomains"
		}
		if transport != httpapi.StrictTransport || r.get(security, 0, strict, 0, "override") != true {
			told = append(told, r.Address+": HSTS is "+transport)
		}
		if r.get(security, 0, "content_type_options", 0, "override") != true || r.text(security, 0, "referrer_policy", 0, "referrer_policy") != "no-referrer" ||
			r.text(security, 0, "frame_options", 0, "frame_option") != "DENY" {
			told = append(told, r.Address+": it lacks headers that the API has")
		}
		return told
	}
	return []string{"there are no headers " + kind}
}

// numberAt is a number in a nested block, which the provider may give as text.
func numberAt(r resource, path ...any) float64 {
	var number float64
	_, _ = fmt.Sscan(fmt.Sprint(r.get(path...)), &number) // none is 0
	return number
}
