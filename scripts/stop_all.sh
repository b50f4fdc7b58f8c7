#!/usr/bin/env bash
# Stops the gateway and all that it started, gracefully; succeeds also when nothing runs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if ! is_set_up; then
    echo "nothing runs: this folder was never set up"
    exit 0
fi
cadgate down "$@"
