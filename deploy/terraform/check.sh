#!/bin/sh
# Checks the Terraform roots without an account: format, validity, the modules'
# own tests, and a plan of each root and environment with the true provider and
# invented credentials, which the policy tests then judge. Says that it is
# skipped where terraform or the provider's plugin folder is not there.
#   TF_PLUGINS   the plugin folder, with registry.terraform.io/... in it
#   CHECK_DIR    where the plans are left, from the root of the disk; else a folder
#                that is removed
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
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

# plan ROOT NAME VARIABLES: the plan, as JSON.
plan() {
	terraform -chdir="$roots/$1" plan -input=false -no-color -lock=false -refresh=false -var-file="$3" -out="$work/$2.plan" >"$work/$2.log" ||
		{ cat "$work/$2.log" >&2; exit 1; }
	terraform -chdir="$roots/$1" show -json "$work/$2.plan" >"$work/$2.json"
	printf '%-14s %s\n' "$2" "$(grep '^Plan:' "$work/$2.log")"
}

override bootstrap
override account
override environment us_east_1 replica
for root in bootstrap account environment; do
	terraform -chdir="$roots/$root" init -lockfile=readonly -plugin-dir="$plugins" -input=false -no-color >"$work/init.log" ||
		{ cat "$work/init.log" >&2; exit 1; }
	printf '%-14s ' "$root"
	terraform -chdir="$roots/$root" validate -no-color
done
for module in task bucket service tool; do
	terraform -chdir="$roots/modules/$module" init -backend=false -plugin-dir="$plugins" -input=false -no-color >"$work/init.log" ||
		{ cat "$work/init.log" >&2; exit 1; }
	terraform -chdir="$roots/modules/$module" test -no-color >"$work/$module.log" ||
		{ cat "$work/$module.log" >&2; exit 1; }
	printf '%-14s %s\n' "$module" "$(grep '^Success' "$work/$module.log")"
done
plan bootstrap bootstrap check.tfvars
plan account account check.tfvars
for environment in staging production production-dr; do
	plan environment "$environment" "env/$environment.tfvars"
done
plan environment options env/options.check.tfvars
(cd "$here/../.." && TERRAFORM_PLANS=$work go test -count=1 ./deploy/terraform)
if command -v aws >/dev/null 2>&1; then
	(cd "$here/../.." && go test -count=1 -run AWSTakesTheCalls ./deploy/rollout -aws)
else
	echo 'SKIPPED: aws is not here; its command line did not judge the calls of deploy/rollout' >&2
fi
