#!/usr/bin/env bash
# Sets everything up, then checks style and types and runs the tests, on the real applications: a missing one is a failure.
# Arguments go to pytest.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup dev

# All checks run, so that one look shows everything; pytest comes last, so that its summary ends the output.
failed=()
check() {
    printf '== %s\n' "$*"
    "$PY" -P -m "$@" || failed+=("$1")
}
check ruff check .
check ruff format --check .
check pyright
if [ "${#failed[@]}" != 0 ]; then printf '== failed: %s\n' "${failed[*]}"; fi
printf '== pytest\n'
code=0
"$PY" -P -m pytest "$@" || code=$?
if [ "$code" = 0 ] && [ "${#failed[@]}" != 0 ]; then code=1; fi
exit "$code"
