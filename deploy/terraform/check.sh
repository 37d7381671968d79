#!/bin/sh
# Checks the Terraform roots without an account: format, validity, linters, the
# tests of the modules and roots with the true provider and invented credentials,
# and the policies over what these tests planned: one plan serves both. An apply
# against mocks shows that all wires up. Each line says what passed and in how
# many seconds. Says that it is skipped where terraform or the provider's plugin
# folder is not there.
#   TF_PLUGINS     the plugin folder, with registry.terraform.io/... in it
#   CHECK_DIR      where the plans are left, from the root of the disk; else a folder
#                  that is removed
#   TFLINT, TFSEC  the linters' programs, where they are
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
plugins=${TF_PLUGINS:-/opt/tf-plugins}
unset TF_CLI_CONFIG_FILE # where it names a file that is not there, terraform warns at each call

if ! command -v terraform >/dev/null 2>&1; then
	echo 'SKIPPED: terraform is not here; nothing of deploy/terraform was checked' >&2
	exit 0
fi
if [ ! -d "$plugins/registry.terraform.io/hashicorp/aws" ]; then
	echo "SKIPPED: no AWS provider under $plugins (set TF_PLUGINS); nothing of deploy/terraform was checked" >&2
	exit 0
fi

terraform fmt -check -recursive "$here"

if [ -n "${CHECK_DIR:-}" ]; then
	work=$CHECK_DIR
	mkdir -p "$work"
else
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
fi
roots=$work/tree/deploy/terraform # the rules lie beside them, as in the repository
rm -rf "$work/tree"
mkdir -p "$work/tree/deploy"
cp -R "$here" "$roots"
cp -R "$here/../../observability" "$work/tree/observability"
cp -R "$here/../clamd" "$here/../compose" "$work/tree/deploy"
find "$roots" -name .terraform -type d -prune -exec rm -rf {} +

# override ROOT ALIAS...: the root with invented credentials and a local state.
override() {
	root=$1
	shift
	{
		if [ "$root" != bootstrap ]; then
			printf 'terraform {\n  backend "local" {}\n}\n'
		fi
		for alias in '' "$@"; do
			printf 'provider "aws" {\n'
			if [ -n "$alias" ]; then printf '  alias = "%s"\n' "$alias"; fi
			printf '  access_key = "invented"\n  secret_key = "invented"\n  allowed_account_ids = null\n'
			printf '  skip_credentials_validation = true\n  skip_metadata_api_check = true\n  skip_requesting_account_id = true\n}\n'
		done
	} >"$roots/$root/check_override.tf"
}

# say WHAT ENDED BEGAN: a line of the check's own.
say() { printf '%-14s %s (%d s)\n' "$1" "$2" "$(($(date +%s) - $3))"; }

# quietly COMMAND...: shows what it said only where it fails.
quietly() {
	"$@" >"$work/last.log" 2>&1 || { cat "$work/last.log" >&2; exit 1; }
}

# complaints FILE: the errors among what terraform test -json printed, each as
# file, run, line of the assertion, what is wrong.
complaints() {
	grep '^{"@level":"error"' "$1" |
		sed 's/^{"@level":"error","@message":"\(.*\)","@module":"terraform.ui","@testfile":\(.*\),"@timestamp".*"detail":"\(.*\)","range".*"start":{"line":\([0-9]*\).*/\2 line \4: \1: \3/'
}

# tested ROOT NAME VARIABLES FILE...: the root's tests in these files. What each
# planned stays as lines of JSON for the policies.
tested() {
	root=$1 name=$2 variables=$3 began=$(date +%s)
	shift 3
	for file in "$@"; do
		set -- "$@" "-filter=tests/$file.tftest.hcl"
		shift
	done
	terraform -chdir="$roots/$root" test -json -verbose -no-color "-var-file=$variables" "$@" >"$work/$name.json" ||
		{ complaints "$work/$name.json" >&2; exit 1; }
	say "$name" "$(sed -n 's/.*"@message":"\(Success![^"]*\)".*/\1/p' "$work/$name.json")" "$began"
}

override bootstrap
override account replica
override environment us_east_1 replica
for root in bootstrap account environment; do
	began=$(date +%s)
	quietly terraform -chdir="$roots/$root" init -lockfile=readonly -plugin-dir="$plugins" -input=false -no-color
	quietly terraform -chdir="$roots/$root" validate -no-color
	say "$root" valid "$began"
done
for module in "$roots"/modules/*/; do
	began=$(date +%s)
	quietly terraform -chdir="$module" init -backend=false -plugin-dir="$plugins" -input=false -no-color
	quietly terraform -chdir="$module" test -no-color
	say "$(basename "$module")" "$(grep '^Success' "$work/last.log")" "$began"
done
tested bootstrap bootstrap check.tfvars bootstrap
tested account account check.tfvars account
tested environment staging env/staging.tfvars staging
tested environment production env/production.tfvars production refusals
tested environment production-dr env/production-dr.tfvars production-dr
tested environment options env/options.check.tfvars options apply
began=$(date +%s)
(cd "$here/../.." && TERRAFORM_PLANS=$work go test -count=1 ./deploy/terraform)
say policies judged "$began"
if command -v aws >/dev/null 2>&1; then
	(cd "$here/../.." && go test -count=1 -run AWSTakesTheCalls ./deploy/rollout -aws)
else
	echo 'SKIPPED: aws is not here; its command line did not judge the calls of deploy/rollout' >&2
fi
