#!/usr/bin/env bash
# One line per service; exit code 0 only if the gateway and every enabled application answer.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if ! is_set_up; then
    echo "gateway      down         not set up: run scripts/start_all.sh"
    exit 1
fi
cadgate status "$@"
