# shellcheck shell=bash
# Shared by the scripts: paths, and `setup`, which makes .venv and installs into it. Sourced, not run.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="$ROOT/.venv"
PY="$VENV/bin/python"

# The scripts work in the repository, where plugins.toml and .env are; paths from the caller are relative to his folder.
absolute() { case "$1" in /* | "~"*) printf '%s' "$1" ;; *) printf '%s/%s' "$PWD" "$1" ;; esac; }
if [ -n "${CADGATE_PLUGINS:-}" ]; then CADGATE_PLUGINS="$(absolute "$CADGATE_PLUGINS")"; export CADGATE_PLUGINS; fi
if [ -n "${CADGATE_STATE_DIR:-}" ]; then CADGATE_STATE_DIR="$(absolute "$CADGATE_STATE_DIR")"; export CADGATE_STATE_DIR; fi
cd "$ROOT"
# What Python and pytest compile is kept for the next process, whatever the environment says.
export PYTHONDONTWRITEBYTECODE=

say() { printf 'cadgate: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
cadgate() { "$PY" -P -m cadgate "$@"; }
is_set_up() { [ -x "$PY" ] && "$PY" -P -c 'import cadgate' 2>/dev/null; }

# --- Debian and Ubuntu ------------------------------------------------------------------------------------------------

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
# not_installed PACKAGE...: those of them that are not, a line each.
not_installed() {
    local known package
    known="$(dpkg-query -W -f='${Package} ${Status}\n' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        grep -qxF "$package install ok installed" <<<"$known" || printf '%s\n' "$package"
    done
}
apt_install() {
    local options=(-y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
    export DEBIAN_FRONTEND=noninteractive
    # The lists of a fresh image are empty or old: a failure is tried once more with new ones.
    apt-get install "${options[@]}" "$@" >/dev/null 2>&1 && return
    apt-get update -qq >/dev/null 2>&1 || true
    apt-get install "${options[@]}" "$@" >&2
}

# --- Python -----------------------------------------------------------------------------------------------------------

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
makes_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }
takes_bpy() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 13)))' >/dev/null 2>&1; }

pythons() {
    # 3.11 and 3.13 first: Blender's wheels are made for them.
    local version name place
    if [ -n "${PYTHON:-}" ]; then printf '%s\n' "$PYTHON"; fi
    for version in 3.11 3.13 3.12 3.14; do
        command -v "python$version" || true
        for place in /usr/local/bin /usr/bin /opt/homebrew/bin; do printf '%s\n' "$place/python$version"; done
        for name in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3 \
            "$HOME/.local/share/uv/python/cpython-$version".*/bin/python3; do
            printf '%s\n' "$name"
        done
    done
    command -v python3 || true
}

find_python() {
    local candidate without_venv=""
    local usable=()
    while IFS= read -r candidate; do
        if [ ! -x "$candidate" ] || ! is_new_enough "$candidate"; then continue; fi
        if makes_venvs "$candidate"; then usable+=("$candidate"); else without_venv="${without_venv:-$candidate}"; fi
    done < <(pythons)
    for candidate in ${usable[@]+"${usable[@]}"}; do
        if [ "$candidate" = "${PYTHON:-}" ] || takes_bpy "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    # Debian ships Python without the module that makes environments.
    if [ -n "$without_venv" ] && can_apt && { [ "${#usable[@]}" = 0 ] || takes_bpy "$without_venv"; }; then
        say "installing the venv module of $without_venv"
        local version
        version="$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
        if apt_install "python$version-venv" && makes_venvs "$without_venv"; then
            printf '%s' "$without_venv"
            return
        fi
    fi
    if [ "${#usable[@]}" != 0 ]; then
        printf '%s' "${usable[0]}"
        return
    fi
    if [ -n "$without_venv" ]; then
        fail "$without_venv cannot make virtual environments: install its venv module (Debian: apt-get install python3-venv)"
    fi
    fail "no Python 3.11 or newer was found: install one, or name it with PYTHON=/path/to/python3"
}

make_venv() {
    if [ -x "$PY" ] && is_new_enough "$PY" && "$PY" -m pip --version >/dev/null 2>&1; then return; fi
    local python
    python="$(find_python)"
    say "making $VENV with $python"
    "$python" -m venv --clear "$VENV"
}

# --- Packages ---------------------------------------------------------------------------------------------------------

fingerprint() {
    "$PY" -c '
import hashlib, sys
digest = hashlib.sha256(sys.version.encode() + sys.prefix.encode())
for path in sys.argv[1:]:
    digest.update(open(path, "rb").read() + b"\0")
print(digest.hexdigest())' "$@"
}

