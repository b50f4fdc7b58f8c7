#!/usr/bin/env bash
# Builds the documentation as pages into site/, without the internet; a broken link is a failure.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup_packages dev
"$PY" -P scripts/docs_pages.py .cadgate/docs
# Without this, Material advertises its successor on each build.
NO_MKDOCS_2_WARNING=1 "$PY" -P -m mkdocs build --quiet --clean
say "the documentation is in $ROOT/site/index.html"
