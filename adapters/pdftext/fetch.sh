#!/bin/sh
# Fetches the PDFium WebAssembly module to .local/pdfium of the source tree,
# with npm, at the version and integrity of fetch/package-lock.json, and checks
# the module's own hash. Does nothing when the right file is there already, and
# may run several times at once: each run works in a directory of its own and
# the last step is a rename.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../.." && pwd)
version=2.15.1
sum=5e4cd023c3dad4a895b3571ca573d3fc51bac6de48360d95283134385b954eaa
dir=$root/.local/pdfium
target=$dir/pdfium-$version.wasm

hash_of() {
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum "$1" | cut -d ' ' -f 1
	else
		shasum -a 256 "$1" | cut -d ' ' -f 1
	fi
}

right() { [ -f "$1" ] && [ "$(hash_of "$1")" = "$sum" ]; }

debian() { [ -f /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; }

# need_npm leaves npm on the PATH or ends with the line to type.
need_npm() {
	command -v npm >/dev/null 2>&1 && return
	if debian && [ "$(id -u)" = 0 ]; then
		echo "pdfium: installing npm" >&2
		export DEBIAN_FRONTEND=noninteractive
		{ apt-get install -y --no-install-recommends npm ||
			{ apt-get update && apt-get install -y --no-install-recommends npm; }; } >&2 && return
	fi
	echo "pdfium: npm is needed to fetch the PDF reader and is not installed. Type:" >&2
	if [ "$(uname -s)" = Darwin ]; then
		echo "  brew install node" >&2
	elif debian; then
		echo "  sudo apt-get install -y --no-install-recommends npm" >&2
	else
		echo "  install Node.js with npm from your distribution" >&2
	fi
	echo "and then: make pdfium" >&2
	exit 1
}

if right "$target"; then
	exit 0
fi
need_npm
mkdir -p "$dir"
# A folder of our own, so that two runs at once do not meet; it lies beside the
# target, so that the last mv is a rename. The X's are what mktemp fills in.
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp "$here/fetch/package.json" "$here/fetch/package-lock.json" "$work/"
if ! (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1); then
	cat "$work/npm.log" >&2
	echo "pdfium: npm could not fetch @embedpdf/pdfium $version (is the registry reachable?)" >&2
	exit 1
fi
module=$work/node_modules/@embedpdf/pdfium/dist/pdfium.wasm
if ! right "$module"; then
	echo "pdfium: the fetched module is not the pinned one: expected sha256 $sum" >&2
	exit 1
fi
chmod 644 "$module"
mv -f "$module" "$target"
echo "pdfium: $target"