# installed NAME: whether the stamp NAME was made for the current requirement files.
installed() { [ "$(cat "$VENV/.cadgate-$1" 2>/dev/null)" = "$(asked_for "$1")" ] && is_set_up; }
stamp() { asked_for "$1" >"$VENV/.cadgate-$1"; }
files_of() { if [ "$1" = dev ]; then echo requirements.txt requirements-dev.txt; else echo requirements.txt; fi; }
asked_for() {
    local files
    read -ra files <<<"$(files_of "$1")"
    fingerprint "${files[@]}" constraints.txt core/pyproject.toml adapters/*/pyproject.toml
}

# install run|dev: install all needed packages, unless exactly that was done before.
install() {
    if installed "$1"; then return; fi
    local file files arguments=()
    read -ra files <<<"$(files_of "$1")"
    for file in "${files[@]}"; do arguments+=(-r "$file"); done
    say "installing ${files[*]} (the first time this downloads some 400 MB, including Blender)"
    local pip=("$PY" -m pip install --quiet --disable-pip-version-check --no-input)
    export PIP_ROOT_USER_ACTION=ignore
    if ! "${pip[@]}" -c constraints.txt "${arguments[@]}"; then
        say "the tested versions in constraints.txt are not available here: trying the versions that the packages require"
        "${pip[@]}" "${arguments[@]}" || fail "the packages could not be installed: see pip's message above"
    fi
    stamp "$1"
    if [ "$1" = dev ]; then stamp run; fi
}

# Compile the sources once: applications in a sandbox cannot keep what they compile, and would do it at every start.
compile_sources() { "$PY" -m compileall -q core/src adapters/*/src >/dev/null || true; }

# The packages of the examples and of the tests' fakes are not installed, but lint-imports must find them.
find_uninstalled() {
    local site
    site="$("$PY" -P -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    printf '%s\n' "$PWD/tests/fakes" "$PWD"/examples/adapters/*/src >"$site/cadgate-checks.pth"
}

# --- Applications -----------------------------------------------------------------------------------------------------

has_bpy() { "$PY" -P -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("bpy") is None)'; }

# What bpy's shared library is linked to, and Mesa's software renderer for the engines that draw with OpenGL.
BLENDER_LIBRARIES=(libegl1 libgl1 libgl1-mesa-dri libice6 libsm6 libx11-6 libxext6 libxfixes3 libxi6 libxkbcommon0 libxrender1)

# Whether apt's Blender is one that the adapter works with.
has_new_blender() {
    local candidate
    candidate="$(apt-cache policy blender 2>/dev/null | sed -n 's/^ *Candidate: *//p')"
    [ -n "$candidate" ] && [ "$candidate" != "(none)" ] && dpkg --compare-versions "$candidate" ge 4.2
}

# Whether there is a FreeCAD: on PATH, where it usually is, or where the environment says.
has_freecad() {
    [ -n "${FREECAD_CMD:-}" ] || command -v freecadcmd >/dev/null || "$PY" -P -c '
from cadgate_freecad.launcher import FreeCADLauncher
from cadgate_freecad.settings import FreeCADSettings
FreeCADLauncher(FreeCADSettings()).plan()' 2>/dev/null
}

install_applications() {
    can_apt || return 0
    local plugins libraries=() missing=()
    if [ -z "${BLENDER_CMD:-}" ]; then mapfile -t libraries < <(not_installed "${BLENDER_LIBRARIES[@]}"); fi
    # Which adapters are active takes longer to find out than that nothing is missing for any of them.
    if [ "${#libraries[@]}" = 0 ] && { [ -n "${BLENDER_CMD:-}" ] || has_bpy; } && has_freecad; then return; fi
    # Nothing here where the settings are wrong: the start that follows says so.
    plugins="$(cadgate plugins 2>/dev/null || true)"
    if grep -Eq '^blender +active ' <<<"$plugins" && [ -z "${BLENDER_CMD:-}" ]; then
        if ! has_bpy; then
            say "there is no wheel of Blender for $("$PY" -V): Python 3.11 has that of 4.5 LTS, 3.13 that of 5.2 LTS"
            if ! command -v blender >/dev/null && has_new_blender; then missing+=(blender); fi
        fi
        missing+=(${libraries[@]+"${libraries[@]}"})
    fi
    if grep -Eq '^freecad +active ' <<<"$plugins" && ! has_freecad; then missing+=(freecad-python3); fi
    if [ "${#missing[@]}" = 0 ]; then return; fi
    say "installing by apt: ${missing[*]}"
    apt_install "${missing[@]}" || say "apt could not install them; \`scripts/start_all.sh\` continues with what is there"
}

# Applications run in a sandbox if there can be one; without it, they still start.
install_sandbox() {
    command -v bwrap >/dev/null && return 0
    can_apt || return 0
    say "installing by apt: bubblewrap"
    apt_install bubblewrap || say "apt could not install bubblewrap: applications run without a sandbox"
}

