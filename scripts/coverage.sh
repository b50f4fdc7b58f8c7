#!/usr/bin/env bash
# Reports how much of the gateway's own code the tests without applications run. pyproject.toml says what counts.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup_packages dev
BLENDER_CMD=/nowhere FREECAD_CMD=/nowhere "$PY" -P -m pytest -n 2 --dist loadfile -q -m "not real" \
    --cov --cov-report= tests/core tests/docs tests/test_blender tests/test_freecad tests/test_*.py "$@"
"$PY" -P -m coverage report
