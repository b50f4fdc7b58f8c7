#!/usr/bin/env bash
# Runs the gateway in the foreground. Options are those of `cadgate serve`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup
exec "$PY" -P -m cadgate serve "$@"
