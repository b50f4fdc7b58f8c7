#!/usr/bin/env bash
# Sets everything up, starts the gateway in the background with all applications, waits for them, prints the URLs.
# Options are those of `cadgate up`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup
cadgate up "$@"
