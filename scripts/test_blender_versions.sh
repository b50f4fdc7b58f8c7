#!/usr/bin/env bash
# Runs the Blender adapter's tests on other versions of Blender, each in its own environment next to .venv.
# Arguments are versions; by default the oldest and the newest supported ones.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup dev

versions=("$@")
if [ "${#versions[@]}" = 0 ]; then versions=(4.2 5.0); fi
failed=()
for version in "${versions[@]}"; do
    venv="$ROOT/.venv-blender-$version"
    say "Blender $version in $venv"
    if [ ! -x "$venv/bin/python" ]; then "$PY" -m venv "$venv"; fi
    # Only Blender and what it needs: the rest is read from .venv, whose own Blender comes after it on the path.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "bpy==$version.*"
    site="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    "$PY" -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' >"$site/zz_cadgate.pth"
    "$venv/bin/python" -c 'import bpy, sys; print("Blender", bpy.app.version_string); sys.stdout.flush(); __import__("os")._exit(0)'
    "$venv/bin/python" -P -m pytest -q -p no:cacheprovider tests/test_api/test_blender_*.py tests/faults/test_restored_state.py || failed+=("$version")
done
if [ "${#failed[@]}" != 0 ]; then fail "failed on Blender ${failed[*]}"; fi
say "passed on Blender ${versions[*]}"
