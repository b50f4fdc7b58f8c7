#!/usr/bin/env bash
# Sets everything up, then checks style and types and runs the tests, on the real applications: a missing one is a failure.
# Arguments go to pytest.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup dev
files_in_memory
trap 'forget_files "$?"' EXIT

# The tests are compiled once, by the core that the checks leave free: else each of pytest's workers would do all of it.
"$PY" -P -m pytest --collect-only -q >/dev/null 2>&1 &
compiling=$!
# The checker of types is fetched meanwhile, where it is not there yet.
"$PY" -P -m pyright --version >/dev/null 2>&1 &
fetching=$!
# pytest comes last, so that its summary ends the output.
check_source
wait "$compiling" "$fetching" || true  # pytest says later what is wrong with a test
check "types" types
if [ "${#failed[@]}" != 0 ]; then printf '== failed: %s\n' "${failed[*]}"; fi
printf '== pytest\n'
code=0
# Most tests wait for an application: three of them at a time keep two cores busy. Tests of a file share a gateway. The
# files are in the order of tests/schedule.py.
"$PY" -P -m pytest -n 3 --dist loadfile --no-loadscope-reorder "$@" || code=$?
if [ "$code" = 0 ] && [ "${#failed[@]}" != 0 ]; then code=1; fi
exit "$code"
