#!/bin/sh
# Builds the images' contents, and with an engine the images: deploy/images.sh
# [contents] [SERVICE...]. The contents of one commit are the same bytes each
# time: the build sees no path, no clock and no C.
#   OUT          where the contents are laid out; bin/images
#   TAG          tag of the images; the commit
set -eu
cd "$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)/.."

only=
if [ "${1:-}" = contents ]; then
	only=contents
	shift
fi
services=${*:-api worker webhook migrate navigator}
out=${OUT:-bin/images}
revision=$(git rev-parse HEAD)
tag=${TAG:-$(git rev-parse --short=12 HEAD)}
SOURCE_DATE_EPOCH=$(git show -s --format=%ct HEAD)
created=$(TZ=UTC git show -s --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd HEAD)
export SOURCE_DATE_EPOCH CGO_ENABLED=0 GOOS=linux GOARCH="${GOARCH:-amd64}" GOFLAGS=

# roots prints the roots of trust of this machine.
roots() {
	for file in "${CA_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
		if [ -n "$file" ] && [ -s "$file" ]; then
			cat "$file"
			return
		fi
	done
	echo 'images: no roots of trust on this machine: install ca-certificates, or set CA_FILE' >&2
	return 1
}

# recipe SERVICE: the Dockerfile, with what its labels say written into it. What
# runs once and ends (migrate, navigator) has no port and no health.
recipe() {
	once=
	case $1 in migrate | navigator) once='/^EXPOSE/d;/^HEALTHCHECK/d' ;; esac
	sed -e "s/^ARG SERVICE\$/ARG SERVICE=$1/" -e "s/^ARG VERSION\$/ARG VERSION=$tag/" -e "s/^ARG REVISION\$/ARG REVISION=$revision/" \
		-e "s/^ARG CREATED\$/ARG CREATED=$created/" -e "$once" deploy/Dockerfile
}

# programs: all of them at once, so that their links share the machine.
programs() {
	rm -rf "$out/.programs"
	mkdir -p "$out/.programs"
	# shellcheck disable=SC2046 # one argument a service
	go build -trimpath -buildvcs=true -tags timetzdata -ldflags='-s -w -buildid=' -o "$out/.programs/" $(printf './cmd/%s ' $services)
}

# lay SERVICE: everything that goes into its image, as of the commit's time.
lay() {
	dir=$out/$1
	rm -rf "$dir"
	mkdir -p "$dir/root/etc/ssl/certs" "$dir/root/tmp"
	chmod 1777 "$dir/root/tmp"
	roots >"$dir/root/etc/ssl/certs/ca-certificates.crt"
	cp .local/pdfium/pdfium-*.wasm "$dir/root/pdfium.wasm"
	chmod 644 "$dir/root/pdfium.wasm" "$dir/root/etc/ssl/certs/ca-certificates.crt"
	mv "$out/.programs/$1" "$dir/app"
	GOARCH= go run ./deploy/sbom "$dir/app" >"$dir/sbom.json"
	recipe "$1" >"$dir/Dockerfile"
	printf '*\n!app\n!root\n' >"$dir/.dockerignore"
	find "$dir" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	(cd "$dir" && sha256sum app sbom.json root/pdfium.wasm) | sed "s|^|$1 |"
}

# build SERVICE: its image, from what was laid out.
build() {
	DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build --quiet -t "navigator/$1:$tag" "$out/$1"
}

adapters/pdftext/fetch.sh
programs
for service in $services; do
	lay "$service"
	if [ -z "$only" ]; then build "$service"; fi
done
rmdir "$out/.programs"
