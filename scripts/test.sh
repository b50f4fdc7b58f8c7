#!/usr/bin/env bash
# Sets everything up, then checks style and types and runs the tests, on the real applications: a missing one is a failure.
# Arguments go to pytest.
set -euo pipefail
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
# Its first run fetches the checker itself by npm: where that cannot be had, nothing was found out about the types.
if "$PY" -P -m pyright --version >/dev/null; then check pyright --pythonpath "$PY"; else say "types were NOT checked: pyright could not be fetched"; fi
if [ "${#failed[@]}" != 0 ]; then printf '== failed: %s\n' "${failed[*]}"; fi
printf '== pytest\n'
code=0
# Most tests wait for an application: three of them at a time keep two cores busy. Tests of a file share a gateway.
"$PY" -P -m pytest -n 3 --dist loadfile "$@" || code=$?
if [ "$code" = 0 ] && [ "${#failed[@]}" != 0 ]; then code=1; fi
exit "$code"
