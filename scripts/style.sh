#!/usr/bin/env bash
# Checks style and format; with --fix, corrects them where possible.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup_packages dev
if [ "${1:-}" = --fix ]; then
    "$PY" -P -m ruff check --fix .
    "$PY" -P -m ruff format .
else
    check "ruff check" "$PY" -P -m ruff check .
    check "ruff format" "$PY" -P -m ruff format --check .
    if [ "${#failed[@]}" != 0 ]; then fail "scripts/style.sh --fix makes most of it right"; fi
fi
