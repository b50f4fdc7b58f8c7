#!/usr/bin/env bash
# The quick check before a commit: style, layers, types, and the tests that need no application. Arguments go to pytest.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup_packages dev

# The types are checked in parallel with all the rest, as they take as long.
types_log="$(mktemp)"
files_in_memory
trap 'forget_files "$?"; rm -f "$types_log"' EXIT
types >"$types_log" 2>&1 &
types_job=$!
check_source

printf '== pytest, without the applications\n'
code=0
# The tests are selected by path, so that those on the applications are not even imported; the mark decides. A test that
# starts an application nevertheless finds none.
BLENDER_CMD=/nowhere FREECAD_CMD=/nowhere "$PY" -P -m pytest -n 2 --dist loadfile -q -m "not real and not slow" \
    tests/core tests/docs tests/test_blender tests/test_freecad tests/test_*.py "$@" || code=$?
if [ "$code" != 0 ]; then failed+=("pytest"); fi

printf '== types\n'
wait "$types_job" || failed+=("types")
cat "$types_log"
if [ "${#failed[@]}" != 0 ]; then
    printf '== failed: %s\n' "${failed[*]}"
    exit 1
fi
# No line of the changelog is wrong for what nobody notices, so this fails nothing.
base="$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || true)"
if [ -n "$base" ] && git diff --quiet "$base" -- CHANGELOG.md && ! git diff --quiet "$base" -- 'core/src' 'adapters/*/src'; then
    printf '== note: the source differs from that of main, and CHANGELOG.md does not\n'
fi
printf '== all well; scripts/test.sh runs the tests on the applications too\n'
