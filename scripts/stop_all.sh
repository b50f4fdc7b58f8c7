#!/usr/bin/env bash
# Stops the gateway and everything that it started, gracefully; succeeds even if nothing is running.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if ! is_set_up; then
    echo "nothing is running: this folder was never set up"
    exit 0
fi
cadgate down "$@"
