#!/bin/sh
# Lints docs/openapi.json and docs/openapi-3.0.json with Spectral at the version
# and integrity of package-lock.json, and proves that the rules bite: a document
# with a fault planted for each of them must be found at fault. Spectral is kept
# in the folder named by SPECTRAL_DIR, .local/spectral of the source tree where
# it is not set. Without npm it says that nothing was linted, and why.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=${SPECTRAL_DIR:-$root/.local/spectral}

if ! command -v npm >/dev/null 2>&1 || ! command -v node >/dev/null 2>&1; then
	echo 'lint-openapi: SKIPPED: npm is not installed, and Spectral comes from it.' >&2
	echo 'lint-openapi: the OpenAPI documents were NOT linted. Install Node.js with npm and run it again.' >&2
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# A copy of the lock beside the modules tells whether they are the pinned ones.
if ! cmp -s "$here/package-lock.json" "$dir/installed.json"; then
	mkdir -p "$dir"
	rm -f "$dir/installed.json"
	cp "$here/package.json" "$here/package-lock.json" "$dir/"
	if ! (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >"$work/npm.log" 2>&1); then
		cat "$work/npm.log" >&2
		echo 'lint-openapi: npm could not fetch Spectral (is the registry reachable?)' >&2
		exit 1
	fi
	cp "$here/package-lock.json" "$dir/installed.json"
fi

spectral() {
	node "$dir/node_modules/@stoplight/spectral-cli/dist/index.js" lint --ruleset "$here/.spectral.yaml" --fail-severity warn --quiet "$@"
}

cd "$root"
spectral docs/openapi.json docs/openapi-3.0.json

node "$here/plant.mjs" docs/openapi.json "$work/broken.json" >"$work/rules"
if spectral --format json "$work/broken.json" >"$work/found" 2>&1; then
	echo 'lint-openapi: a document full of planted faults was passed' >&2
	exit 1
fi
while read -r rule; do
	if ! grep -q "\"code\": \"$rule\"" "$work/found"; then
		echo "lint-openapi: the fault planted for $rule was not found" >&2
		exit 1
	fi
done <"$work/rules"
echo "lint-openapi: no faults; $(wc -l <"$work/rules" | tr -d ' ') planted ones were found"
