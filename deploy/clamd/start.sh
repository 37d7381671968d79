#!/bin/sh
# Starts clamd once it has signatures, and keeps them fresh beside it. Without
# any it ends, and is started again: documents wait for it meanwhile.
set -eu
home=${CLAMD_HOME:-/etc/clamd}
mkdir -p "${CLAMD_DATA:-/tmp/clamav}"
freshclam --config-file="$home/freshclam.conf" --stdout
freshclam --config-file="$home/freshclam.conf" --stdout --daemon --foreground &
exec clamd --config-file="$home/clamd.conf"
