#!/usr/bin/env bash
# Serves agents on standard input and output (MCP): sets up where that is needed, and starts the gateway where none runs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup >&2
exec "$PY" -P -m cadgate mcp "$@"
