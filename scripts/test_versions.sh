#!/usr/bin/env bash
# Runs tests of the adapters, the restore tests and a short fault run on other versions of Blender and FreeCAD, and puts
# what it saw into the table of docs/VERSIONS.md. Takes hours for all of them; arguments choose:
#
#   scripts/test_versions.sh                      everything that can be made on this machine
#   scripts/test_versions.sh blender-5.2 freecad-1.1
#   CADGATE_VERSIONS_RUNS="restored faults" scripts/test_versions.sh blender-4.5     some columns of the table
#   scripts/test_versions.sh smoke                a minute: Blender 5.2 on Python 3.13, if there is one
#
# blender-4.2 … blender-5.3 are wheels, in virtual environments of Python 3.11 or 3.13. blender-4.3-program and
# freecad-1.0 are Debian 13's, blender-5.2-program and freecad-1.1 those of Debian sid: as root, in chroots that
# debootstrap makes. CADGATE_VERSIONS names the folder of all that (default: /var/tmp/cadgate-versions, 15 GB);
# `scripts/test_versions.sh remove` unmounts and removes it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PLACE="${CADGATE_VERSIONS:-/var/tmp/cadgate-versions}"
KILLS="${CADGATE_VERSIONS_KILLS:-40}"
RUNS="${CADGATE_VERSIONS_RUNS:-tests restored faults}"
ALL=(blender-4.2 blender-4.3-program blender-4.5 blender-5.0 blender-5.1 blender-5.2 blender-5.2-program blender-5.3
    freecad-0.20 freecad-1.0 freecad-1.1)
BLENDER_TESTS=(tests/test_blender tests/test_api/test_blender_{animation,constraints,data,errors,exchange,frames}.py
    tests/test_api/test_blender_{boolean_materials,builds,joining,lights_cameras,materials,mesh_operations,modifiers,nodes}.py
    tests/test_api/test_blender_{operators,own_normals,passes,scene}.py
    tests/test_api/test_blender_{truth_animated,truth_export,undo,uv}.py)
FREECAD_TESTS=(tests/test_freecad tests/test_api/test_freecad_{body_features,boolean,documents,duplicates,errors}.py
    tests/test_api/test_freecad_{exchange,features,links_groups,objects,parameters,primitives,versions}.py)
CHROOTS=(proc dev tmp)

cell() { "$PY" scripts/versions_table.py "$row" "$1" "$2"; }
note() { echo "$row: $1" >>"$PLACE/failed"; }
skip() { say "$row: $*"; for column in $RUNS; do cell "$column" "skipped: $*"; done; }

# --- places ---------------------------------------------------------------------------------------------------------

# The first Python of a minor version, with venv; nothing if there is none.
python_of() {
    local candidate
    while IFS= read -r candidate; do
        if [ -x "$candidate" ] && makes_venvs "$candidate" &&
            "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done < <(pythons; command -v pyenv >/dev/null && printf '%s\n' "$(pyenv root)/versions/$1".*/bin/python3)
}

