#!/usr/bin/env bash
# Reports how much of the gateway's own code the quick tests run, and fails below `fail_under`. pyproject.toml says what
# counts, and how much has to be.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup_packages dev
BLENDER_CMD=/nowhere FREECAD_CMD=/nowhere "$PY" -P -m pytest -n 2 --dist loadfile -q -m "not real and not slow" \
    --cov --cov-report= --cov-fail-under=0 tests/core tests/docs tests/test_blender tests/test_freecad tests/test_*.py "$@"
"$PY" -P -m coverage report
