#!/bin/sh
# Fetches the real PDFs of the reading test to .local/realpdfs of the source
# tree: documents out of the Debian packages that papers.txt names. None of
# them is part of the source. Needs Debian's apt-get, dpkg-deb and a package
# list (as root the list is fetched when it is missing); it installs nothing.
# A file of the recorded version must have the recorded hash; one of another
# version is taken as it is, and said so.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
dir=$root/.local/realpdfs
tab=$(printf '\t')

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# target PACKAGE PATH is where the PDF is kept.
target() { printf '%s/%s--%s' "$dir" "$1" "$(basename "${2%.gz}" | tr ' ' '-')"; }

missing() {
	while IFS=$tab read -r _ package _ path; do
		[ -f "$(target "$package" "$path")" ] || echo "$package"
	done <"$here/papers.txt" | sort -u
}

if [ -z "$(missing)" ]; then
	exit 0
fi
for tool in apt-get dpkg-deb sha256sum; do
	command -v $tool >/dev/null 2>&1 || { echo "real PDFs: $tool is needed (a Debian system)" >&2; exit 1; }
done
if ! apt-cache show groff >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	apt-get update -qq
fi
mkdir -p "$dir"
# Beside the target, so that a finished file moves in one step; removed at the end.
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# take PACKAGE unpacks the package's documents, one by one.
take() {
	(cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$1" >/dev/null 2>"$work/log") || { cat "$work/log" >&2; return 1; }
	deb=$(find "$work" -name "$1_*.deb")
	version=$(dpkg-deb -f "$deb" Version)
	grep "$tab$1$tab" "$here/papers.txt" | while IFS=$tab read -r sum package pinned path; do
		dpkg-deb --fsys-tarfile "$deb" | tar -xO "./$path" >"$work/paper"
		case $path in *.gz) gunzip -c <"$work/paper" >"$work/plain" && mv "$work/plain" "$work/paper" ;; esac
		if [ "$version" != "$pinned" ]; then
			echo "real PDFs: $package is $version, recorded was $pinned" >&2
		elif [ "$(hash_of "$work/paper")" != "$sum" ]; then
			echo "real PDFs: $path of $package $version does not have its recorded hash" >&2
			return 1
		fi
		mv "$work/paper" "$(target "$package" "$path")"
	done || { rm "$deb"; return 1; }
	rm "$deb"
}

faults=0
for package in $(missing); do
	take "$package" || { echo "real PDFs: $package cannot be had" >&2; faults=1; }
done
exit $faults
