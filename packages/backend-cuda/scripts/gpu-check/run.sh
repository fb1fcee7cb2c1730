#!/usr/bin/env bash
# Unpacks the package beside this script on a machine with an NVIDIA driver and runs the check; arguments go to it. Needs
# bash and python3, no network. The report is written to $OUT/gpu-check.json, or to the current folder without OUT.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="${GPU_CHECK_FOLDER:-/tmp/convoy-gpu-check}"
out="${OUT:-$PWD}"

if [ ! -x "$work/node" ]; then
  mkdir -p "$work"
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$here/app.tar.xz" "$work"
  chmod +x "$work/node"
fi

if [ -z "${CONVOY_DATA_DIR:-}" ] && [ -d "$PWD/shared/data" ]; then
  export CONVOY_DATA_DIR="$PWD/shared/data"
fi

cd "$work/app"
exec "$work/node" gpu-check/check.mjs --json "$out/gpu-check.json" "$@"