# An environment with everything that the tests need, without Blender: make_base PYTHON FOLDER. It is made again when
# what is needed has changed, or when it was made for another folder, whose sources it would run.
make_base() {
    local wanted
    wanted="$ROOT $(asked_for dev)"
    if [ "$(cat "$2/.made" 2>/dev/null)" = "$wanted" ]; then return; fi
    "$1" -m venv --clear "$2"
    local pip=("$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-input)
    "${pip[@]}" -c constraints.txt -r requirements.txt -r requirements-dev.txt ||
        "${pip[@]}" -r requirements.txt -r requirements-dev.txt
    printf '%s\n' "$wanted" >"$2/.made"
}

# wheel VERSION MINOR_OF_PYTHON: sets `python` to an environment with this wheel, whose other packages are those of a base.
wheel() {
    local interpreter venv="$PLACE/blender-$1" base site
    interpreter="$(python_of "$2")"
    if [ -z "$interpreter" ]; then skip "there is no Python $2 here"; return 1; fi
    if is_python "$PY" "$2"; then base="$VENV"; else base="$PLACE/python-$2"; make_base "$interpreter" "$base"; fi
    if [ ! -e "$venv/.made" ]; then
        "$interpreter" -m venv --clear "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "bpy==$1.*" ||
            { skip "pip has no wheel of it for Python $2"; return 1; }
        touch "$venv/.made"
    fi
    site="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    "$base/bin/python" -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
        >"$site/zz_cadgate.pth"
    python="$venv/bin/python"
}
is_python() { "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$2')"; }

# chroot_of SUITE: make a chroot with both applications, in which this folder and /tmp are where they are outside.
chroot_of() {
    local root="$PLACE/$1" mirror each
    if [ "$(id -u)" != 0 ]; then skip "chroots need root"; return 1; fi
    command -v debootstrap >/dev/null || apt_install debootstrap || { skip "there is no debootstrap"; return 1; }
    if [ ! -e "$root/.made" ]; then
        mirror="$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
            grep -Eo 'https?://[^ ]*/debian( |$)' | head -n 1 | tr -d ' ')"
        [ -n "$mirror" ] || { skip "no mirror of Debian is among the sources of apt"; return 1; }
        debootstrap --variant=minbase --include=ca-certificates "$1" "$root" "$mirror" \
            >"$root.log" 2>&1 || { skip "debootstrap failed: see $root.log"; return 1; }
        printf 'Acquire::Check-Valid-Until "false";\n' >"$root/etc/apt/apt.conf.d/99cadgate"
    fi
    for each in "${CHROOTS[@]}"; do mountpoint -q "$root/$each" || mount --rbind "/$each" "$root/$each"; done
    for each in "${CHROOTS[@]}"; do mount --make-rslave "$root/$each"; done
    # shellcheck disable=SC2174 - only the last folder matters
    mkdir -p "$root$ROOT"
    mountpoint -q "$root$ROOT" || mount --bind "$ROOT" "$root$ROOT"
    if [ ! -e "$root/.made" ]; then
        chroot "$root" apt-get update -qq >>"$root.log" 2>&1
        DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends \
            freecad-python3 blender python3-zstandard libegl1 libgl1-mesa-dri procps >>"$root.log" 2>&1 ||
            { skip "apt failed: see $root.log"; return 1; }
        touch "$root/.made"
    fi
}

# A program that runs one of a chroot: program SUITE NAME.
program() {
    local path="$PLACE/$2-$1"
    # shellcheck disable=SC2016 - for the shell inside
    printf '#!/bin/sh\nexec /usr/sbin/chroot %s /bin/sh -c '\''cd "$1" 2>/dev/null; shift; exec "$@"'\'' sh "$PWD" /usr/bin/%s "$@"\n' \
        "$PLACE/$1" "$2" >"$path"
    chmod +x "$path"
    printf '%s' "$path"
}

remove() {
    local mounted
    # Deepest first; never remove a folder with something mounted in it.
    while IFS= read -r mounted; do umount "$mounted"; done < <(awk -v place="$PLACE/" 'index($2, place) == 1 { print $2 }' /proc/mounts | sort -r)
    if grep -q " $PLACE/" /proc/mounts; then fail "something is still mounted below $PLACE"; fi
    rm -rf --one-file-system "$PLACE"
}

# --- runs -----------------------------------------------------------------------------------------------------------

# run_all ADAPTER TESTS...: the kinds of runs that were asked for, with `python`.
run_all() {
    local adapter="$1" other=freecad reports="$PLACE/reports/$row" states run
    shift
    if [ "$adapter" = freecad ]; then other=blender; fi
    mkdir -p "$reports"
    # In /tmp, which the programs in a chroot see too.
    states="$(mktemp -d /tmp/cadgate-versions.XXXXXX)"
    for run in $RUNS; do
        rm -f "$reports/$run".*
        case "$run" in
        tests) run_tests tests "$@" ;;
        restored) run_tests restored tests/faults/test_restored_state.py ;;
        faults) run_faults ;;
        *) fail "unknown run $run: choose from tests restored faults" ;;
        esac
    done
    # What runs in one version must not be left to the next.
    rm -rf "$states"
}

run_tests() {
    local column="$1"
    shift
    "$python" -P -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q -p no:cacheprovider \
        --timeout 600 --basetemp "$states/tests" -k "not $other" \
        --junitxml "$reports/$column.xml" "$@" >"$reports/$column.log" 2>&1 || note "$column"
    cell "$column" "$reports/$column.xml"
}