# What tests run besides: FreeCAD and the libraries of Blender, whichever adapters are active; the system's Chromium, which
# draws the pages; nginx and Caddy before them, on loopback; systemd's program that says what it has against the unit in
# docs/OPERATIONS.md; OpenSCAD, which draws pictures in an X server, for an example. No service of these needs to run.
install_for_tests() {
    can_apt || return 0
    local package missing=()
    mapfile -t missing < <(not_installed "${BLENDER_LIBRARIES[@]}")
    if [ -z "${FREECAD_CMD:-}" ] && ! command -v freecadcmd >/dev/null; then missing+=(freecad-python3); fi
    command -v bwrap >/dev/null || missing+=(bubblewrap)
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
        missing+=(chromium)
    command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
    command -v caddy >/dev/null || missing+=(caddy)
    command -v systemd-analyze >/dev/null || missing+=(systemd)
    command -v openscad >/dev/null || missing+=(openscad)
    command -v Xvfb >/dev/null || missing+=(xvfb)
    if [ "${#missing[@]}" = 0 ]; then return; fi
    say "installing by apt: ${missing[*]}"
    # All at once takes a fraction of the time; one by one, the others come in spite of one that cannot.
    apt_install "${missing[@]}" 2>/dev/null && return
    for package in "${missing[@]}"; do apt_install "$package" || say "apt could not install $package"; done
}

# --- All of it --------------------------------------------------------------------------------------------------------

# Two setups at the same time take turns.
lock_setup() {
    mkdir -p .cadgate
    exec 9>.cadgate/setup.lock
    if command -v flock >/dev/null; then flock 9; fi
}

# setup_packages [dev]: set up the environment with its packages, without changing the system.
setup_packages() {
    lock_setup
    make_venv
    install "${1:-run}"
    compile_sources
    exec 9>&-
}

# setup [dev]: set up everything that running (or testing, with `dev`) needs.
setup() {
    local by_apt=""
    lock_setup
    make_venv
    # Apt works while pip does: each waits for the network and the disk most of the time.
    if [ "${1:-run}" = dev ]; then
        install_for_tests &
        by_apt=$!
    fi
    install "${1:-run}"
    compile_sources
    if [ -n "$by_apt" ]; then
        wait "$by_apt" || true  # it has said what is missing
        find_uninstalled
    fi
    install_applications
    install_sandbox
    # A gateway that is started next must not hold the lock of the setup.
    exec 9>&-
}

# --- Tests ------------------------------------------------------------------------------------------------------------

# Let tests keep their files in memory where that has room: the gateway waits for the disk whenever it has to be sure that
# something is kept, and tests have it do so all the time.
files_in_memory() {
    local free memory=/dev/shm
    if [ -n "${PYTEST_DEBUG_TEMPROOT:-}" ] || [ ! -w "$memory" ]; then return 0; fi
    # Programs of virtual environments lie there, too.
    findmnt -n -t tmpfs -o OPTIONS "$memory" 2>/dev/null | grep -qv noexec || return 0
    free="$(df --output=avail -k "$memory" | tail -1)"
    if [ "$free" -lt 6000000 ]; then return 0; fi
    PYTEST_DEBUG_TEMPROOT="$(mktemp -d "$memory/cadgate-tests-XXXXXX")"
    export PYTEST_DEBUG_TEMPROOT
    kept_in_memory="$PYTEST_DEBUG_TEMPROOT"
}

# forget_files CODE: remove these files after a run that ended with CODE, except for whoever looks for what went wrong.
kept_in_memory=""
forget_files() {
    if [ -z "$kept_in_memory" ]; then return; fi
    if [ "$1" = 0 ]; then rm -rf "$kept_in_memory"; else say "the files of the tests are in memory: $kept_in_memory"; fi
}

# --- Checks -----------------------------------------------------------------------------------------------------------

# The checks that have failed so far: all of them run, so that one look shows everything.
failed=()

# check NAME COMMAND...: run one check, with its name above its output.
check() {
    local name="$1"
    shift
    printf '== %s\n' "$name"
    "$@" || failed+=("$name")
}

lint_imports() { "$VENV/bin/lint-imports" --no-logo; }

# Code inside applications must run on Python 3.8; tests/core/test_boundaries.py checks the rest of that.
python_3_8() {
    "$VENV/bin/vermin" --quiet --no-tips --violations --target=3.8- core/src/cadgate/appserver \
        adapters/*/src/*/app examples/adapters/*/src/*/app tests/fakes/*/app tests/faults/{blender,freecad}_state.py
}

# Types are checked strictly in the packages, and in basic mode in tests, scripts and benchmarks: in parallel, one core each.
# Its first run fetches the checker itself by npm; if that fails, the types were not checked.
types() {
    local log delivered code=0
    if ! "$PY" -P -m pyright --version >/dev/null; then
        say "types were NOT checked: pyright could not be fetched"
        return
    fi
    # Half of a gigabyte is young in no time: with little room for that, a tenth of the time goes into collecting garbage.
    local -x NODE_OPTIONS="${NODE_OPTIONS:-} --max-semi-space-size=128"
    log="$(mktemp)"
    "$PY" -P -m pyright --pythonpath "$PY" >"$log" 2>&1 &
    delivered=$!
    "$PY" -P -m pyright --pythonpath "$PY" -p tests || code=1
    wait "$delivered" || code=1
    cat "$log"
    rm -f "$log"
    return "$code"
}

# Run every check that reads the source without running it, except for the types.
check_source() {
    check "ruff check" "$PY" -P -m ruff check .
    check "ruff format" "$PY" -P -m ruff format --check .
    check "layers (.importlinter)" lint_imports
    check "Python 3.8 inside applications" python_3_8
}