run_faults() {
    local count
    if "$python" -m tests.faults --adapter "$adapter" --kills "$KILLS" >"$reports/faults.log" 2>&1; then
        cell faults "$KILLS kills, nothing lost, doubled or different"
    else
        note faults
        count="$(grep -cE "^$adapter: (lost|doubled|different|failed): " "$reports/faults.log" || true)"
        if [ "$count" = 0 ]; then cell faults "**ended without a result**"; return; fi
        cell faults "**$KILLS kills: $count faults**"
    fi
}

one() {
    local python="$PY" suite
    row="$1"
    say "$row"
    case "$row" in
    blender-*-program)
        suite=trixie
        if [ "$row" = blender-5.2-program ]; then suite=sid; fi
        chroot_of "$suite" || return 0
        BLENDER_CMD="$(program "$suite" blender)"
        export BLENDER_CMD TEST_CADGATE_BLENDER_SANDBOX=none
        cell application "$("$BLENDER_CMD" --background --version 2>/dev/null | head -n 1), Debian $suite"
        run_all blender "${BLENDER_TESTS[@]:1}"
        ;;
    blender-4.2 | blender-4.5 | blender-5.0) wheel "${row#blender-}" 3.11 || return 0 ;;&
    blender-5.1 | blender-5.2 | blender-5.3) wheel "${row#blender-}" 3.13 || return 0 ;;&
    blender-?.?)
        cell application "$("$python" -c 'import os, platform, bpy; print("Blender", bpy.app.version_string + ", Python", platform.python_version(), flush=True); os._exit(0)' | tail -n 1)"
        run_all blender "${BLENDER_TESTS[@]}"
        ;;
    freecad-0.20)
        cell application "$(freecad_version freecadcmd)"
        run_all freecad "${FREECAD_TESTS[@]}"
        ;;
    freecad-1.0 | freecad-1.1)
        suite=trixie
        if [ "$row" = freecad-1.1 ]; then suite=sid; fi
        chroot_of "$suite" || return 0
        FREECAD_CMD="$(program "$suite" freecadcmd)"
        export FREECAD_CMD TEST_CADGATE_FREECAD_SANDBOX=none
        cell application "$(freecad_version "$FREECAD_CMD"), Debian $suite"
        run_all freecad "${FREECAD_TESTS[@]}"
        ;;
    *) fail "unknown version $row: choose from ${ALL[*]}" ;;
    esac
}

freecad_version() {
    local script
    script="$(mktemp --suffix .py)"
    echo 'import FreeCAD; print("FreeCAD", ".".join(FreeCAD.Version()[:3]))' >"$script"
    "$1" "$script" 2>/dev/null | grep -o 'FreeCAD [0-9][0-9.]*$' | head -n 1
    rm -f "$script"
}

# The short form for continuous integration: the newest wheel's own tests, if there is a Python for it here.
smoke() {
    local interpreter venv="$PLACE/smoke"
    interpreter="$(python_of 3.13)"
    if [ -z "$interpreter" ]; then say "SKIPPED Blender 5.2: there is no Python 3.13 here"; return; fi
    "$interpreter" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt \
        -r requirements.txt pytest pytest-timeout httpx
    "$venv/bin/python" -P -m pytest -q -p no:cacheprovider \
        tests/test_blender/test_versions.py tests/test_blender/test_decided.py tests/test_blender/test_launcher.py
}

if [ "${1:-}" = remove ]; then remove; exit; fi
if [ "${1:-}" = smoke ]; then mkdir -p "$PLACE"; smoke; exit; fi
setup dev
mkdir -p "$PLACE"
chosen=("$@")
if [ "${#chosen[@]}" = 0 ]; then chosen=("${ALL[@]}"); fi
rm -f "$PLACE/failed"
# In a shell of its own, which keeps the variables of one version from the next.
for row in "${chosen[@]}"; do (one "$row") || note "ended early"; done
sed -n '/<!-- table: begin -->/,/<!-- table: end -->/p' docs/VERSIONS.md
if [ -e "$PLACE/failed" ]; then fail "failed: $(paste -s -d, "$PLACE/failed")"; fi
